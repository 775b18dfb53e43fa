"""The matching rows of heads' runs and of baselines in a report."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from ridgecode.report.write import write_report
from support.report_files import figures_of, rows_of, text_of


def test_matchers_join_the_matching_tables_and_the_eer_figures(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(latent_dim=size) for size in (64, 128)]
    runs += [fake_runs.matcher(latent_dim=size) for size in (64, 128)]
    files = write_report(runs, tmp_path / "out")
    text = text_of(files)
    assert re.search(r"!\[EER against latent size, moved\..*head cosine infonce on ridge, mse: 3\.22 % at 64", text)
    assert "**Matching, moved: EER 2.61 %.** Lowest by head cosine infonce on ridge, mse, 128 dims" in text
    assert "pixels (8,730 bytes), is worse at 20.00 %" in text
    # The baselines of four runs are one row a table.
    assert len(re.findall(r"^\| Training-free baselines, pixels \| 8,730", text, flags=re.MULTILINE)) == 1
    assert [row["kind"] for row in rows_of(files)] == ["autoencoder"] * 2 + ["matcher"] * 2
    matching = list(csv.DictReader(io.StringIO((tmp_path / "out" / "matching.csv").read_text())))
    assert {row["system"] for row in matching} == {"cosine on z", "head", "pixels", "pca16"}
    assert {row["run"] for row in matching if row["system"] == "pixels"} == {""}


def test_baselines_of_many_sizes_are_a_curve_and_others_are_lines(fake_runs: Any, tmp_path: Path) -> None:
    runs = []
    for size in (8, 16, 32):
        run = fake_runs.autoencoder(latent_dim=size)
        evaluation = json.loads((run / "evaluation.json").read_text())
        for row in [row for row in evaluation["matching"] if row["system"] == "pca16"]:
            evaluation["matching"].append({**row, "system": f"pca{size} crop32", "eer": 0.4 - size / 1000})
        (run / "evaluation.json").write_text(json.dumps(evaluation))
        runs.append(run)
    text = text_of(write_report(runs, tmp_path / "out"))
    assert "whitened PCA crop32: 39.20 % at 8, 38.40 % at 16, 36.80 % at 32 dims." in text
    assert "Baseline pixels: 20.00 %. Baseline pca16: 25.00 %." in text
    order = re.findall(r"^\| Training-free baselines, ([^|]+) \| \d", text, flags=re.MULTILINE)
    # Once in the table of systems, once in that of levels.
    assert order == 2 * ["pixels", "pca16", "pca8 crop32", "pca16 crop32", "pca32 crop32"]


def test_prints_that_failed_to_enrol_are_told_of(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.matcher()
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        if row["system"] == "head":
            row |= {"n_prints": 1200, "n_failed_to_enrol": 3, "failure_to_enrol": 0.0025}
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    text = text_of(write_report([run], tmp_path / "out"))
    assert re.search(r"It rests on .* subjects \(3 of 1,200 prints failed to enrol\)\.", text)
    assert re.search(r"^\| .*head.* subjects; 3 of 1,200 prints failed to enrol", text, flags=re.MULTILINE)
    matching = list(csv.DictReader(io.StringIO((tmp_path / "out" / "matching.csv").read_text())))
    assert {row["n_failed_to_enrol"] for row in matching if row["system"] == "head"} == {"3"}


def test_only_matchers(fake_runs: Any, tmp_path: Path) -> None:
    files = write_report([fake_runs.matcher()], tmp_path / "out")
    assert "No autoencoder run was given" in text_of(files)
    assert {"eer_moved", "roc_moved", "det_moved", "learning_1"} <= figures_of(files)
    assert "mse" not in figures_of(files)
