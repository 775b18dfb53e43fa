"""The CSV files of a report have the numbers of its runs."""

from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.published import PUBLISHED_BCE, PUBLISHED_MSE
from ridgecode.report.write import ReportFiles, write_report
from support.rate_files import JPEG_2000
from support.report_files import evaluation_of, rows_of, text_of


def test_csv_has_a_row_a_run_with_its_own_numbers(report: ReportFiles, latent_study: list[Path]) -> None:
    start = "latent_dim,backbone,distortion,bytes,bpp,mse,psnr_db,ssim,"
    assert report.latent_sizes.read_text().startswith(start)
    rows = {row["run"]: row for row in rows_of(report)}
    assert rows.keys() == {run.name for run in latent_study}
    for run in latent_study:
        row, evaluation = rows[run.name], evaluation_of(run)
        for key in ("mse", "mse_low", "mse_high", "psnr_db", "ssim", "bpp", "bytes", "mse_at_depth", "latent_dim"):
            assert float(row[key]) == evaluation[key], key
        assert float(row["pca_mse"]) == evaluation["pca"]["mse"]
        assert float(row["published_mse"]) == PUBLISHED_MSE[evaluation["latent_dim"]]
        assert float(row["encode_per_second"]) == evaluation["encode_per_second"]
        assert float(row["train_seconds"]) == 303.4 and row["epochs"] == "20" and row["seed"] == "0"
        of_moved = [
            entry
            for entry in evaluation["matching"]
            if (entry["system"], entry["protocol"], entry["level"], entry["alteration"])
            == ("cosine on z", "moved", "all", "all")
        ]
        assert float(row["eer_moved"]) == of_moved[0]["eer"] and float(row["eer_moved_low"]) == of_moved[0]["eer_low"]
        bce = evaluation["bce"]
        assert row["bce"] == ("" if bce is None else str(bce))
        assert row["published_bce"] == ("" if bce is None else str(PUBLISHED_BCE[evaluation["latent_dim"]]))


def test_nan_and_missing_figures_are_dashes(fake_runs: Any, tmp_path: Path) -> None:
    figures = {"mse": float("nan"), "mse_low": None, "ssim": None, "pca": None, "matching": []}
    files = write_report([fake_runs.autoencoder(mse=0.05, figures=figures)], tmp_path / "out")
    assert rows_of(files)[0]["mse"] == "" and "nan" not in files.latent_sizes.read_text()
    assert "nan" not in text_of(files).lower().replace("finance", "")


def test_every_point_is_in_the_csv_with_its_own_numbers(given: list[Path], tmp_path: Path) -> None:
    rows = rows_of(write_report(given, tmp_path / "out"), "rate_distortion.csv")
    assert [row["codec"] for row in rows] == 4 * ["ridgecode"] + 4 * ["jpeg2000"] + 2 * ["avif"]
    for row, (size, mse) in zip(rows[:4], JPEG_2000.items(), strict=True):
        sizes = [float(row[key]) for key in ("bytes", "file_bytes", "archive_bytes", "bare_bytes")]
        assert sizes == pytest.approx([0.3 * size, 0.3 * size + 10, 0.3 * size, 0.3 * size - 6])
        assert float(row["mse"]) == mse and float(row["bpp"]) == pytest.approx(8 * 0.3 * size / 8730)
    assert [row["setting"] for row in rows[:4]] == [f"rate weight 0.0{i}" for i in (1, 2, 3, 4)]
    for row, (size, mse) in zip(rows[4:8], JPEG_2000.items(), strict=True):
        assert (float(row["bytes"]), float(row["bare_bytes"]), float(row["mse"])) == (size, size - 100, mse)
        assert (row["archive_bytes"], row["n_prints"], row["encode_ms"]) == ("", "800", "1.5")
