"""Rate and distortion in reports: made-up curves whose differences are known in closed form."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.cli import main
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study import minutiae_evaluation, report_rate_sheet
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.coded_prints import through_bytes
from ridgecode.study.reconstruction_figures import encode_windows
from ridgecode.study.report import ReportFiles, write_report

JPEG_2000 = {200: 0.08, 400: 0.04, 800: 0.02, 1600: 0.01}
"""MSE by bytes: half the MSE at twice the bytes, so bytes at an MSE are 16 / MSE."""
TRUTH = np.arange(8 * 97 * 90, dtype=np.uint32).reshape(8, 97, 90).astype(np.uint8)
NAMES = [f"Real/{401 + i}__M_Left_index_finger" for i in range(8)]


def codec_file(path: Path, codec: str, points: dict[float, float], header: float = 100, **changes: Any) -> Path:
    """A file of `ridgecode evaluate --codec` with its sheet; points: MSE by bytes, the n-th at quality n."""
    rows = [
        {
            **{"quality": i, "bytes": size, "bytes_low": size, "bytes_high": size},
            **{"bytes_without_header": size - header, "mse": mse, "mse_low": 0.9 * mse, "mse_high": 1.1 * mse},
            **{"psnr_db": float(-10 * np.log10(mse)), "ssim": 1 - mse, "encode_ms": 1.5, "decode_ms": 0.25},
        }
        for i, (size, mse) in enumerate(points.items())
    ]
    about = {"view": "whole", "split": "val", "source": "socofing", "n_prints": 800, "n_subjects": 80}
    content = {"schema": 1, "kind": "codec", "codec": codec, **about, "points": rows, **changes}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    sheets = path.with_name(f"{path.stem}-files") / "sheets"
    sheets.mkdir(parents=True)
    x_hat = np.stack([TRUTH // (2 + i) for i in range(len(points))])
    np.savez(sheets / "qualities.npz", truth=TRUTH, names=NAMES, qualities=np.arange(len(points)), x_hat=x_hat)
    return path


def coded_runs(fake_runs: Any, points: dict[float, float], archive: bool = True) -> list[Path]:
    """A run a point: MSE by bytes in an archive, of which the payload is 6 bytes less."""
    runs = []
    for i, (size, mse) in enumerate(points.items()):
        coded: dict[str, float] = {"payload_bytes": size - 6, "mse": mse, "mse_low": 0.9 * mse, "mse_high": 1.1 * mse}
        coded |= {"psnr_db": 20.0, "ssim": 0.9, "encode_ms": 3.0, "decode_ms": 4.0, "bpp": 0.5}
        coded |= {"bytes": size + 10, "archive_bytes": size} if archive else {}
        settings = {"rate_weight": 0.01 * (i + 1), "start_from": f"runs/{i}"}
        run = fake_runs.autoencoder(f"coded-{i}", view="whole", settings=settings, figures={"coded": coded})
        arrays = {"truth": TRUTH, "x_hat": TRUTH // 9, "names": NAMES, "decoded": TRUTH // 8}
        np.savez(run / "sheets" / "validation.npz", **arrays)
        runs.append(run)
    return runs


def minutiae_file(path: Path, **about: Any) -> Path:
    row = {
        "tar_at_fmr_1": 0.75,
        "tar_at_fmr_0_1": 0.5,
        "tar_at_fmr_0_1_low": 0.4,
        "tar_at_fmr_0_1_high": 0.6,
        "eer": 0.1,
    }
    row |= {"n_mated": 40, "n_non_mated": 800}
    agreed = {"f1": 0.625, "f1_low": 0.6, "f1_high": 0.65, "precision": 0.7, "recall": 0.6}
    content = {"schema": 1, "kind": "minutiae", "matcher": "orb", "protocol": "reconstruction", "split": "val"}
    content |= {"source": "socofing", "n_prints": 40, "levels": [], "matching": [row], "agreement": agreed}
    path.write_text(json.dumps(content | about))
    return path


def text_of(files: ReportFiles) -> str:
    return files.markdown.read_text().replace("\N{NO-BREAK SPACE}", " ")


def table(text: str, start: str) -> list[list[str]]:
    """The cells of the first table whose caption begins so, without its head."""
    rows = text[text.index(start) :].split("\n\n")[1].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def rows_of(files: ReportFiles) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((files.html.parent / "rate_distortion.csv").read_text())))


@pytest.fixture
def given(fake_runs: Any, tmp_path: Path) -> list[Path]:
    """JPEG 2000; AVIF with 0.8 times its bytes, where it can go; runs with 0.3 times its bytes."""
    return [
        *coded_runs(fake_runs, {0.3 * size: mse for size, mse in JPEG_2000.items()}),
        codec_file(tmp_path / "codecs" / "jpeg2000.json", "jpeg2000", JPEG_2000),
        codec_file(tmp_path / "codecs" / "avif.json", "avif", {0.8 * size: JPEG_2000[size] for size in (800, 1600)}),
    ]


def test_every_point_is_in_the_csv_with_its_own_numbers(given: list[Path], tmp_path: Path) -> None:
    rows = rows_of(write_report(given, tmp_path / "out"))
    assert [row["codec"] for row in rows] == 4 * ["ridgecode"] + 4 * ["jpeg2000"] + 2 * ["avif"]
    for row, (size, mse) in zip(rows[:4], JPEG_2000.items(), strict=True):
        sizes = [float(row[key]) for key in ("bytes", "file_bytes", "archive_bytes", "bare_bytes")]
        assert sizes == pytest.approx([0.3 * size, 0.3 * size + 10, 0.3 * size, 0.3 * size - 6])
        assert float(row["mse"]) == mse and float(row["bpp"]) == pytest.approx(8 * 0.3 * size / 8730)
    assert [row["setting"] for row in rows[:4]] == [f"rate weight 0.0{i}" for i in (1, 2, 3, 4)]
    for row, (size, mse) in zip(rows[4:8], JPEG_2000.items(), strict=True):
        assert (float(row["bytes"]), float(row["bare_bytes"]), float(row["mse"])) == (size, size - 100, mse)
        assert (row["archive_bytes"], row["n_prints"], row["encode_ms"]) == ("", "800", "1.5")


def test_differences_are_those_of_the_curves(given: list[Path], tmp_path: Path) -> None:
    text = text_of(write_report(given, tmp_path / "out"))
    rows = {row[0]: row[1:] for row in table(text, "Bjontegaard rate differences")}
    assert "The best classical codec is avif as stored" in text
    # 0.3 of JPEG 2000's bytes, which are those of avif over 0.8; from 150 to 1,200 bytes of what is compared with.
    assert rows["as stored, ridgecode"][0] == "−62.5<br>0.0107–0.0200"
    assert rows["as stored, ridgecode"][1] == "−70.0<br>0.0133–0.0800"
    assert rows["as stored, avif"][1] == "−20.0<br>0.0133–0.0200"
    assert rows["as stored, jpeg2000"][0] == "+25.0<br>0.0107–0.0200"
    # At each MSE: JPEG 2000 down to the MSE that avif begins at, then avif.
    share = float(rows["as stored, ridgecode"][2].split("<br>")[0].replace("−", "-"))
    parts = np.log2([0.08 / 0.02, 0.02 / (12.8 / 1200)])
    expected = 100 * (np.exp(np.average(np.log([0.3, 0.3 / 0.8]), weights=parts)) - 1)
    assert share == pytest.approx(expected, abs=1)
    assert "−62 % bytes" not in text and re.search(r"\*\*Rate and distortion, whole: 6\d % fewer bytes\.\*\*", text)


def test_bytes_at_stated_mses(given: list[Path], tmp_path: Path) -> None:
    text = text_of(write_report(given, tmp_path / "out"))
    rows = {row[0]: row[1:] for row in table(text, "Bytes a print at stated MSEs")}
    assert [rows[name][0] for name in ("ridgecode", "jpeg2000", "avif")] == ["137", "457", "not reached"]
    assert [rows[name][2] for name in ("ridgecode", "jpeg2000", "avif")] == ["331", "1,103", "883"]
    assert "At an MSE of 0.0145 it takes 331 bytes, the best classical codec 883." in text


def test_figures_tell_their_numbers_and_a_payload_alone_is_said(
    fake_runs: Any, given: list[Path], tmp_path: Path
) -> None:
    files = write_report(given, tmp_path / "out")
    drawn = {path.stem for path in files.figures if "rate_" in path.stem}
    measures = {f"rate_{key}_whole" for key in ("mse", "mse_without_headers", "psnr", "ssim")}
    assert drawn == measures | {"rate_sheet_whole_110_bytes", "rate_sheet_whole_400_bytes"}
    text = text_of(files)
    assert "MSE against bytes, whole. ridgecode: 0.08000 at 60.0 to 0.01000 at 480 bytes; jpeg2000" in text
    assert "payload alone, without" not in text and "| 120.0 | 0.04000<br>" in text
    fake_runs.root = tmp_path / "older"
    text = text_of(write_report(coded_runs(fake_runs, {100: 0.04}, archive=False), tmp_path / "out"))
    assert "1 of ridgecode's points has the payload alone, without" in text
    assert not (tmp_path / "out" / "figures" / "rate_sheet_whole_400_bytes.png").exists()


def test_a_point_that_another_beats_is_no_part_of_the_line(fake_runs: Any, tmp_path: Path) -> None:
    runs = coded_runs(fake_runs, {100: 0.04, 120: 0.05, 200: 0.02})
    text = text_of(write_report(runs, tmp_path / "out"))
    assert "A small point is one that another of its codec beats" in text


def test_a_sheet_shows_what_was_decoded_at_equal_bytes(
    given: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets: list[dict[str, np.ndarray]] = []
    drawn = report_rate_sheet.reconstruction_sheet

    def kept(columns: dict[str, np.ndarray], **named: Any) -> bytes:
        sheets.append(columns)
        return drawn(columns, **named)

    monkeypatch.setattr(report_rate_sheet, "reconstruction_sheet", kept)
    given.append(codec_file(tmp_path / "codecs" / "webp.json", "webp", {130: 0.05}))
    given.append(codec_file(tmp_path / "codecs" / "jpeg.json", "jpeg", {118: 0.05}))
    other = np.load(tmp_path / "codecs" / "jpeg-files" / "sheets" / "qualities.npz")
    path = tmp_path / "codecs" / "jpeg-files" / "sheets" / "qualities.npz"
    np.savez(path, **{**other, "truth": 255 - TRUTH})
    text = text_of(write_report(given, tmp_path / "out"))
    columns, _ = sheets
    assert list(columns) == ["ridgecode\n120 bytes\nMSE 0.0400", "webp\n130 bytes\nMSE 0.0500", "truth"]
    shown = list(columns.values())
    assert np.array_equal(shown[0], TRUTH // 8) and np.array_equal(shown[1], TRUTH // 2)
    assert np.array_equal(shown[2], TRUTH)
    assert "Without a point there: jpeg2000 (from 200) and avif (from 640)." in text
    assert "Left out, since their evaluation kept no such prints: jpeg;" in text


@pytest.mark.parametrize("changes", [{"split": "test"}, {"n_prints": 1200}, {"source": "fvc"}])
def test_other_prints_never_share_a_figure(fake_runs: Any, tmp_path: Path, changes: dict[str, Any]) -> None:
    runs = coded_runs(fake_runs, {100: 0.04, 200: 0.02})
    files = write_report([*runs, codec_file(tmp_path / "webp.json", "webp", {300: 0.03}, **changes)], tmp_path / "out")
    text = text_of(files)
    figures = re.findall(r"!\[MSE against bytes, whole, ([^.]*)\. ([^]]*)\]", text)
    assert len(figures) == 2 and all(("ridgecode" in said) != ("webp" in said) for _, said in figures)
    assert "of the view whole were measured on different prints" in text


def test_stores_that_differ_are_told(fake_runs: Any, tmp_path: Path) -> None:
    files = [codec_file(tmp_path / f"{name}.json", name, {300: 0.03}, data_digest=name) for name in ("webp", "avif")]
    assert "differ in their digests" in text_of(write_report(files, tmp_path / "out"))


def test_minutiae_of_what_was_decoded_from_bytes(given: list[Path], tmp_path: Path) -> None:
    minutiae_file(given[1] / "minutiae-orb-reconstruction.json", run="coded-1", bytes=130.0)
    minutiae_file(given[2] / "minutiae-orb-reconstruction.json", run="coded-2")
    about = {"codec": "jpeg2000", "quality": 1, "view": "whole", "bytes": 401.0}
    given.append(minutiae_file(tmp_path / "orb.json", **about))
    given.append(minutiae_file(tmp_path / "elsewhere.json", run="coded-0", bytes=70.0))
    files = write_report(given, tmp_path / "out")
    text = text_of(files)
    assert "Minutiae F1 against bytes, orb, whole. ridgecode: 0.625 at 60.0 to 0.625 at 120 bytes; jpeg2000" in text
    judged = {(row["codec"], row["bytes"]) for row in rows_of(files) if row["f1_orb"]}
    assert judged == {("ridgecode", "60.0"), ("ridgecode", "120.0"), ("jpeg2000", "400.0")}
    assert {row["tar_orb"] for row in rows_of(files)} == {"0.5", ""}
    assert "coded-2 has minutiae figures of reconstructions that were not decoded from bytes" in text
    assert re.search(r"^\| jpeg2000, quality 1 \| 401\.0 \| orb", text, flags=re.MULTILINE)
    assert {"rate_f1_orb_whole", "rate_tar_orb_whole"} <= {path.stem for path in files.figures}


def test_image_codecs_alone(tmp_path: Path) -> None:
    file = codec_file(tmp_path / "jpeg2000.json", "jpeg2000", JPEG_2000)
    assert main(["report", str(file), "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert "1 image codec · SOCOFing" in text and "Rate and distortion" in text


def test_files_that_hold_something_else_are_refused(fake_runs: Any, tmp_path: Path) -> None:
    good = json.loads(codec_file(tmp_path / "good.json", "webp", {300: 0.03}).read_text())
    cases: dict[str, Any] = {
        "holds no figures of an image codec or a minutiae matcher": {"kind": "autoencoder"},
        "has schema 2": good | {"schema": 2},
        "lacks figures of an image codec": good | {"points": [{"quality": 1}]},
        "holds no figures of a minutiae matcher": {"schema": 1, "kind": "minutiae"},
    }
    for message, content in cases.items():
        (tmp_path / "bad.json").write_text(json.dumps(content))
        with pytest.raises(BadInput, match=message) as error:
            write_report([tmp_path / "bad.json"], tmp_path / "out")
        assert "bad.json" in str(error.value) and "\n" not in str(error.value)
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(BadInput, match=r"bad\.json holds no figures"):
        write_report([tmp_path / "bad.json"], tmp_path / "out")
    with pytest.raises(BadInput, match="name the run's folder too, or the file"):
        write_report([minutiae_file(tmp_path / "orb.json", run="run")], tmp_path / "out")
    twice = [fake_runs.autoencoder(f"{folder}/run", distortion=folder) for folder in ("mse", "bce")]
    with pytest.raises(BadInput, match="mse/run and bce/run are called so"):
        write_report([*twice, minutiae_file(tmp_path / "orb.json", run="run")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_sheets_and_matchers_get_is_decoded_from_bytes(
    coded_run: Path, synthetic_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, store = load_autoencoder(coded_run), PrintStore.open(synthetic_store)
    prints = stack_prints(store, store.rows("val"))
    codec = latent_codec(saved)
    payloads = codec.encode(encode_windows(saved.net, windows(prints, saved.spec)))
    x_hat = saved.net.decode(codec.decode(payloads)).detach().numpy()[:, 0]
    coded = through_bytes(saved, prints)
    assert np.abs(coded.x_hat - x_hat).max() < 0.1 / 255
    assert coded.payload_bytes.tolist() == [len(payload) for payload in payloads]
    sheet = np.load(coded_run / "sheets" / "validation.npz")
    names = store.column("name")[store.rows("val")].tolist()
    places = [names.index(name) for name in sheet["names"]]
    assert np.array_equal(sheet["decoded"], coded.grey[places])
    assert not np.array_equal(sheet["decoded"], sheet["x_hat"])
    monkeypatch.setattr(minutiae_evaluation, "_whole", load_autoencoder)
    judged, about = minutiae_evaluation._decoded_maker(coded_run)(prints)
    assert np.array_equal(judged, coded.grey)
    assert about["bytes"] == pytest.approx(16 + np.mean([len(payload) for payload in payloads]))
