"""Error rates against slow loops, scikit-learn and their definitions by pairs of scores."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score, recall_score, roc_auc_score

from ridgecode.errors import BadInput
from ridgecode.matching.error_rates import (
    area_under_roc,
    d_prime,
    decisions_at,
    equal_error_rate,
    error_rates,
    fnmr_at_fmr,
    shows_fmr,
    threshold_at_fmr,
    threshold_at_precision,
)

# Lists of few distinct values have ties; lists of floats hardly have any.
tied = st.lists(st.integers(-3, 3), min_size=1, max_size=25)
free = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25)
score_lists = st.one_of(st.tuples(tied, tied), st.tuples(free, free), st.tuples(tied, free))


def slow_rates(mated, non_mated):
    """(threshold, fmr, fnmr) at each distinct score and above all of them, counted one by one."""
    points = []
    for threshold in [*sorted(set(mated) | set(non_mated)), math.inf]:
        fmr = sum(1 for score in non_mated if score >= threshold) / len(non_mated)
        fnmr = sum(1 for score in mated if score < threshold) / len(mated)
        points.append((threshold, fmr, fnmr))
    return points


def slow_eer(mated, non_mated):
    """Where the line through the points meets fmr = fnmr, segment by segment."""
    points = slow_rates(mated, non_mated)
    for (_, fmr_a, fnmr_a), (_, fmr_b, fnmr_b) in pairwise(points):
        if fmr_a >= fnmr_a and fmr_b <= fnmr_b:
            # Intersection of the segment with the diagonal by the two-line formula.
            slope_x, slope_y = fmr_b - fmr_a, fnmr_b - fnmr_a
            along = (fnmr_a - fmr_a) / (slope_x - slope_y)
            return fmr_a + along * slope_x
    raise AssertionError("the curve always crosses")


@given(score_lists)
def test_rates_agree_with_counting(scores):
    rates = error_rates(*map(np.array, scores))
    points = slow_rates(*scores)
    assert rates.thresholds[:-1].tolist() == [p[0] for p in points[:-1]]
    assert rates.fmr.tolist() == [p[1] for p in points]
    assert rates.fnmr.tolist() == [p[2] for p in points]
    assert math.isfinite(rates.thresholds[-1]) and rates.thresholds[-1] > rates.thresholds[-2]


@given(score_lists)
def test_equal_error_rate_agrees_with_the_intersection_found_by_loop(scores):
    rates = error_rates(*map(np.array, scores))
    assert equal_error_rate(rates) == pytest.approx(slow_eer(*scores), abs=1e-12)


@given(score_lists)
def test_equal_error_rate_depends_on_the_order_of_scores_alone(scores):
    mated, non_mated = map(np.array, scores)
    eer = equal_error_rate(error_rates(mated, non_mated))
    ranks = {score: rank for rank, score in enumerate(sorted({*scores[0], *scores[1]}))}
    by_rank = [np.array([ranks[s] for s in part]) for part in scores]
    assert equal_error_rate(error_rates(*by_rank)) == pytest.approx(eer, abs=1e-12)
    # With the sign of all scores changed, what was right is wrong.
    assert equal_error_rate(error_rates(-mated, -non_mated)) == pytest.approx(1 - eer, abs=1e-12)


@given(score_lists)
def test_area_agrees_with_scikit_learn_and_with_pairs(scores):
    mated, non_mated = map(np.array, scores)
    area = area_under_roc(error_rates(mated, non_mated))
    pairs = [(m > n) + 0.5 * (m == n) for m in scores[0] for n in scores[1]]
    assert area == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)
    labels = np.repeat([1, 0], [len(mated), len(non_mated)])
    assert area == pytest.approx(roc_auc_score(labels, np.concatenate((mated, non_mated))), abs=1e-12)


@given(score_lists, st.sampled_from([0.5, 0.2, 0.1, 0.01, 0.0, 1.0]))
def test_point_at_fmr_is_the_smallest_threshold_that_keeps_it(scores, target):
    rates = error_rates(*map(np.array, scores))
    threshold, _, fnmr = next(point for point in slow_rates(*scores) if point[1] <= target)
    found = threshold_at_fmr(rates, target)
    assert found == threshold or (threshold == math.inf and found > max(map(max, scores)))
    assert fnmr_at_fmr(rates, target) == fnmr
    decisions = decisions_at(*map(np.array, scores), found)
    assert decisions.fp / len(scores[1]) <= target
    assert decisions.recall == pytest.approx(1 - fnmr)


def test_one_false_match_in_a_hundred_is_fmr_one_percent():
    for n in (100, 1000, 10_000):
        rates = error_rates(np.array([0.5]), np.arange(n) / n)
        assert threshold_at_fmr(rates, 1 / n) == (n - 1) / n


@given(score_lists, st.integers(-4, 4))
def test_decisions_agree_with_scikit_learn(scores, threshold):
    mated, non_mated = map(np.array, scores)
    labels = np.repeat([1, 0], [len(mated), len(non_mated)])
    accepted = (np.concatenate((mated, non_mated)) >= threshold).astype(int)
    d = decisions_at(mated, non_mated, threshold)
    assert [[d.tn, d.fp], [d.fn, d.tp]] == confusion_matrix(labels, accepted, labels=[0, 1]).tolist()
    assert d.accuracy == pytest.approx(accuracy_score(labels, accepted))
    assert d.precision == pytest.approx(precision_score(labels, accepted, zero_division=0.0))
    assert d.recall == pytest.approx(recall_score(labels, accepted))


def test_figures_worked_out_by_hand():
    # Points (fmr, fnmr): (1,0) (2/3,0) (1/3,0) (1/3,1/3) (0,1/3) (0,2/3) (0,1): meets the diagonal at 1/3.
    mated, non_mated = np.array([3.0, 5.0, 6.0]), np.array([1.0, 2.0, 4.0])
    rates = error_rates(mated, non_mated)
    assert equal_error_rate(rates) == pytest.approx(1 / 3)
    assert area_under_roc(rates) == pytest.approx(8 / 9)
    # One tie only: every threshold accepts all or none, half is the coin toss.
    same = error_rates(np.ones(4), np.ones(7))
    assert equal_error_rate(same) == 0.5
    assert fnmr_at_fmr(same, 0.01) == 1
    # Means 3 apart, both variances 1: d' = 3 / 1.
    assert d_prime(np.array([4.0, 6.0]), np.array([1.0, 3.0])) == pytest.approx(3)
    assert d_prime(np.ones(3), np.zeros(2)) == math.inf
    assert d_prime(np.ones(3), np.ones(2)) == 0


def test_two_shifted_normals_give_the_figures_of_theory():
    rng = np.random.default_rng(0)
    mated, non_mated = rng.normal(2, 1, 200_000), rng.normal(0, 1, 200_000)
    rates = error_rates(mated, non_mated)
    # EER = Phi(-d'/2), AUC = Phi(d'/sqrt 2), FNMR at FMR 1 % = Phi(2.3263 - d').
    phi = lambda x: 0.5 * math.erfc(-x / math.sqrt(2))  # noqa: E731
    assert d_prime(mated, non_mated) == pytest.approx(2, abs=0.01)
    assert equal_error_rate(rates) == pytest.approx(phi(-1), abs=0.002)
    assert area_under_roc(rates) == pytest.approx(phi(math.sqrt(2)), abs=0.002)
    assert fnmr_at_fmr(rates, 0.01) == pytest.approx(phi(2.3263 - 2), abs=0.01)


@pytest.mark.parametrize("measure", [error_rates, d_prime, lambda m, n: decisions_at(m, n, 0.0)])
def test_no_scores_or_nan_are_refused(measure):
    some = np.array([0.0, 1.0])
    with pytest.raises(BadInput, match="no mated scores"):
        measure(np.array([]), some)
    with pytest.raises(BadInput, match="no non-mated scores"):
        measure(some, np.array([]))
    with pytest.raises(BadInput, match="1 of 2 non-mated scores are NaN"):
        measure(some, np.array([0.0, np.nan]))


def test_infinite_scores_are_scores():
    rates = error_rates(np.array([math.inf, 1.0]), np.array([-math.inf, 0.0]))
    assert equal_error_rate(rates) == 0
    assert fnmr_at_fmr(rates, 0.0) == 0


@given(score_lists, st.floats(0.05, 1.0))
def test_threshold_at_precision_by_a_slow_loop(lists, precision):
    mated, non_mated = lists
    found = threshold_at_precision(np.array(mated), np.array(non_mated), precision)
    for threshold in sorted({*mated, *non_mated}):
        right, wrong = sum(s >= threshold for s in mated), sum(s >= threshold for s in non_mated)
        if right >= precision * (right + wrong):
            assert found == threshold
            return
    assert not any(s >= found for s in (*mated, *non_mated))


def test_an_fmr_is_shown_by_three_over_it_comparisons():
    for fmr, least in ((0.01, 300), (0.001, 3_000), (0.0001, 30_000), (0.5, 6)):
        assert shows_fmr(least, fmr) and not shows_fmr(least - 1, fmr)
        # The rule of three: with no error in so many trials, a rate as high has a probability of at most 5 %.
        assert (1 - fmr) ** least <= 0.05 < (1 - fmr) ** (0.65 * least)
