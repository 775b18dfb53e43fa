"""A report of runs of the view `full`, whose prints differ in size."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from ridgecode.commands.cli import main


def test_bits_a_pixel_are_those_of_the_prints_own_sizes(latent_study: list[Path], tmp_path: Path) -> None:
    """Two runs of another view become runs of the view full, with the figures that `evaluate` writes of them."""
    runs = [Path(shutil.copytree(run, tmp_path / run.name)) for run in latent_study[:2]]
    for number, run in enumerate(runs):
        evaluation = json.loads((run / "evaluation.json").read_text())
        del evaluation["mse_at_bits"]
        evaluation |= {"view": "full", "pca": {"mse": None, "psnr_db": None, "ssim": None}}
        evaluation["coded"] = {"archive_bytes": 1000.0 + number, "payload_bytes": 990.0, "bytes": 1010.0, "bpp": 0.07}
        evaluation["coded"] |= {"mse": 0.01, "mse_low": 0.009, "mse_high": 0.011, "psnr_db": 20.0, "ssim": 0.8}
        (run / "evaluation.json").write_text(json.dumps(evaluation))
    assert main(["report", *map(str, runs), f"--out={tmp_path / 'report'}"]) == 0
    rows = list(csv.DictReader((tmp_path / "report" / "rate_distortion.csv").read_text().splitlines()))
    assert [float(row["bpp"]) for row in rows] == [pytest.approx(0.07)] * 2
