"""The table of figures against the figures of each group alone, and thinned curves against whole ones."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.bootstrap import ScoreBootstrap, bootstrap_interval
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import area_under_roc, decisions_at, equal_error_rate, error_rates
from ridgecode.matching.matching_table import OF_ENROLMENT, curves, matching_table
from ridgecode.matching.templates.enrolment import Enrolled
from support.several_sets import labels_of_sets

KEYS = [
    "system",
    "protocol",
    "level",
    "alteration",
    "eer",
    "eer_low",
    "eer_high",
    "fnmr_at_fmr_1",
    "fnmr_at_fmr_0_1",
    "fnmr_at_fmr_0_01",
    "auc",
    "d_prime",
    "threshold",
    "threshold_from",
    "threshold_n_non_mated",
    "accuracy",
    "precision",
    "recall",
    "tp",
    "fp",
    "tn",
    "fn",
    "n_mated",
    "n_non_mated",
    "n_subjects",
    "n_sets",
    "bytes",
]
SHOWN_BY = {"fnmr_at_fmr_1": 300, "fnmr_at_fmr_0_1": 3_000, "fnmr_at_fmr_0_01": 30_000}
"""The least number of non-mated comparisons that shows each FMR, by the rule of three."""


@pytest.fixture
def comparisons(make_store, make_socofing_labels):
    return comparison_list(make_store(make_socofing_labels(range(1, 21))), "all", "aligned", non_mated_per_probe=15)


@pytest.fixture
def scores(comparisons):
    rng = np.random.default_rng(0)
    return rng.normal(size=len(comparisons)) + 2.0 * comparisons.mated + 0.5 * (comparisons.level == "Easy")


def test_rows_are_the_figures_of_their_comparisons(comparisons, scores):
    table = matching_table(scores, comparisons, "cosine on z", 128, replicates=200)
    groups = [(row.level, row.alteration) for row in table]
    levels, alterations = ["Easy", "Hard"], ["CR", "Obl", "Zcut"]
    assert groups[:6] == [
        ("all", "all"),
        ("Easy", "all"),
        ("Hard", "all"),
        ("all", "CR"),
        ("all", "Obl"),
        ("all", "Zcut"),
    ]
    assert groups[6:] == [(level, alteration) for level in levels for alteration in alterations]
    for row in table:
        chosen = np.array(
            [
                row.level in ("all", level) and row.alteration in ("all", alteration)
                for level, alteration in zip(comparisons.level, comparisons.alteration, strict=True)
            ]
        )
        m, n = chosen & comparisons.mated, chosen & ~comparisons.mated
        rates = error_rates(scores[m], scores[n])
        assert (row.eer, row.auc) == (equal_error_rate(rates), area_under_roc(rates))
        assert (row.n_mated, row.n_non_mated, row.n_subjects) == (m.sum(), n.sum(), 20)
        assert row.n_non_mated == 15 * row.n_mated
        found = decisions_at(scores[m], scores[n], row.threshold)
        assert (row.accuracy, row.precision, row.recall, row.tp, row.fp, row.tn, row.fn) == found
        by_name = ScoreBootstrap(
            scores[m],
            scores[n],
            comparisons.probe_subject[m].astype(str),
            comparisons.probe_subject[n].astype(str),
            200,
        )
        assert (row.eer_low, row.eer_high) == bootstrap_interval(by_name.equal_error_rates())
        assert row.eer_low <= row.eer <= row.eer_high
        assert [math.isnan(getattr(row, name)) for name in SHOWN_BY] == [row.n_non_mated < n for n in SHOWN_BY.values()]
        assert row.n_sets == 1 and row.per_set == {}
    first = table[0]
    assert first.n_non_mated == 3600 and first.fnmr_at_fmr_1 <= first.fnmr_at_fmr_0_1


def test_threshold_is_the_given_one_or_that_of_fmr_one_in_a_thousand(comparisons, scores):
    table = matching_table(scores, comparisons, "s", 4, replicates=10)
    assert len({row.threshold for row in table}) == 1
    first = table[0]
    assert first.fp / first.n_non_mated <= 0.001 < (first.fp + 1) / first.n_non_mated
    assert 1 - first.recall == pytest.approx(first.fnmr_at_fmr_0_1)
    given = matching_table(scores, comparisons, "s", 4, threshold=1.25, threshold_from="val", replicates=10)
    assert {(row.threshold, row.threshold_from, row.threshold_n_non_mated) for row in given} == {(1.25, "val", None)}
    assert {row.threshold_n_non_mated for row in table} == {3600}


def test_json_row_has_the_keys_of_evaluation_json(comparisons, scores):
    row = matching_table(scores, comparisons, "head", 64, replicates=10)[0].as_json()
    assert list(row) == KEYS
    again = json.loads(json.dumps(row, allow_nan=False))
    assert again == row and isinstance(again["tp"], int)
    sure = matching_table(np.where(comparisons.mated, 1.0, 0.0), comparisons, "oracle", 1, replicates=10)[0]
    assert (sure.eer, sure.auc, sure.accuracy, sure.fnmr_at_fmr_0_1) == (0, 1, 1, 0)
    # No comparison is wrong, so the interval is that of 0 errors in as many trials as subjects.
    assert (sure.eer_low, sure.eer_high) == (0, pytest.approx(1 - 0.025 ** (1 / 20)))
    assert sure.d_prime == np.inf
    # JSON knows no infinity.
    written = json.loads(json.dumps(sure.as_json(), allow_nan=False))
    assert written["d_prime"] is None and written["fnmr_at_fmr_0_01"] is None


def test_fvc_has_one_row(make_store, make_fvc_labels):
    comparisons = comparison_list(make_store(make_fvc_labels(), source="fvc"), "all", "fvc")
    scores = np.random.default_rng(0).normal(size=len(comparisons)) + comparisons.mated
    (row,) = matching_table(scores, comparisons, "pca16", 64)
    assert (row.protocol, row.level, row.alteration, row.n_mated, row.n_non_mated) == ("fvc", "all", "all", 280, 45)


def test_figures_by_set_are_those_of_each_set_alone(make_store):
    labels = labels_of_sets({"A": 5, "FVC2004/DB1_B": 4, "alone": 1})
    store = make_store(labels, source="fvc")
    comparisons = comparison_list(store, "all", "fvc-all")
    scores = np.random.default_rng(0).normal(size=len(comparisons)) + comparisons.mated
    (joint,) = matching_table(scores, comparisons, "pca16", 64, threshold=0.5, replicates=100)
    assert (joint.n_sets, joint.n_mated, joint.n_non_mated) == (3, 30, 90 + 54)
    # A set of one finger has no non-mated comparison, so no figure.
    assert list(joint.per_set) == ["A", "FVC2004/DB1_B"]
    for name, found in joint.as_json()["per_set"].items():
        alone = make_store([label for label in labels if label.name.startswith(f"{name}/")], source="fvc")
        listed = comparison_list(alone, "all", "fvc-all")
        score_of = dict(zip(zip(comparisons.probe, comparisons.reference, strict=True), scores, strict=True))
        own = np.array([score_of[pair] for pair in zip(listed.probe, listed.reference, strict=True)])
        (row,) = matching_table(own, listed, "pca16", 64, threshold=0.5, replicates=100)
        expected = row.as_json()
        assert row.n_sets == 1 and "per_set" not in expected
        assert found == {key: expected[key] for key in found} and {"eer", "eer_low", "n_non_mated"} <= found.keys()


@pytest.mark.parametrize("n_subjects", [2, 3, 10])
def test_no_interval_of_a_rate_has_zero_width(make_store, make_fvc_labels, n_subjects):
    comparisons = comparison_list(make_store(make_fvc_labels(n_subjects), source="fvc"), "all", "fvc")
    bound = 0.025 ** (1 / n_subjects)
    for separated, expected in ((1.0, (0, 1 - bound)), (-1.0, (bound, 1))):
        (row,) = matching_table(separated * comparisons.mated, comparisons, "s", 4)
        assert (row.eer_low, row.eer_high) == pytest.approx(expected)
        assert math.isnan(row.fnmr_at_fmr_1)  # at most 45 non-mated comparisons


def test_scores_that_do_not_fit_are_refused(comparisons, scores):
    with pytest.raises(BadInput, match=f"{len(scores)} comparisons need"):
        matching_table(scores[1:], comparisons, "s", 1)
    scores[3] = np.nan
    with pytest.raises(BadInput, match="NaN"):
        matching_table(scores, comparisons, "s", 1)


@pytest.mark.parametrize("decimals", [1, 8])
def test_thinned_curves_keep_the_shape(decimals):
    rng = np.random.default_rng(0)
    mated = np.arange(60_000) < 5000
    scores = np.round(rng.normal(size=60_000) + 3 * mated, decimals)
    whole, thin = error_rates(scores[mated], scores[~mated]), curves(scores, mated)
    assert len(thin.thresholds) <= 2000 and (np.diff(thin.thresholds) > 0).all()
    points = set(zip(*whole, strict=True))
    assert all(point in points for point in zip(*thin, strict=True))
    assert (thin.fmr[0], thin.fnmr[-1]) == (1, 1)
    assert equal_error_rate(thin) == pytest.approx(equal_error_rate(whole), abs=1e-3)
    assert area_under_roc(thin) == pytest.approx(area_under_roc(whole), abs=1e-4)
    # On a DET curve too: the FNMR at each decade of FMR is the same within a few hundredths.
    for decade in (0.1, 0.01, 0.001, 0.0001):
        found, truth = (np.interp(-decade, -rates.fmr, rates.fnmr) for rates in (thin, whole))
        assert found == pytest.approx(truth, rel=0.03)


def test_short_curves_are_whole():
    thin = curves(np.array([0.0, 1.0, 2.0]), np.array([False, True, True]))
    assert thin.thresholds.tolist()[:3] == [0, 1, 2] and len(thin.thresholds) == 4
    with pytest.raises(BadInput, match="10 points"):
        curves(np.arange(3.0), np.array([False, True, True]), 5)


def test_prints_that_failed_to_enrol_are_left_out_and_counted(comparisons, scores):
    """As if their comparisons were not in the list."""
    rng = np.random.default_rng(1)
    n_probes, n_references = len(comparisons.probe_names), len(comparisons.reference_names)
    enrolled = Enrolled(rng.random(n_probes) > 0.2, rng.random(n_references) > 0.1)
    left = enrolled.compared(comparisons)
    shorter = replace(
        comparisons,
        probe_rows=comparisons.probe_rows[left],
        reference_rows=comparisons.reference_rows[left],
        mated=comparisons.mated[left],
    )
    expected = matching_table(scores[left], shorter, "s", 4, replicates=10)
    given = np.where(left, scores, np.nan)
    table = matching_table(given, comparisons, "s", 4, replicates=10, enrolled=enrolled)
    assert len(table) == len(expected) > 10
    for row, other in zip(table, expected, strict=True):
        found = row.as_json()
        counts = [found.pop(name) for name in OF_ENROLMENT]
        assert found == other.as_json()
        chosen = (comparisons.level == row.level) | (row.level == "all")
        chosen &= (comparisons.alteration == row.alteration) | (row.alteration == "all")
        named = {*comparisons.probe[chosen], *comparisons.reference[chosen]}
        fails = {*comparisons.probe_names[~enrolled.probes], *comparisons.reference_names[~enrolled.references]}
        assert counts == [len(named), len(named & fails), len(named & fails) / len(named)]
    with pytest.raises(BadInput, match="no mated and no non-mated comparison is left of the protocol aligned: "):
        none = Enrolled(np.zeros_like(enrolled.probes), enrolled.references)
        matching_table(given, comparisons, "s", 4, replicates=10, enrolled=none)
