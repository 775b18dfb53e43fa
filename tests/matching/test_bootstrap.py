"""The fast bootstrap against replicates whose comparisons are drawn one by one."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.matching.bootstrap import (
    ScoreBootstrap,
    bootstrap_interval,
    bootstrap_mean,
    bootstrap_rate,
    rate_interval,
    subject_weights,
)
from ridgecode.matching.error_rates import equal_error_rate, error_rates, fnmr_at_fmr
from ridgecode.matching.exact_interval import clopper_pearson


def drawn_again(scores, subjects, names, weights):
    """The scores of one replicate: each subject's scores as often as the subject was drawn."""
    parts = [scores[subjects == name] for name, weight in zip(names, weights, strict=True) for _ in range(weight)]
    return np.concatenate(parts) if parts else np.array([])


def slow_replicates(mated, non_mated, mated_subjects, non_mated_subjects, figure, replicates, seed):
    names = sorted(set(mated_subjects) | set(non_mated_subjects))
    figures = []
    for weights in subject_weights(len(names), replicates, seed):
        m = drawn_again(mated, mated_subjects, names, weights)
        n = drawn_again(non_mated, non_mated_subjects, names, weights)
        figures.append(figure(error_rates(m, n)) if len(m) and len(n) else math.nan)
    return np.array(figures)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n_subjects=st.integers(1, 6),
    n_mated=st.integers(1, 40),
    n_non_mated=st.integers(1, 200),
    grain=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_every_replicate_is_exact(seed, n_subjects, n_mated, n_non_mated, grain):
    rng = np.random.default_rng(seed)
    mated, non_mated = rng.normal(1, 1, n_mated), rng.normal(0, 1, n_non_mated)
    if grain:
        mated, non_mated = np.round(mated / grain), np.round(non_mated / grain)
    mated_subjects, non_mated_subjects = (rng.integers(0, n_subjects, n) for n in (n_mated, n_non_mated))
    lists = (mated, non_mated, mated_subjects, non_mated_subjects)
    fast = ScoreBootstrap(*lists, replicates=25, seed=seed)
    slow = slow_replicates(*lists, equal_error_rate, 25, seed)
    np.testing.assert_allclose(fast.equal_error_rates(), slow, atol=1e-12)
    for fmr in (0.3, 0.01, 0.0, 1.0):
        slow = slow_replicates(*lists, lambda rates, fmr=fmr: fnmr_at_fmr(rates, fmr), 25, seed)
        np.testing.assert_allclose(fast.fnmrs_at_fmr(fmr), slow, atol=1e-12)


def test_order_and_kind_of_label_do_not_matter():
    rng = np.random.default_rng(0)
    mated, non_mated = rng.normal(1, 1, 60), rng.normal(0, 1, 500)
    ms, ns = rng.integers(0, 9, 60), rng.integers(0, 9, 500)
    expected = ScoreBootstrap(mated, non_mated, ms, ns).equal_error_rates()
    a, b = rng.permutation(60), rng.permutation(500)
    assert np.array_equal(ScoreBootstrap(mated[a], non_mated[b], ms[a], ns[b]).equal_error_rates(), expected)
    named = ScoreBootstrap(mated, non_mated, ms.astype(str), ns.astype(str)).equal_error_rates()
    assert np.array_equal(named, expected)
    assert not np.array_equal(ScoreBootstrap(mated, non_mated, ms, ns, seed=1).equal_error_rates(), expected)


def test_mean_agrees_with_a_loop_and_with_theory():
    rng = np.random.default_rng(1)
    subjects = np.repeat(np.arange(100), 10)
    values = rng.normal(0, 1, 100)[subjects] + 0.1 * rng.normal(0, 1, 1000)
    interval = bootstrap_mean(values, subjects, seed=3)
    slow = [
        np.concatenate([values[subjects == s] for s in range(100) for _ in range(w[s])]).mean()
        for w in subject_weights(100, 1000, 3)
    ]
    low, high = sorted(slow)[24:26], sorted(slow)[974:976]
    assert low[0] <= interval.low <= low[1] and high[0] <= interval.high <= high[1]
    # The spread is that of 100 subjects' means, not of 1000 prints.
    by_subject = values.reshape(100, 10).mean(axis=1)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * by_subject.std() / 10, rel=0.15)


def test_about_95_of_100_intervals_cover_the_truth():
    # Two normals 2 apart: EER is Phi(-1) = 0.1587; subjects shift their mated scores.
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        subjects = np.repeat(np.arange(40), 10)
        mated = 2 + 0.6 * rng.normal(size=40)[subjects] + 0.8 * rng.normal(size=400)
        non_subjects = np.repeat(np.arange(40), 50)
        low, high = bootstrap_interval(
            ScoreBootstrap(mated, rng.normal(size=2000), subjects, non_subjects, replicates=300).equal_error_rates()
        )
        covered += low <= 0.15866 <= high
    assert 87 <= covered <= 99


def test_a_protocol_of_350_000_scores_takes_about_a_second():
    rng = np.random.default_rng(0)
    mated, non_mated = rng.normal(4, 1, 7000), rng.normal(0, 1, 350_000)
    ms, ns = np.repeat(np.arange(80), 88)[:7000], np.repeat(np.arange(80), 4375)
    began = time.process_time()
    bootstrap_interval(ScoreBootstrap(mated, non_mated, ms, ns).equal_error_rates())
    assert time.process_time() - began < 2


def test_an_interval_without_width_is_none_or_exact():
    one = ScoreBootstrap(np.array([1.0, 3.0]), np.array([0.0, 2.0]), np.zeros(2), np.zeros(2))
    replicates = one.equal_error_rates()
    assert replicates == pytest.approx(0.5)
    assert bootstrap_interval(replicates) == bootstrap_interval(np.full(3, np.nan)) == (None, None)
    assert rate_interval(0.5, replicates, 1) == clopper_pearson(0.5, 1)
    wide = np.linspace(0.1, 0.3, 1000)
    assert rate_interval(0.2, wide, 7) == bootstrap_interval(wide) == pytest.approx((0.105, 0.295))


def test_a_mean_of_one_subject_or_of_equal_values_has_no_interval():
    rng = np.random.default_rng(0)
    assert bootstrap_mean(rng.random(30), np.zeros(30)) == (None, None)
    assert bootstrap_mean(np.full(30, 0.1), np.arange(30) % 7) == (None, None)
    assert bootstrap_mean(np.array([0.1, 0.2]), np.array(["a", "b"])) == pytest.approx((0.1, 0.2))


@given(st.integers(1, 30), st.sampled_from([0.0, 1.0]))
def test_a_rate_without_any_error_has_the_exact_interval(n_subjects, rate):
    found = bootstrap_rate(np.full(3 * n_subjects, rate), np.arange(3 * n_subjects) % n_subjects)
    bound = 0.025 ** (1 / n_subjects)
    assert found == pytest.approx((0, 1 - bound) if rate == 0 else (bound, 1))


def test_a_rate_with_errors_has_the_bootstrap_s_interval():
    rng = np.random.default_rng(0)
    values, subjects = rng.random(100) < 0.3, rng.integers(0, 12, 100)
    assert bootstrap_rate(values, subjects) == bootstrap_mean(values, subjects)


def test_bad_lists_are_refused():
    with pytest.raises(BadInput, match="subject of its probe"):
        ScoreBootstrap(np.ones(2), np.ones(2), np.zeros(2), np.zeros(3))
    with pytest.raises(BadInput, match="NaN"):
        bootstrap_mean(np.array([np.nan]), np.zeros(1))
    with pytest.raises(BadInput, match="2 values need 2 subjects"):
        bootstrap_mean(np.ones(2), np.zeros(3))
