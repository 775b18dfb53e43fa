"""The threshold of a list, and the number of comparisons that it rests on."""

import numpy as np
import pytest
from scipy.stats import binomtest

from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import decision_threshold


def test_a_short_list_gives_the_threshold_that_rejects_all_its_non_mated_comparisons(make_store, make_fvc_labels):
    listed = comparison_list(make_store(make_fvc_labels(4), source="fvc"), "all", "fvc")
    scores = np.random.default_rng(0).normal(size=len(listed)).astype(np.float32)
    threshold, fmr, counts = decision_threshold(scores, listed, 0.001)
    others = scores[~listed.mated].astype(np.float64)
    assert threshold > others.max() and fmr == 0
    # A threshold between scores is a score, so the next lower one accepts a non-mated comparison.
    assert (others >= np.max(scores[scores < threshold])).any()
    # Of 4 fingers, the first is never a probe of a non-mated comparison.
    assert counts == (4 * 28, 6, 3, pytest.approx(1 - 0.025 ** (1 / 3)))


def test_a_long_list_has_the_bootstrap_s_interval(make_store, make_fvc_labels):
    listed = comparison_list(make_store(make_fvc_labels(), source="fvc"), "all", "fvc-all")
    # One finger is accepted more often than the others, so the comparisons are not independent.
    scores = np.random.default_rng(0).normal(size=len(listed)) + 2 * (listed.probe_subject.astype(str) == "105")
    threshold, fmr, counts = decision_threshold(scores, listed, 0.1)
    wrong = (scores >= threshold)[~listed.mated]
    assert fmr == wrong.mean() == pytest.approx(0.1, abs=0.001)
    assert counts.fmr_high == bootstrap_mean(wrong, listed.probe_subject[~listed.mated].astype(str)).high
    assert fmr < counts.fmr_high < 0.3


def test_the_interval_of_two_subjects_is_no_narrower_than_that_of_independent_comparisons(make_store, make_fvc_labels):
    listed = comparison_list(make_store(make_fvc_labels(3), source="fvc"), "all", "fvc-all")
    wrong = np.flatnonzero(~listed.mated)[::40]
    scores = np.where(listed.mated, 2.0, 0.0)
    scores[wrong] = 1.0
    counts = decision_threshold(scores, listed, len(wrong) / (~listed.mated).sum()).counts
    assert counts.n_subjects == 2
    exact = binomtest(len(wrong), counts.n_non_mated).proportion_ci(0.95, method="exact").high
    assert counts.fmr_high == pytest.approx(exact)
