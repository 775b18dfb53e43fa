"""Which points share a rate-distortion plot, and which results of minutiae matchers join them."""

import re
from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.write import write_report
from support.rate_files import codec_file, coded_runs, minutiae_file
from support.report_files import rows_of, text_of


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
    judged = {(row["codec"], row["bytes"]) for row in rows_of(files, "rate_distortion.csv") if row["f1_orb"]}
    assert judged == {("ridgecode", "60.0"), ("ridgecode", "120.0"), ("jpeg2000", "400.0")}
    assert {row["tar_orb"] for row in rows_of(files, "rate_distortion.csv")} == {"0.5", ""}
    assert "coded-2 has minutiae figures of reconstructions that were not decoded from bytes" in text
    assert re.search(r"^\| jpeg2000, quality 1 \| 401\.0 \| orb", text, flags=re.MULTILINE)
    assert {"rate_f1_orb_whole", "rate_tar_orb_whole"} <= {path.stem for path in files.figures}
