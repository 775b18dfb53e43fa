"""The folder that `synthesise` writes: names, frame, bytes, and what is left when it is stopped."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.labels import parse_socofing_name
from ridgecode.prints.synthetic.synthesise import draw_fingers, framed, synthesise


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.BMP"))
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "prints"
    synthesise(1, 2, out, seed=7, threads=1, progress=False)
    return out


def test_socofings_layout_and_names(folder: Path) -> None:
    files = sorted(folder.rglob("*"))
    labels = [
        parse_socofing_name(path.relative_to(folder).with_suffix("").as_posix()) for path in files if path.is_file()
    ]
    assert len(labels) == 10 * 2 + 10 * 9
    assert len({label.finger_id for label in labels}) == 10
    assert sorted({label.impression for label in labels if label.level == "Real"}) == [1, 2]
    assert {label.impression for label in labels if label.level != "Real"} == {1}
    assert len({label.sex for label in labels}) == 1
    assert len(list_socofing(folder).files) == len(labels) and not list_socofing(folder).bad


def test_files_are_socofings_size_and_frame(folder: Path) -> None:
    for path in folder.rglob("*.BMP"):
        with Image.open(path) as image:
            assert image.size == (96, 103) and image.mode == "L"
            pixels = np.asarray(image)
        assert path.stat().st_size == 10_966  # as each of SOCOFing's 8-bit files
        assert np.array_equal(framed(pixels[2:99, 2:92]), pixels)


def test_altered_files_lie_over_their_real_one(folder: Path) -> None:
    for path in (folder / "Altered").rglob("*.BMP"):
        name = path.stem.rsplit("_", 1)[0]
        same = np.mean(np.asarray(Image.open(path)) == np.asarray(Image.open(folder / "Real" / f"{name}.BMP")))
        assert 0.7 < same < 1


def test_frame_is_socofings_own(real_data: Path) -> None:
    for name in ("Real/100__M_Left_index_finger", "Altered/Altered-Easy/100__M_Left_index_finger_Zcut"):
        pixels = np.asarray(Image.open(real_data / "SOCOFing" / f"{name}.BMP").convert("L"))
        assert np.array_equal(framed(pixels[2:99, 2:92]), pixels)


def test_threads_do_not_change_a_byte_and_seeds_do(folder: Path, tmp_path: Path) -> None:
    synthesise(1, 2, tmp_path / "again", seed=7, threads=3, progress=False)
    assert digests(tmp_path / "again") == digests(folder)
    synthesise(1, 1, tmp_path / "other", seed=8, alterations=False, threads=2, progress=False)
    assert not set(digests(tmp_path / "other").values()) & set(digests(folder).values())


def test_a_subject_does_not_depend_on_the_company(folder: Path, tmp_path: Path) -> None:
    report = synthesise(2, 1, tmp_path / "two", seed=7, alterations=False, progress=False)
    assert (report.subjects, report.fingers, report.real, report.altered) == (2, 20, 20, 0)
    alone, both = digests(folder), digests(tmp_path / "two")
    assert len(both) == 20 and not (tmp_path / "two" / "Altered").exists()
    assert sum(alone.get(name) == digest for name, digest in both.items()) == 10


def test_sexes_come_as_in_socofing() -> None:
    sexes = [finger.sex for finger in draw_fingers(3000, seed=0)][::10]
    assert np.mean([sex == "M" for sex in sexes]) == pytest.approx(477 / 600, abs=0.03)


def test_nothing_is_left_of_a_synthesis_that_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    def full_disk(path: Path, image: np.ndarray) -> None:
        nonlocal written
        written += 1
        if written > 15:
            raise OSError("No space left on device")
        path.write_bytes(image.tobytes())

    monkeypatch.setattr(sys.modules["ridgecode.prints.synthetic.synthesise"], "write_bmp", full_disk)
    with pytest.raises(BadInput, match=r"--out .*No space left"):
        synthesise(1, 1, tmp_path / "prints", threads=2, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken_and_a_full_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"--out .*full"):
        synthesise(1, 1, tmp_path / "full", progress=False)
    with pytest.raises(BadInput, match=r"--out .*thesis\.txt"):
        synthesise(1, 1, tmp_path / "full" / "thesis.txt", progress=False)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    synthesise(1, 1, tmp_path / "empty", alterations=False, progress=False)
    assert len(list((tmp_path / "empty" / "Real").iterdir())) == 10


@pytest.mark.parametrize(
    ("flag", "arguments"),
    [
        ("--subjects", {"subjects": 0}),
        ("--impressions", {"impressions": 0}),
        ("--seed", {"seed": -1}),
        ("--ridge_period", {"ridge_period": 1.0}),
        ("--ridge_period", {"ridge_period": float("nan")}),
        ("--threads", {"threads": -1}),
    ],
)
def test_bad_arguments_name_their_flag(tmp_path: Path, flag: str, arguments: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=flag):
        synthesise(**{"subjects": 1, "impressions": 1, "out": tmp_path / "prints", **arguments})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_larger_field_of_view_gives_second_impressions_that_prepare_reads(tmp_path: Path) -> None:
    from ridgecode.prints.datasets.prepare import prepare
    from ridgecode.prints.store import PrintStore

    synthesise(1, 2, tmp_path / "prints", seed=7, alterations=False, threads=1, progress=False, field_of_view=1.5)
    files = sorted((tmp_path / "prints" / "Synthetic").iterdir())
    assert [path.name for path in files[:3]] == ["10_1.png", "10_2.png", "11_1.png"] and len(files) == 20
    with Image.open(files[0]) as image:
        assert image.size == (135, 146) and image.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    store = PrintStore.open(prepare("impressions", tmp_path / "prints", tmp_path / "store", progress=False).path)
    assert (len(store), store.image(0).shape) == (20, (146, 135))


def test_two_impressions_of_a_larger_field_of_view_show_more_of_the_same_finger() -> None:
    from ridgecode.prints.synthetic.impressions import impression
    from ridgecode.prints.synthetic.masters import master_print

    small, large = (impression(master_print(3, field_of_view=one), 3) for one in (1.0, 1.5))
    assert large.shape == (146, 135)
    assert (large < 128).sum() > 1.7 * (small < 128).sum()


@pytest.mark.parametrize("times", [0.9, 2.1, float("nan")])
def test_a_field_of_view_out_of_range_is_refused(tmp_path: Path, times: float) -> None:
    with pytest.raises(BadInput, match="--field_of_view"):
        synthesise(1, 1, tmp_path / "prints", alterations=False, progress=False, field_of_view=times)


def test_a_larger_field_of_view_with_alterations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--alterations false"):
        synthesise(1, 1, tmp_path / "prints", progress=False, field_of_view=1.5)
    assert not (tmp_path / "prints").exists()


@pytest.mark.parametrize("more", [{"alterations": False}, {}])
def test_prints_at_500_ppi_are_read_at_500_ppi(tmp_path: Path, more: dict[str, bool]) -> None:
    from ridgecode.prints.datasets.prepare import prepare
    from ridgecode.prints.store import PrintStore

    report = synthesise(1, 1, tmp_path / "prints", seed=7, progress=False, ppi=500, **more)
    assert (report.real, report.altered) == (10, 0)
    with Image.open(tmp_path / "prints/Synthetic/10_1.png") as image:
        assert image.size == (225, 242) and image.info["dpi"] == pytest.approx((500, 500), abs=0.1)
        pixels = np.asarray(image)
    made = prepare("impressions", tmp_path / "prints", tmp_path / "store", progress=False, canonical_ppi=500)
    assert np.array_equal(PrintStore.open(made.path).image(0), pixels)


def test_prints_at_500_ppi_have_ridges_of_the_same_width_with_finer_edges() -> None:
    from ridgecode.prints.ridge_period import ridge_period
    from ridgecode.prints.synthetic.impressions import impression
    from ridgecode.prints.synthetic.masters import master_print

    coarse, fine = (impression(master_print(3, "whorl", ppi=ppi), 3) for ppi in (200, 500))
    assert fine.shape == (242, 225)
    assert ridge_period(fine) == pytest.approx(2.5 * ridge_period(coarse), rel=0.06)
    enlarged = np.asarray(Image.fromarray(coarse).resize((225, 242), Image.Resampling.LANCZOS))
    detail = [np.abs(np.fft.fft2(one - one.mean())) ** 2 for one in (enlarged, fine)]
    # A print at 200 ppi has nothing above its Nyquist frequency, 0.2 of a pixel's at 500.
    high = np.hypot(*np.meshgrid(np.fft.fftfreq(225), np.fft.fftfreq(242))) > 0.3
    share = [float(power[high].sum() / power.sum()) for power in detail]
    assert share[1] > 3 * share[0]


@pytest.mark.parametrize("ppi", [199, 1001, float("nan")])
def test_a_resolution_out_of_range_is_refused(tmp_path: Path, ppi: float) -> None:
    with pytest.raises(BadInput, match="--ppi"):
        synthesise(1, 1, tmp_path / "prints", progress=False, ppi=ppi)
    assert not list(tmp_path.iterdir())


def test_altered_prints_at_500_ppi_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--ppi 500 .*--alterations false"):
        synthesise(1, 1, tmp_path / "prints", alterations=True, progress=False, ppi=500)
    assert not list(tmp_path.iterdir())
