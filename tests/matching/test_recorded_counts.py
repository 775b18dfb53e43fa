"""Counts of a threshold: from the model's file, else from the run's lists or figures, else none."""

import json
from pathlib import Path

import pytest

from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.recorded_counts import recorded_counts


def test_a_file_s_own_counts_come_first(tmp_path: Path) -> None:
    own = ThresholdCounts(5, 7, 2, 0.4)
    assert recorded_counts(tmp_path, own, 0.0, "moved") is own


@pytest.mark.parametrize("place", ["pairs/val.parquet", "comparisons/fvc_val.parquet"])
def test_lists_of_an_older_run(tmp_path: Path, make_store, make_fvc_labels, place: str) -> None:
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc") == UNKNOWN
    comparison_list(make_store(make_fvc_labels(4), source="fvc"), "all", "fvc").save(tmp_path / place)
    high = pytest.approx(1 - 0.025 ** (1 / 3))
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc") == (4 * 28, 6, 3, high)
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc-all") == UNKNOWN
    # The store of these tests has a digest of zeros.
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc", "0" * 64) != UNKNOWN
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc", "1" * 64) == UNKNOWN


def test_figures_of_an_older_run(tmp_path: Path) -> None:
    row = {"system": "head", "protocol": "fvc", "level": "all", "alteration": "all", "n_subjects": 3}
    row |= {"n_mated": 112, "n_non_mated": 6}
    others = [{**row, "system": "pixels"}, {**row, "protocol": "moved"}, {**row, "level": "Easy"}]
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({"matching": [{**other, "n_mated": 1} for other in others] + [row]}))
    assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc")[:3] == (112, 6, 3)
    for text in (
        "{}",
        "[]",
        "nothing",
        json.dumps({"matching": others}),
        json.dumps({"matching": [{"system": "head"}]}),
    ):
        path.write_text(text)
        assert recorded_counts(tmp_path, UNKNOWN, 0.0, "fvc") == UNKNOWN
