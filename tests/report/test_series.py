"""Runs are sorted into series, and the labels of series name what differs."""

import json
import re
from pathlib import Path
from typing import Any

from ridgecode.report.write import write_report
from support.report_files import figures_of, rows_of, text_of


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


def test_a_mean_eer_stands_beside_its_comparisons(fake_runs: Any, tmp_path: Path) -> None:
    fake_runs.protocols = ("aligned",)
    runs = [fake_runs.autoencoder(latent_dim=64, seed=seed) for seed in range(2)]
    for run, eer, n_non_mated in zip(runs, (0.1, 0.2), (100, 100), strict=True):
        _change(run, eer=eer, n_mated=80, n_non_mated=n_non_mated)
    assert _seeds_of(runs, tmp_path / "alike").endswith("| 15.00<br>± 7.07; 80 / 100 |")
    _change(runs[0], n_non_mated=300)
    assert _seeds_of(runs, tmp_path / "several").endswith("| 15.00<br>± 7.07; of several lists |")
    for run in runs:
        _change(run, eer=0.0, n_non_mated=300)
    assert _seeds_of(runs, tmp_path / "none").endswith("| no error<br>80 / 300 |")


def _seeds_of(runs: list[Path], out: Path) -> str:
    """The only row of the table of means over seeds."""
    text = text_of(write_report(runs, out))
    (row,) = [line for line in text.splitlines() if line.startswith("| ridge, mse, 64 dims | 2 |")]
    return row


def _change(run: Path, **figures: float) -> None:
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        row |= figures
    (run / "evaluation.json").write_text(json.dumps(evaluation))


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
