"""Reports on unusual sets of runs: mixed, repeated, single, or lacking files."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ridgecode.study.report import ReportFiles, write_report


def text_of(files: ReportFiles) -> str:
    """The Markdown, whose words are those of the page."""
    return files.markdown.read_text().replace("\N{NO-BREAK SPACE}", " ")


def figures_of(files: ReportFiles) -> set[str]:
    return {path.stem for path in files.figures}


def rows_of(files: ReportFiles) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.latent_sizes.read_text())))


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


def test_only_matchers(fake_runs: Any, tmp_path: Path) -> None:
    files = write_report([fake_runs.matcher()], tmp_path / "out")
    assert "No autoencoder run was given" in text_of(files)
    assert {"eer_moved", "roc_moved", "det_moved", "learning_1"} <= figures_of(files)
    assert "mse" not in figures_of(files)


def test_a_run_with_nothing_but_its_settings(fake_runs: Any, tmp_path: Path) -> None:
    optional = ("environment.json", "metrics.jsonl", "evaluation.json", "curves.npz", "sheets/validation.npz")
    files = write_report([fake_runs.autoencoder("bare", leave_out=optional)], tmp_path / "out")
    text = text_of(files)
    assert "bare has no evaluation.json" in text and "bare has no metrics.jsonl" in text
    assert "No run was evaluated yet" in text and figures_of(files) == set()
    row = rows_of(files)[0]
    assert (row["latent_dim"], row["backbone"], row["mse"]) == ("128", "ridge", "")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("evaluation.json", "poor has no evaluation.json"),
        ("curves.npz", "poor has no curves.npz"),
        ("metrics.jsonl", "poor has no metrics.jsonl"),
        ("sheets/validation.npz", "poor has no sheets/validation.npz"),
    ],
)
def test_what_one_run_lacks_is_said(fake_runs: Any, tmp_path: Path, file: str, sentence: str) -> None:
    runs = [fake_runs.autoencoder("rich"), fake_runs.autoencoder("poor", latent_dim=64, leave_out=(file,))]
    text = text_of(write_report(runs, tmp_path / "out"))
    assert sentence in text and "rich has no" not in text


def test_unfinished_runs_and_half_written_lines(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder("going")
    (run / "environment.json").write_text(json.dumps({"finished": False}))
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 20, "train_lo')
    files = write_report([run], tmp_path / "out")
    assert "going has not finished training" in text_of(files)
    assert rows_of(files)[0]["epochs"] == "20" and float(rows_of(files)[0]["train_seconds"]) == 300.0


def test_repeated_seeds_show_mean_and_spread(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(latent_dim=64, seed=seed, mse=mse) for seed, mse in enumerate((0.04, 0.05, 0.06))]
    runs.append(fake_runs.autoencoder(latent_dim=8, seed=0))
    text = text_of(write_report(runs, tmp_path / "out"))
    assert "| ridge, mse, 64 dims | 3 | 0.05000<br>± 0.010 |" in text
    assert "ridge, mse: 0.1200 at 8, 0.05000 at 64 dims." in text
    assert "64 dims, seed 2" in text
    # The headline is the mean, not the luckiest seed.
    assert (
        "**ridge, mse: MSE 0.05000.** Lowest with 64 dims" in text and "± 0.010; of the best seed MSE 0.04000" in text
    )


def test_settings_are_compared_where_one_size_is_trained_in_several_ways(fake_runs: Any, tmp_path: Path) -> None:
    rates = (0.01, 0.001, 0.0001)
    runs = [fake_runs.autoencoder(f"rate-{rate}", settings={"learning_rate": rate}, mse=0.04 + rate) for rate in rates]
    text = text_of(write_report(runs, tmp_path / "out"))
    assert "MSE by setting, crop32, 128 dims, lowest first. ridge, mse, learning_rate 0.0001: 0.04010" in text
    assert "**128 dims, 3 settings: MSE 0.04010.** Lowest by ridge, mse, learning_rate 0.0001" in text
    assert "Next is ridge, mse, learning_rate 0.001 at 0.04100; the highest is 0.05000" in text


def test_labels_name_what_differs_from_the_default(fake_runs: Any, tmp_path: Path) -> None:
    """A run of a version without these settings is of the defaults, which go without saying."""
    settings: list[dict[str, object]] = [
        {},
        {"pooling": "auto", "seed_size": 0, "first_conv": False},
        {"pooling": "mean", "seed_size": 2, "first_conv": False},
        {"pooling": "mean", "seed_size": 2, "first_conv": True, "learning_rate": 0.0028469301234},
    ]
    runs = [fake_runs.autoencoder(f"run-{i}", settings=values, seed=i) for i, values in enumerate(settings)]
    text = text_of(write_report(runs, tmp_path / "out"))
    labels = set(re.findall(r"^\| (ridge, mse[^|]*), 128 dims", text, flags=re.MULTILINE))
    assert labels == {
        "ridge, mse, learning_rate 0.002",
        "ridge, mse, learning_rate 0.002, pooling mean, seed_size 2",
        "ridge, mse, first_conv, learning_rate 0.002847, pooling mean, seed_size 2",
    }


def test_a_search_over_many_settings_keeps_to_few_series(fake_runs: Any, tmp_path: Path) -> None:
    runs = [
        fake_runs.autoencoder(f"trial-{i:02}", latent_dim=(64, 128)[i % 2], settings={"learning_rate": 0.001 + i / 1e4})
        for i in range(24)
    ]
    files = write_report(runs, tmp_path / "out")
    text = text_of(files)
    assert len(rows_of(files)) == 24 and "ridge, mse: " in text and "128 dims, trial-01" in text
    assert len(figures_of(files)) < 12


def test_sizes_that_were_reached_in_their_own_ways_are_one_series(fake_runs: Any, tmp_path: Path) -> None:
    ways = {
        16: {"start_from": "/home/me/runs/32", "train_crops": "near", "learning_rate": 0.003},
        32: {"start_from": "/home/me/runs/64"},
        64: {},
    }
    runs = [fake_runs.autoencoder(latent_dim=size, settings=settings) for size, settings in ways.items()]
    text = text_of(write_report(runs, tmp_path / "out"))
    assert len(re.findall(r"^- \*\*ridge, mse[^*]*: MSE", text, flags=re.MULTILINE)) == 1
    assert "start_from" not in text.split("## Environment")[0]

    # Where one size was reached in two ways, these tell series apart; of a path the last part is said.
    runs.append(fake_runs.autoencoder("again", latent_dim=16, settings={"start_from": "/home/me/runs/128"}))
    text = text_of(write_report(runs, tmp_path / "again"))
    assert "start_from 128" in text and "/home/me" not in text.split("## Environment")[0]


def test_views_and_sources_are_not_mixed(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(view=view, latent_dim=size) for view in ("crop32", "whole") for size in (64, 128)]
    files = write_report(runs, tmp_path / "out")
    text = text_of(files)
    assert {"mse_crop32", "mse_whole", "sheet_1", "sheet_2"} <= figures_of(files)
    assert "published" not in text[text.index("![MSE against latent size, whole") :].split("\n")[0]
    assert {row["published_mse"] for row in rows_of(files) if row["view"] == "whole"} == {""}
    assert "different views (crop32 and whole)" in text


def test_synthetic_prints_are_not_measured_by_the_published_figures(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(source="synthetic", latent_dim=size) for size in (64, 128)]
    files = write_report(runs, tmp_path / "out")
    text = text_of(files)
    assert "published (on SOCOFing)" in text and "for orientation only" in text
    assert "1807.10609" not in text and "below the published one" not in text
    assert {row["published_mse"] for row in rows_of(files)} == {""}


def test_the_source_is_found_in_the_store_where_the_evaluation_does_not_say(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder(source="")
    store = fake_runs.root / "store"
    store.mkdir()
    (store / "store.json").write_text('{"source": "socofing"}')
    assert rows_of(write_report([run], tmp_path / "out"))[0]["source"] == "socofing"


def test_a_baseline_that_wins_is_said_to_win(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        row["eer"] = 0.001 if row["system"] == "pixels" else row["eer"]
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    text = text_of(write_report([run], tmp_path / "out"))
    assert "pixels (8,730 bytes), does as well or better with 0.10 %" in text


def test_nan_and_missing_figures_are_dashes(fake_runs: Any, tmp_path: Path) -> None:
    figures = {"mse": float("nan"), "mse_low": None, "ssim": None, "pca": None, "matching": []}
    files = write_report([fake_runs.autoencoder(mse=0.05, figures=figures)], tmp_path / "out")
    assert rows_of(files)[0]["mse"] == "" and "nan" not in files.latent_sizes.read_text()
    assert "nan" not in text_of(files).lower().replace("finance", "")


def test_runs_of_one_name_are_told_apart(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(f"{folder}/run", distortion=folder) for folder in ("mse", "bce")]
    assert [row["run"] for row in rows_of(write_report([*runs, runs[0]], tmp_path / "out"))] == ["bce/run", "mse/run"]
