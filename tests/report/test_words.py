"""What a report says about missing files and about figures that must not be compared."""

from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.write import write_report
from support.report_files import figures_of, rows_of, text_of


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
