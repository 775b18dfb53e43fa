"""The matching part of an evaluation: prints that fail to enrol, and the speed of comparisons."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.evaluation.headlines import evaluation_headline
from ridgecode.evaluation.matching import MatchingPart, comparisons_per_second
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.scored_lists import EvaluatedList, ScoredList
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.templates import enrolment
from ridgecode.matching.templates.enrolment import Enrolment
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.scoring import pair_scores
from ridgecode.matching.vectors import dot_scores
from ridgecode.prints.store import PrintStore
from support.several_sets import pairs_of_sets


def corners(prints: np.ndarray) -> np.ndarray:
    return prints[:, ::16, ::16].reshape(len(prints), -1).astype(np.float32)


@pytest.fixture
def scored(altered_store: Path) -> ScoredList:
    store = PrintStore.open(altered_store)
    return ScoredList.of(store, comparison_list(store, "val", "aligned"))


def overall(part: MatchingPart) -> dict[str, Any]:
    return next(row for row in part.table if row["level"] == row["alteration"] == "all")


@pytest.mark.parametrize("own_list", [True, False])
def test_prints_that_fail_to_enrol(scored: ScoredList, monkeypatch: pytest.MonkeyPatch, own_list: bool) -> None:
    """On the measured list itself, and on another one that thresholds are chosen on."""
    blank = scored.probes[2]
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: 0.0 if np.array_equal(grey, blank) else 50.0)
    system = MatchingSystem("corners", 4, corners, dot_scores, enrolment=Enrolment(12.0))
    part = MatchingPart()
    part.add(EvaluatedList(scored, None if own_list else scored, "val"), system)
    row, listed = overall(part), scored.comparisons
    left = listed.probe_rows != 2
    scores, mated = scored.scores(system)[left], listed.mated[left]
    assert row["eer"] == equal_error_rate(error_rates(scores[mated], scores[~mated]))
    assert (row["n_mated"], row["n_non_mated"]) == (mated.sum(), (~mated).sum())
    assert row["threshold_n_non_mated"] == (~mated).sum()
    n_prints = len(listed.probe_names) + len(listed.reference_names)
    assert (row["n_prints"], row["n_failed_to_enrol"]) == (n_prints, 1)
    assert row["failure_to_enrol"] == pytest.approx(1 / n_prints)
    line = next(iter(evaluation_headline({"matching": part.table})))
    assert line.endswith(f" subjects, 1 of {n_prints} prints failed to enrol")


def test_a_system_that_enrols_all_says_nothing_of_it(scored: ScoredList) -> None:
    part = MatchingPart()
    part.add(EvaluatedList(scored, None, "val"), MatchingSystem("corners", 4, corners, dot_scores))
    assert not {"n_prints", "n_failed_to_enrol", "failure_to_enrol"} & overall(part).keys()


def test_a_list_without_a_comparison_left(scored: ScoredList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: 0.0)
    system = MatchingSystem("corners", 4, corners, dot_scores, enrolment=Enrolment(12.0))
    n_prints = len(scored.comparisons.probe_names) + len(scored.comparisons.reference_names)
    for threshold_list in (None, scored):
        with pytest.raises(BadInput, match=f"aligned: {n_prints} of its {n_prints} prints fail to enrol") as raised:
            MatchingPart().add(EvaluatedList(scored, threshold_list, "val"), system)
        assert "\n" not in str(raised.value)


def test_the_speed_of_stored_templates_is_that_of_a_search(scored: ScoredList) -> None:
    format, calls = TemplateFormat(16, 8), []

    def integers(prints: np.ndarray) -> np.ndarray:
        return np.full((len(prints), 16), 3, np.int8)

    def scores(*given: Any) -> np.ndarray:
        calls.append(given)
        return pair_scores(format, *given)

    assert comparisons_per_second(MatchingSystem("threes", 16, integers, scores, format), scored) > 0
    assert not calls
    assert comparisons_per_second(MatchingSystem("threes", 16, integers, scores), scored) > 0
    assert calls


def test_the_error_curves_of_each_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = pairs_of_sets()
    prints = np.random.default_rng(0).integers(0, 255, (len(listed.probe_names), 48, 48), np.uint8)
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: 0.0 if np.array_equal(grey, prints[1]) else 50.0)
    system = MatchingSystem("corners", 4, corners, dot_scores, enrolment=Enrolment(12.0))
    scored, part = ScoredList(listed, prints, prints), MatchingPart()
    part.add(EvaluatedList(scored, None, "all"), system)
    part.write(tmp_path)
    scores = scored.scores(system)
    with np.load(tmp_path / "curves.npz") as lines:
        # The set "alone" has one finger, so no FMR.
        ends = ("", "|FVC2002_DB1_B", "|FVC2004/DB1_B")
        assert set(lines) == {f"corners|fvc-all|{rate}{end}" for rate in ("fmr", "fnmr") for end in ends}
        for end in ends:
            here = ~np.isnan(scores) & (listed.set == end[1:] if end else True)
            expected = error_rates(scores[here & listed.mated], scores[here & ~listed.mated])
            np.testing.assert_array_equal(lines[f"corners|fvc-all|fmr{end}"], expected.fmr)
            np.testing.assert_array_equal(lines[f"corners|fvc-all|fnmr{end}"], expected.fnmr)


def test_a_list_of_one_set_has_one_curve(scored: ScoredList, tmp_path: Path) -> None:
    part = MatchingPart()
    part.add(EvaluatedList(scored, None, "val"), MatchingSystem("corners", 4, corners, dot_scores))
    part.write(tmp_path)
    with np.load(tmp_path / "curves.npz") as lines:
        assert set(lines) == {"corners|aligned|fmr", "corners|aligned|fnmr"}
