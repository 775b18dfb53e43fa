"""Preparing and opening stores: bytes, order, bad input, several processes at once."""

import errno
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import time
import timeit
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import COPY, DANGLING, NO_IMAGE, OTHER_SUFFIX
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.datasets.request import Request, content_digest
from ridgecode.prints.datasets.sources import list_source
from ridgecode.prints.labels import parse_socofing_name
from ridgecode.prints.splits import split_of
from ridgecode.prints.store import PrintStore
from support.empty_files import touch

NAMES = [
    *(f"Real/{subject}__M_Left_{finger}_finger" for subject in (1, 2, 10) for finger in ("thumb", "index")),
    *(f"Altered/Altered-Easy/{subject}__M_Left_thumb_finger_{kind}" for subject in (1, 2) for kind in ("CR", "Obl")),
    "Altered/Altered-Hard/2__M_Left_index_finger_Zcut",
]


def pixels_of(name: str) -> np.ndarray:
    """A file's pixels, seeded by its name; the left index fingers of subjects 1 and 10 are one image."""
    name = name.replace("Real/10__M_Left_index", "Real/1__M_Left_index")
    return np.random.default_rng(list(name.encode())).integers(0, 256, (103, 96), dtype=np.uint8)


@pytest.fixture
def socofing(tmp_path) -> Path:
    root = tmp_path / "SOCOFing"
    for name in reversed(NAMES):
        path = root / f"{name}.BMP"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels_of(name)).save(path)
    return root


def run(root: Path, out: Path, source: str = "socofing", **options):
    return prepare(source, root, out, progress=False, **options)


def test_the_store_holds_each_print_in_order(socofing, tmp_path):
    report = run(socofing, tmp_path / "store")
    assert (report.n_prints, report.n_bytes, report.skipped, report.reused) == (11, 11 * 97 * 90, [], False)
    assert report.duplicate_groups == 1
    store = PrintStore.open(tmp_path / "store")
    assert len(store) == 11
    assert (store.source, store.digest) == ("socofing", report.digest)
    assert store.column("name").tolist() == NAMES
    for row, name in enumerate(NAMES):
        assert np.array_equal(store.image(row), pixels_of(name)[2:99, 2:92])
        label = parse_socofing_name(name)
        for column in ("subject", "sex", "hand", "finger", "finger_id", "impression", "level", "alteration"):
            assert store.column(column)[row] == getattr(label, column)
    flat = (tmp_path / "store/prints.u8").read_bytes()
    assert flat == b"".join(pixels_of(name)[2:99, 2:92].tobytes() for name in NAMES)
    assert {path.name for path in (tmp_path / "store").iterdir()} == {"prints.u8", "index.parquet", "store.json"}


def test_duplicates_and_rows(socofing, tmp_path):
    run(socofing, tmp_path / "store")
    store = PrintStore.open(tmp_path / "store")
    assert store.column("duplicate_group").tolist() == [-1, 0, -1, -1, -1, 0, *[-1] * 5]
    assert store.rows().tolist() == [0, 1, 2, 3, 4, 5]
    assert store.rows(levels=None).tolist() == list(range(11))
    assert store.rows(levels=("Easy", "Hard")).tolist() == [6, 7, 8, 9, 10]
    assert store.rows(identity=True).tolist() == [0, 2, 3, 4]
    assert store.rows("train", None).tolist() == list(range(11))
    assert store.rows("val", None).tolist() == []
    assert store.rows().dtype == np.int64
    with pytest.raises(BadInput, match="split"):
        store.rows("validation")
    with pytest.raises(BadInput, match="level"):
        store.rows(levels=("real",))


def test_altered_prints_of_duplicate_fingers_are_left_out_of_identity_rows(socofing, tmp_path):
    name = "Altered/Altered-Easy/10__M_Left_index_finger_CR"
    Image.fromarray(pixels_of(name)).save(socofing / f"{name}.BMP")
    run(socofing, tmp_path / "store")
    store = PrintStore.open(tmp_path / "store")
    kept = store.column("name")[store.rows(levels=None, identity=True)]
    assert set(NAMES) - set(kept) == {"Real/1__M_Left_index_finger", "Real/10__M_Left_index_finger"}
    assert name not in kept


def test_stack_copies_and_views_are_read_only(socofing, tmp_path):
    run(socofing, tmp_path / "store")
    store = PrintStore.open(tmp_path / "store")
    stacked = store.stack([3, 0, 3])
    assert stacked.shape == (3, 97, 90)
    assert np.array_equal(stacked[0], store.image(3))
    stacked[:] = 0
    assert store.image(3).any()
    assert store.stack([]).shape == (0, 97, 90)
    with pytest.raises(ValueError, match="read-only"):
        store.image(0)[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        store.column("subject")[0] = "9"
    with pytest.raises(IndexError):
        store.stack([11])


def test_a_store_is_sent_to_another_process_by_its_path(socofing, tmp_path):
    run(socofing, tmp_path / "store")
    sent = pickle.dumps(PrintStore.open(tmp_path / "store"))
    assert len(sent) < 1000
    assert np.array_equal(pickle.loads(sent).image(2), pixels_of(NAMES[2])[2:99, 2:92])


def test_bytes_do_not_depend_on_threads(socofing, tmp_path):
    reports = [run(socofing, tmp_path / f"store{threads}", threads=threads) for threads in (1, 2, 7)]
    assert len({report.digest for report in reports}) == 1
    for file in ("prints.u8", "index.parquet"):
        assert len({(report.path / file).read_bytes() for report in reports}) == 1


def test_subjects_are_chosen(socofing, tmp_path):
    run(socofing, tmp_path / "store", subjects="2-9,10")
    assert set(PrintStore.open(tmp_path / "store").column("subject")) == {"2", "10"}
    for subjects, why in (("3-9", "none"), ("one", "--subjects"), ("9-3", "backwards")):
        with pytest.raises(BadInput, match=why):
            run(socofing, tmp_path / "other", subjects=subjects)
    assert not (tmp_path / "other").exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:5000])


def replace_by_text(path):
    path.write_text("this is no image")


def empty(path):
    path.write_bytes(b"")


def shrink(path):
    Image.fromarray(np.zeros((50, 60), np.uint8)).save(path)


def rename(path):
    path.rename(path.with_name("1__M_Left_toe_finger.BMP"))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (cut, "truncated"),
        (replace_by_text, "no readable image"),
        (empty, "0 bytes"),
        (shrink, "60 x 50 pixels"),
        (rename, "no SOCOFing name"),
    ],
)
def test_a_bad_file_stops_or_is_listed(socofing, tmp_path, spoil, why):
    path = socofing / f"{NAMES[1]}.BMP"
    spoil(path)
    named = path if path.exists() else path.with_name("1__M_Left_toe_finger.BMP")
    with pytest.raises(BadInput, match=why) as raised:
        run(socofing, tmp_path / "store")
    assert str(named) in str(raised.value)
    assert "--skip-bad" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "store").exists()
    report = run(socofing, tmp_path / "store", skip_bad=True)
    assert report.n_prints == 10
    [(file, reason)] = report.skipped
    assert file == str(named)
    assert why in reason
    assert json.loads((tmp_path / "store/store.json").read_text())["skipped"] == [{"file": file, "reason": reason}]
    assert PrintStore.open(tmp_path / "store").column("name").tolist() == [*NAMES[:1], *NAMES[2:]]
    with pytest.raises(BadInput, match=why):
        run(socofing, tmp_path / "store")


def test_nothing_but_bad_files(tmp_path):
    (tmp_path / "Real").mkdir()
    empty(tmp_path / "Real/1__M_Left_index_finger.BMP")
    (tmp_path / "Real/odd name.BMP").touch()
    with pytest.raises(BadInput, match="all 2 files are bad"):
        run(tmp_path, tmp_path / "store", skip_bad=True)


@pytest.mark.parametrize("source", ["socofing", "fvc", "folder", "synthetic"])
def test_missing_and_empty_roots(tmp_path, source):
    with pytest.raises(BadInput, match="missing is no folder"):
        run(tmp_path / "missing", tmp_path / "store", source)
    (tmp_path / "empty/Real").mkdir(parents=True)
    with pytest.raises(BadInput, match="holds no"):
        run(tmp_path / "empty", tmp_path / "store", source)
    assert not (tmp_path / "store").exists()


def test_flags_that_make_no_sense(socofing, tmp_path):
    for source, options in (
        ("kaggle", {}),
        ("folder", {"ppi": -1.0}),
        ("folder", {"ppi": float("nan")}),
        ("socofing", {"ppi": 500.0}),
        ("socofing", {"threads": -1}),
    ):
        with pytest.raises(BadInput):
            run(socofing, tmp_path / "store", source, **options)


def test_the_same_request_reuses_the_store(socofing, tmp_path):
    first = run(socofing, tmp_path / "store", subjects="1,2")
    written = (tmp_path / "store/prints.u8").stat().st_mtime_ns
    again = run(socofing, tmp_path / "store", subjects="1-2")
    assert again.reused
    assert again.digest == first.digest
    assert (tmp_path / "store/prints.u8").stat().st_mtime_ns == written


def test_changed_images_are_read_again(socofing, tmp_path):
    first = run(socofing, tmp_path / "store")
    old = PrintStore.open(tmp_path / "store")
    path = socofing / f"{NAMES[0]}.BMP"
    Image.fromarray(255 - pixels_of(NAMES[0])).save(path)
    os.utime(path, ns=(1, 1))
    second = run(socofing, tmp_path / "store")
    assert not second.reused
    assert second.digest != first.digest
    assert np.array_equal(PrintStore.open(tmp_path / "store").image(0), 255 - pixels_of(NAMES[0])[2:99, 2:92])
    # Whoever reads the old store goes on reading it.
    assert np.array_equal(old.image(0), pixels_of(NAMES[0])[2:99, 2:92])
    empty(path)
    with pytest.raises(BadInput, match="0 bytes"):
        run(socofing, tmp_path / "store")
    assert PrintStore.open(tmp_path / "store").digest == second.digest


def test_another_request_leaves_the_store_alone(socofing, tmp_path):
    first = run(socofing, tmp_path / "store")
    with pytest.raises(BadInput, match="another request, whose subjects"):
        run(socofing, tmp_path / "store", subjects="1")
    with pytest.raises(BadInput, match="another request, whose source"):
        run(socofing, tmp_path / "store", "synthetic")
    assert PrintStore.open(tmp_path / "store").digest == first.digest


def test_other_folders_are_never_replaced(socofing, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("years of work")
    with pytest.raises(BadInput, match="no prepared store"):
        run(socofing, tmp_path / "thesis")
    assert (tmp_path / "thesis/chapter.txt").read_text() == "years of work"
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="no prepared store"):
        run(socofing, tmp_path / "file")
    with pytest.raises(BadInput, match="can't be written"):
        run(socofing, tmp_path / "file/store")
    (tmp_path / "hollow").mkdir()
    assert run(socofing, tmp_path / "hollow").n_prints == 11


def test_leftovers_of_killed_runs_are_removed(socofing, tmp_path):
    for name in (".store-abcd1234", ".store-2-abcd1234", ".store-kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prints.u8").touch()
    run(socofing, tmp_path / "store")
    assert not (tmp_path / ".store-abcd1234").exists()
    assert (tmp_path / ".store-2-abcd1234/prints.u8").exists()
    assert (tmp_path / ".store-kept/prints.u8").exists()


def _prepare_at(moment: float, root: Path, out: Path, reports) -> None:
    time.sleep(max(0.0, moment - time.time()))
    report = run(root, out)
    reports.put((report.reused, report.digest, len(PrintStore.open(out))))


def test_processes_that_prepare_the_same_store_agree(socofing, tmp_path):
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    moment = time.time() + 4
    arguments = (moment, socofing, tmp_path / "store", reports)
    workers = [context.Process(target=_prepare_at, args=arguments) for _ in range(3)]
    for worker in workers:
        worker.start()
    results = [reports.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert sorted(reused for reused, _, _ in results) == [False, True, True]
    assert {(digest, n) for _, digest, n in results} == {(PrintStore.open(tmp_path / "store").digest, 11)}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".store-")]


def test_fvc_prints_have_sizes_of_their_own(tmp_path):
    for folder, shape in (("FVC2002_DB1_B", (374, 388)), ("FVC2002_DB2_B", (560, 296))):
        (tmp_path / "FVC" / folder).mkdir(parents=True)
        for name in ("101_1", "101_2", "102_1"):
            grey = 200 + int(name[-1])  # impressions of a finger differ, or all but one would be copies
            Image.fromarray(np.full(shape, grey, np.uint8)).save(tmp_path / "FVC" / folder / f"{name}.tif")
    run(tmp_path / "FVC", tmp_path / "store", "fvc")
    store = PrintStore.open(tmp_path / "store")
    assert [store.image(row).shape for row in range(6)] == [(150, 155)] * 3 + [(197, 104)] * 3
    assert (store.image(5) == 201).all()
    run(tmp_path / "FVC", tmp_path / "one", "fvc", subjects="102", ppi=400.0)
    assert PrintStore.open(tmp_path / "one").column("finger_id").tolist() == ["FVC2002_DB1_B/102", "FVC2002_DB2_B/102"]
    assert PrintStore.open(tmp_path / "one").image(0).shape == (187, 194)


def test_identity_folders_keep_their_size_unless_told(tmp_path):
    for identity in ("s1", "s2", "s3"):
        (tmp_path / "faces" / identity).mkdir(parents=True)
        for number in (1, 2):
            grey = np.random.default_rng(number).integers(0, 256, (112, 92), dtype=np.uint8)
            Image.fromarray(grey).save(tmp_path / "faces" / identity / f"{number}.pgm")
    run(tmp_path / "faces", tmp_path / "store", "folder")
    store = PrintStore.open(tmp_path / "store")
    assert np.array_equal(store.image(0), np.random.default_rng(1).integers(0, 256, (112, 92), dtype=np.uint8))
    splits = split_of("folder", store.column("subject"))
    for split in ("train", "val", "test"):
        assert len(store.rows(split)) == 2
        assert (splits[store.rows(split)] == split).all()
    run(tmp_path / "faces", tmp_path / "scaled", "folder", ppi=400.0)
    assert PrintStore.open(tmp_path / "scaled").image(0).shape == (56, 46)


def test_the_real_store(real_data, tmp_path):
    # Processor time, so that the promise of 60 seconds on two cores can be tested on a busy machine.
    began = time.process_time()
    run(real_data / "SOCOFing", tmp_path / "store", subjects="1-480")
    assert time.process_time() - began < 60
    store = PrintStore.open(tmp_path / "store")
    assert len(store.rows()) == 4800
    assert len(store.rows("train")) == 4000
    assert len(store.rows("val")) == 800
    assert (store.column("height") == 97).all()
    assert (store.column("width") == 90).all()
    assert min(timeit.repeat(lambda: PrintStore.open(tmp_path / "store"), number=1)) < 0.1
    duplicates = store.column("subject")[store.column("duplicate_group") >= 0]
    assert {"64", "203", "219", "249", "260"} <= set(duplicates)
    # Altered prints lie on their Real ones, pixel for pixel: that the cut is the same in both kinds of file.
    row_of = dict(zip(store.column("finger_id")[store.rows()], store.rows(), strict=True))
    rows = store.rows("val", ("Easy",))
    reals = store.stack([row_of[finger] for finger in store.column("finger_id")[rows]])
    assert (store.stack(rows) == reals).mean() > 0.85


def save(path: Path, seed: int, size: tuple[int, int] = (20, 16), **options) -> None:
    """Random pixels, the same for the same seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)).save(path, **options)


@pytest.fixture
def faces(tmp_path) -> Path:
    """Two identities of three images each, all different."""
    for seed in range(6):
        save(tmp_path / f"faces/s{seed // 3 + 1}/{seed % 3 + 1}.png", seed)
    return tmp_path / "faces"


def store_json(out: Path) -> dict:
    return json.loads((out / "store.json").read_text())


def names(out: Path) -> list[str]:
    return PrintStore.open(out).column("name").tolist()


def test_regrouped_images_are_read_again(faces, tmp_path):
    run(faces, tmp_path / "store", "folder")
    (faces / "s2/1.png").rename(faces / "s1/9.png")
    (faces / "s2").rename(faces / "bob")
    report = run(faces, tmp_path / "store", "folder")
    assert (report.reused, report.made_anew) == (False, "images, their names or their folders have changed")
    assert names(tmp_path / "store") == ["bob/2", "bob/3", "s1/1", "s1/2", "s1/3", "s1/9"]
    assert run(faces, tmp_path / "store", "folder").reused


def test_another_ppi_or_pattern_makes_the_store_anew(faces, tmp_path):
    first = run(faces, tmp_path / "store", "folder")
    assert run(faces, tmp_path / "store", "folder", ppi=400.0).made_anew == "its ppi was 0"
    assert PrintStore.open(tmp_path / "store").image(0).shape == (10, 8)
    pattern = r"s(?P<person>[0-9])/(?P<impression>[0-9])"
    assert run(faces, tmp_path / "store", "folder", pattern=pattern).made_anew == "its ppi was 400"
    assert PrintStore.open(tmp_path / "store").column("subject").tolist() == ["1"] * 3 + ["2"] * 3
    again = run(faces, tmp_path / "store", "folder")
    assert (again.digest, again.made_anew) == (first.digest, f"its pattern was {pattern!r}")


def test_a_store_of_an_earlier_version_is_made_anew(faces, tmp_path):
    first = run(faces, tmp_path / "store", "folder")
    about = store_json(tmp_path / "store")
    for key in ("reader", "left_out", "notes", "remarks", "equal_prints", "suffixes", "n_identities", "root_as_given"):
        del about[key]
    del about["request"]["pattern"], about["request"]["keep_copies"]
    (tmp_path / "store/store.json").write_text(json.dumps(about))
    again = run(faces, tmp_path / "store", "folder")
    assert (again.digest, again.made_anew) == (first.digest, "another version of ridgecode prepared it")


def test_a_mended_file_needs_no_skip_bad(faces, tmp_path):
    bad = (faces / "s1/1.png").read_bytes()
    empty(faces / "s1/1.png")
    assert len(run(faces, tmp_path / "store", "folder", skip_bad=True).skipped) == 1
    (faces / "s1/1.png").write_bytes(bad)
    assert run(faces, tmp_path / "store", "folder").n_prints == 6


def test_copies_within_an_identity_are_kept_once_and_those_across_are_named(faces, tmp_path):
    save(faces / "s1/2b.bmp", 1)  # of s1/2.png, in another format
    save(faces / "s1/day2/3.png", 2)  # of s1/3.png
    save(faces / "s2/9.png", 0)  # of s1/1.png
    report = run(faces, tmp_path / "store", "folder", ppi=200.0)
    assert names(tmp_path / "store") == ["s1/1", "s1/2", "s1/3", "s2/1", "s2/2", "s2/3", "s2/9"]
    assert report.left_out == [
        (str(faces / "s1/2b.bmp"), COPY),
        (str(faces / "s1/day2/3.png"), COPY),
    ]
    store = PrintStore.open(tmp_path / "store")
    assert store.copies() == {"s1/2b": "s1/2", "s1/day2/3": "s1/3"}
    assert store.column("impression").tolist() == [1, 2, 3, 1, 2, 3, 4]
    assert store_json(tmp_path / "store")["equal_prints"] == [["s1/1", "s2/9"]]
    # Nobody knows whose print it is: both fingers are left out of rows that matching is measured on.
    assert store.rows(identity=True).tolist() == []
    assert any("s1/1 and s2/9" in line for line in report.account)


def test_copies_are_kept_where_that_is_asked_for_and_in_triplets(faces, tmp_path):
    save(faces / "s1/9.png", 0)
    assert run(faces, tmp_path / "all", "folder", keep_copies=True).n_prints == 7
    for i, name in enumerate(("anchor", "positive", "negative") * 2):
        save(tmp_path / f"triplets/{name}/{i}.png", 7)
    report = run(tmp_path / "triplets", tmp_path / "store", "folder")
    assert (report.n_prints, report.left_out) == (6, [])


def test_copies_of_an_fvc_finger_and_of_altered_prints(tmp_path, socofing):
    for seed, name in enumerate(("101_1", "101_2", "102_1")):
        save(tmp_path / f"DB1/{name}.tif", seed)
    save(tmp_path / "DB1/101_3.tif", 0)
    report = run(tmp_path / "DB1", tmp_path / "fvc", "fvc")
    assert [Path(file).name for file, _ in report.left_out] == ["101_3.tif"]
    # Two alterations may leave one image.
    for kind in ("CR", "Zcut"):
        path = socofing / f"Altered/Altered-Hard/1__M_Left_thumb_finger_{kind}.BMP"
        Image.fromarray(np.zeros((103, 96), np.uint8)).save(path)
    assert run(socofing, tmp_path / "store").n_prints == 13


def test_impressions_are_numbered_from_1_where_the_first_image_is_bad(faces, tmp_path):
    empty(faces / "s1/1.png")
    run(faces, tmp_path / "store", "folder", skip_bad=True)
    assert PrintStore.open(tmp_path / "store").column("impression").tolist() == [1, 2, 1, 2, 3]


def test_what_is_left_out_is_in_the_report_in_store_json_and_in_a_reused_store(faces, tmp_path):
    (faces / "s1/x.heic").touch()
    (faces / "s3").mkdir()
    (faces / "s1/gone.png").symlink_to("nothing")
    report = run(faces, tmp_path / "store", "folder")
    assert report.n_prints == 6
    assert set(report.left_out) == {
        (str(faces / "s1/x.heic"), OTHER_SUFFIX),
        (str(faces / "s3"), NO_IMAGE),
        (str(faces / "s1/gone.png"), DANGLING),
    }
    written = store_json(tmp_path / "store")["left_out"]
    assert [(entry["file"], entry["reason"]) for entry in written] == report.left_out
    again = run(faces, tmp_path / "store", "folder")
    assert again.reused
    assert (again.left_out, again.account) == (report.left_out, report.account)
    assert report.account[-1] == f"the whole list is in {tmp_path / 'store/store.json'}"


def test_strict_stops_before_anything_is_written(faces, tmp_path):
    first = run(faces, tmp_path / "store", "folder", strict=True)
    (faces / "s1/x.heic").touch()
    with pytest.raises(BadInput, match=r"^--strict: 1 left out, the first of them .*s1/x\.heic"):
        run(faces, tmp_path / "store", "folder", strict=True)
    assert PrintStore.open(tmp_path / "store").digest == first.digest
    run(faces, tmp_path / "store", "folder")
    with pytest.raises(BadInput, match=r"x\.heic"):
        run(faces, tmp_path / "store", "folder", strict=True)


@pytest.mark.parametrize("fault", ["copy", "pages", "bad"])
def test_strict_stops_at_what_is_found_in_the_files(faces, tmp_path, fault):
    before = run(faces, tmp_path / "store", "folder")
    if fault == "copy":
        save(faces / "s1/9.png", 0)
    elif fault == "pages":
        page = Image.fromarray(np.zeros((9, 9), np.uint8))
        page.save(faces / "s1/9.tif", save_all=True, append_images=[page, page])
    else:
        empty(faces / "s1/9.png")
    with pytest.raises(BadInput, match=r"^--strict: 1 left out, the first of them .*s1/9"):
        run(faces, tmp_path / "store", "folder", strict=True, skip_bad=fault == "bad")
    assert PrintStore.open(tmp_path / "store").digest == before.digest
    assert {path.name for path in tmp_path.iterdir()} <= {"faces", "store", ".store.lock"}
    run(faces, tmp_path / "store", "folder", skip_bad=fault == "bad")
    with pytest.raises(BadInput, match=r"^--strict"):
        run(faces, tmp_path / "store", "folder", strict=True, skip_bad=fault == "bad")


def test_further_pages_are_noted(faces, tmp_path):
    pages = [Image.fromarray(np.full((9, 9), grey, np.uint8)) for grey in (10, 20, 30)]
    pages[0].save(faces / "s1/9.tif", save_all=True, append_images=pages[1:])
    report = run(faces, tmp_path / "store", "folder")
    [(file, note)] = report.notes
    assert file == str(faces / "s1/9.tif")
    assert "3 pages" in note
    assert (PrintStore.open(tmp_path / "store").image(3) == 10).all()
    assert store_json(tmp_path / "store")["notes"] == [{"file": file, "note": note}]


def test_own_tags_are_used_for_folders_and_sets_and_never_for_socofing(tmp_path, socofing):
    for seed in range(2):
        save(tmp_path / f"prints/s1/{seed}.png", seed, (50, 40), dpi=(500, 500))
        save(tmp_path / f"prints/s2/{seed}.png", seed + 2, (50, 40))
        save(tmp_path / f"DB2_B/{seed + 1}_1.tif", seed, (50, 40), dpi=(1000, 1000))
    report = run(tmp_path / "prints", tmp_path / "folder", "folder")
    assert [PrintStore.open(tmp_path / "folder").image(row).shape for row in (0, 2)] == [(20, 16), (50, 40)]
    assert any(line.startswith("2 files have ") and "by their own tag" in line for line in report.account)
    assert any("2 files have no resolution tag" in line for line in report.account)
    run(tmp_path / "DB2_B", tmp_path / "fvc", "fvc")
    assert PrintStore.open(tmp_path / "fvc").image(0).shape == (10, 8)
    untagged = run(socofing, tmp_path / "one").digest
    for path in socofing.rglob("*.BMP"):
        Image.open(path).save(path, dpi=(500, 500))
    assert run(socofing, tmp_path / "two").digest == untagged


def test_a_set_of_unknown_resolution_is_mentioned(tmp_path):
    save(tmp_path / "DB2_B/101_1.tif", 0)
    report = run(tmp_path, tmp_path / "store", "fvc")
    assert "set DB2_B has no known resolution; 500 ppi was taken; give --ppi where it is another" in report.account


def test_a_finished_store_in_a_read_only_place_is_reused(faces, tmp_path, monkeypatch):
    first = run(faces, tmp_path / "shared/store", "folder")
    (tmp_path / "shared/.store.lock").unlink(missing_ok=True)

    def refuse(*arguments, **named):
        raise OSError(errno.EROFS, "Read-only file system")

    # As a read-only file system answers, which the user root does not get from rights alone.
    monkeypatch.setattr("ridgecode.prints.datasets.prepare.FileLock.acquire", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    again = run(faces, tmp_path / "shared/store", "folder")
    assert (again.reused, again.digest) == (True, first.digest)
    with pytest.raises(BadInput, match=r"other can't be written \(Read-only file system\)"):
        run(faces, tmp_path / "shared/other", "folder")
    (faces / "s1/1.png").rename(faces / "s1/9.png")
    with pytest.raises(BadInput, match=r"store can't be written \(Read-only file system\)"):
        run(faces, tmp_path / "shared/store", "folder")


def test_a_store_within_the_root_is_no_identity(faces):
    first = run(faces, faces / "st", "folder")
    again = run(faces, faces / "st", "folder")
    assert again.reused
    assert again.digest == first.digest
    assert again.left_out == []


def test_flags_of_other_sources(faces, tmp_path):
    for source in ("fvc", "socofing", "synthetic"):
        with pytest.raises(BadInput, match="--pattern can't be given"):
            run(faces, tmp_path / "store", source, pattern="(?P<person>.)")


def test_names_are_the_same_in_a_locale_that_is_not_utf8(faces, tmp_path):
    (faces / "s1").rename(faces / "José")
    (faces / "José/1.png").rename(faces / "José/é.png")
    first = run(faces, tmp_path / "store", "folder")
    code = (
        "import sys; from ridgecode.prints.datasets.prepare import prepare;"
        "r = [prepare('folder', sys.argv[1], out, progress=False) for out in sys.argv[2:]];"
        "print([(one.reused, one.digest) for one in r])"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    arguments = [sys.executable, "-c", code, str(faces), str(tmp_path / "store"), str(tmp_path / "anderswo é")]
    said = subprocess.run(arguments, env=environment, capture_output=True, check=True, text=True)
    assert said.stdout.strip() == str([(True, first.digest), (False, first.digest)])
    assert names(tmp_path / "anderswo é") == ["José/2", "José/3", "José/é", "s2/1", "s2/2", "s2/3"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("folder", "n{i}/{j}.pgm"),
        ("fvc", "n{i}/{i}_{j}.pgm"),
        ("fvc", "set/{i}_1_{j}.pgm"),
        ("impressions", "n{i}/{i}_{j}.pgm"),
        ("socofing", "Real/{k}__M_Left_{finger}_finger_{impression}.pgm"),
        ("pattern", "{i}_{j}.pgm"),
    ],
)
def test_many_identities_are_listed_in_linear_time(tmp_path, source, name):
    pattern = "(?P<person>[0-9]+)_(?P<impression>[0-9]+)" if source == "pattern" else ""
    source = "folder" if pattern else source

    def seconds(root: Path, n: int) -> float:
        for i, j in product(range(n), range(2)):
            touch(root, name.format(i=i, j=j, k=i + 1, finger="thumb", impression=j + 2))

        def list_all() -> None:
            listing = list_source(source, root, "", pattern)
            content_digest(Request(source, root, "", 0.0, pattern, False), listing)
            assert len(listing.files) == 2 * n

        return min(timeit.repeat(list_all, number=1, repeat=3, timer=time.process_time))

    # 4 times as long if linear, 16 times if quadratic.
    assert seconds(tmp_path / "many", 2000) < 10 * seconds(tmp_path / "few", 500)


def some_impressions(folder: Path) -> dict[str, np.ndarray]:
    """Two prints of a set at 500 ppi and one at 1000 ppi, by name."""
    random, prints = np.random.default_rng(1), {}
    for name, shape, ppi in (("1_1", (75, 64), 500), ("1_2", (70, 81), 500), ("2_1", (140, 120), 1000)):
        prints[name] = random.integers(0, 256, shape, dtype=np.uint8)
        (folder / "SET").mkdir(parents=True, exist_ok=True)
        Image.fromarray(prints[name]).save(folder / f"SET/{name}.png", dpi=(ppi, ppi))
    return prints


@pytest.mark.parametrize("source", ["impressions", "fvc", "folder"])
def test_a_store_keeps_prints_at_500_ppi(tmp_path, source):
    prints = some_impressions(tmp_path / "images")
    report = prepare(source, tmp_path / "images", tmp_path / "store", progress=False, canonical_ppi=500)
    store = PrintStore.open(report.path)
    assert store.canonical_ppi == 500.0 and pickle.loads(pickle.dumps(store)).canonical_ppi == 500.0
    assert store.image(0).tobytes() == prints["1_1"].tobytes() and store.image(1).shape == (70, 81)
    smaller = Image.fromarray(prints["2_1"]).resize((60, 70), Image.Resampling.LANCZOS)
    assert np.array_equal(store.image(2), np.asarray(smaller))
    assert store.at_ppi(500) is store
    with pytest.raises(BadInput, match=r"keeps prints at 500 ppi where 200 are needed: .*--canonical_ppi 200"):
        store.at_ppi(200)
    with pytest.raises(BadInput, match="keeps prints at 500 ppi"):
        store.stack([0, 1])
    assert prepare(source, tmp_path / "images", report.path, progress=False, canonical_ppi=500).reused


def test_a_store_at_200_ppi_says_nothing_of_it(tmp_path):
    some_impressions(tmp_path / "images")
    reports = [
        prepare("impressions", tmp_path / "images", tmp_path / str(n), progress=False, **flag)
        for n, flag in enumerate(({}, {"canonical_ppi": 200}, {"canonical_ppi": 500}))
    ]
    texts = [(report.path / "store.json").read_text() for report in reports]
    assert ["canonical_ppi" in text for text in texts] == [False, False, True]
    assert reports[0].digest == reports[1].digest != reports[2].digest
    assert PrintStore.open(reports[0].path).canonical_ppi == 200.0


def test_equal_pixels_at_another_resolution_are_another_store(tmp_path):
    some_impressions(tmp_path / "images")
    one, other = (
        prepare("folder", tmp_path / "images", tmp_path / f"{ppi}", ppi=ppi, progress=False, canonical_ppi=ppi)
        for ppi in (200, 500)
    )
    assert (one.path / "prints.u8").read_bytes() == (other.path / "prints.u8").read_bytes()
    assert one.digest != other.digest


def test_another_canonical_ppi_makes_the_store_anew(tmp_path):
    some_impressions(tmp_path / "images")
    for ppi, why in ((500.0, ""), (200.0, "its canonical_ppi was 500"), (400.0, "its canonical_ppi was 200")):
        report = prepare("fvc", tmp_path / "images", tmp_path / "store", progress=False, canonical_ppi=ppi)
        assert (report.made_anew, report.reused) == (why, False)


@pytest.mark.parametrize(
    ("source", "ppi", "why"),
    [
        ("socofing", 500, "can't be given with --source socofing"),
        ("synthetic", 500, "can't be given with --source synthetic"),
        ("impressions", 99, "out of range: give 100 to 1000"),
        ("impressions", 1001, "out of range"),
        ("impressions", float("nan"), "out of range"),
    ],
)
def test_a_canonical_ppi_that_can_not_be(tmp_path, source, ppi, why):
    some_impressions(tmp_path / "images")
    with pytest.raises(BadInput, match=f"--canonical_ppi .*{why}"):
        prepare(source, tmp_path / "images", tmp_path / "store", progress=False, canonical_ppi=ppi)
    assert not (tmp_path / "store").exists()
