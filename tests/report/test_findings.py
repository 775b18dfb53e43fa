"""The findings of made-up runs are what their numbers say."""

import json
from pathlib import Path
from typing import Any

from ridgecode.report.published import PUBLISHED_MSE
from ridgecode.report.write import write_report
from support.report_files import Page, evaluation_of, text_of

SIZES = (8, 16, 32, 64, 128, 256, 512)


def test_findings_are_true(page: Page, latent_study: list[Path]) -> None:
    found = page.text[
        page.text.index("Findings ridge, mse") : page.text.index("Latent sizes", page.text.index("Matching, moved"))
    ]
    by_mse = {evaluation_of(run)["latent_dim"]: evaluation_of(run) for run in latent_study[:7]}
    assert f"MSE {by_mse[512]['mse']:#.4g}" in found and "Lowest with 512 dims" in found
    assert "Every doubling from 8 to 512 dims lowered it." in found
    wins = [size for size in SIZES if by_mse[size]["mse"] < by_mse[size]["pca"]["mse"]]
    assert wins == [16, 32, 64, 128, 256] and "below PCA's at 16 to 256 dims" in found
    assert f"{by_mse[512]['mse']:#.4g} against {by_mse[512]['pca']['mse']:#.4g} at 512" in found
    published = [size for size in SIZES if by_mse[size]["mse"] < PUBLISHED_MSE[size]]
    assert published == [128, 256, 512] and "below the published one at 128 to 512 dims" in found
    assert "Its BCE is below the published one at all 7 sizes" in found


def test_a_baseline_that_wins_is_said_to_win(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        row["eer"] = 0.001 if row["system"] == "pixels" else row["eer"]
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    text = text_of(write_report([run], tmp_path / "out"))
    assert "pixels (8,730 bytes), does as well or better with 0.10 %" in text
