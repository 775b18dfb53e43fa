"""Figures of rate and distortion."""

from pathlib import Path
from typing import Any

from ridgecode.report.write import write_report
from support.rate_files import coded_runs
from support.report_files import text_of


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
