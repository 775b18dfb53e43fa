"""What a report shows of error rates that rest on few comparisons, of old files and of new ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.shown_rates import shown
from ridgecode.report.write import write_report
from support.report_files import rows_of, text_of

FEW = {"n_mated": 280, "n_non_mated": 45, "n_subjects": 10}
OLD = {**FEW, "eer": 0.0, "eer_low": 0.0, "eer_high": 0.0, "fnmr_at_fmr_1": 0.0, "fnmr_at_fmr_0_1": 0.1}
HIGH = 1 - 0.025 ** (1 / 10)


def test_a_row_of_an_older_version_shows_what_its_comparisons_can() -> None:
    found = shown(OLD)
    assert (found["fnmr_at_fmr_1"], found["fnmr_at_fmr_0_1"]) == (None, None)
    assert (found["eer"], found["eer_low"], found["eer_high"]) == (0.0, 0.0, pytest.approx(HIGH))
    assert found.keys() == OLD.keys() and OLD["fnmr_at_fmr_1"] == 0.0
    many = {**OLD, "n_non_mated": 3_000, "eer_high": 0.1}
    assert shown(many) == many
    assert shown({**many, "n_non_mated": 2_999})["fnmr_at_fmr_0_1"] is None


def test_true_accept_rates_likewise() -> None:
    row = {"tar_at_fmr_1": 1.0, "tar_at_fmr_1_low": 1.0, "tar_at_fmr_1_high": 1.0, "tar_at_fmr_0_1": 1.0}
    found = shown({**row, "n_non_mated": 300, "n_subjects": 10})
    assert (found["tar_at_fmr_1_low"], found["tar_at_fmr_1_high"]) == (pytest.approx(1 - HIGH), 1.0)
    assert found["tar_at_fmr_1"] == 1.0 and found["tar_at_fmr_0_1"] is None
    assert set(shown({**row, "n_non_mated": 299, "n_subjects": 10}).values()) == {None, 299, 10}


def test_a_row_without_numbers_is_left_as_it_is_but_for_an_interval_without_width() -> None:
    row = {"eer": 0.0, "eer_low": 0.0, "eer_high": 0.0, "fnmr_at_fmr_1": 0.0}
    assert shown(row) == {**row, "eer_low": None, "eer_high": None}


@pytest.fixture
def report(fake_runs: Any, tmp_path: Path) -> Any:
    """The report of a run with 45 non-mated comparisons of two sets, none of them decided wrongly."""
    run = fake_runs.autoencoder()
    evaluation = json.loads((run / "evaluation.json").read_text())
    of_set = {"eer": 0.125, "eer_low": 0.1, "eer_high": 0.2, "n_mated": 140, "n_non_mated": 20, "n_subjects": 5}
    per_set = {"FVC2002_DB1_B": of_set, "FVC2002_DB2_B": {**of_set, "eer": 0.0, "eer_low": 0.0}}
    evaluation["matching"] = [
        {**row, **OLD, "fnmr_at_fmr_0_01": 0.0, "n_sets": 2, "per_set": per_set, "threshold_n_non_mated": 7}
        for row in evaluation["matching"]
        if row["protocol"] == "moved" and row["level"] == row["alteration"] == "all"
    ]
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    return write_report([run], tmp_path / "out")


def test_no_error_is_said_with_the_number_of_comparisons(report: Any) -> None:
    text = text_of(report)
    assert "EER 0 of 45.** Lowest by" in text and f"95 % interval 0.00 to {100 * HIGH:.2f} %" in text
    assert "It rests on 280 mated and 45 non-mated comparisons of 10 subjects, 2 data sets together." in text
    assert "0.00 %" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| cosine on z, ridge, mse, 128 dims |")][:1]
    assert "0 of 45" in row
    pooled = [line for line in text.splitlines() if "from val, 7 non-mated" in line]
    assert pooled and all("| – | – | – |" in line and "10 subjects; 2 data sets" in line for line in pooled)


def test_sets_have_a_table_and_rows_in_the_csv(report: Any) -> None:
    text = text_of(report)
    start = text.index("EER by data set, protocol moved")
    table = text[start : text.index("\n\n", text.index("| :---", start))]
    assert "| FVC2002_DB1_B (EER in %, 95 % interval; mated / non-mated) |" in table
    assert "12.50<br>10.00–20.00; 140 / 20" in table and "0 of 20<br>0.00–20.00; 140 / 20" in table
    rows = rows_of(report, "matching.csv")
    assert {row["set"] for row in rows} == {"", "FVC2002_DB1_B", "FVC2002_DB2_B"} and "per_set" not in rows[0]
    first = next(row for row in rows if row["set"] == "FVC2002_DB1_B")
    assert (first["eer"], first["n_non_mated"], first["n_sets"], first["system"]) == ("0.125", "20", "1", "cosine on z")
    assert {row["fnmr_at_fmr_1"] for row in rows} == {""}
    (run,) = rows_of(report)
    assert (run["n_mated_moved"], run["n_non_mated_moved"]) == ("280", "45")
