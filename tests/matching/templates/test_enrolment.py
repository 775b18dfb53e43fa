"""Which prints enrol, and how many of a list's do not: against sets of names."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.templates import enrolment
from ridgecode.matching.templates.enrolment import (
    Enrolled,
    Enrolment,
    check_left,
    enrolment_counts,
    enrolment_of,
    failure_to_enrol,
    qualities,
)


@pytest.fixture(autouse=True)
def brightness(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quality that is easy to state: the mean grey."""
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: float(grey.mean()))


def prints(*greys: int) -> np.ndarray:
    return np.stack([np.full((4, 3), grey, np.uint8) for grey in greys])


class Listed(SimpleNamespace):
    """What a comparison list has of its prints."""

    def __len__(self) -> int:
        return len(self.mated)


def listed() -> Any:
    """Of the protocol `fvc`: the prints b and c are probes and references."""
    return Listed(
        protocol="fvc",
        probe_names=np.array(["a", "b", "c"], object),
        reference_names=np.array(["b", "c", "d"], object),
        probe_rows=np.array([0, 0, 1, 2, 2]),
        reference_rows=np.array([0, 1, 1, 2, 0]),
        mated=np.array([True, True, False, False, False]),
    )


def test_prints_enrol_from_the_least_quality_on() -> None:
    found = Enrolment(12.0)(prints(0, 11, 12, 80))
    assert found.tolist() == [False, False, True, True] and found.dtype == bool
    assert qualities(prints(3, 90)).tolist() == [3, 90] and qualities(prints(3)).dtype == np.float32
    assert qualities(prints(3)[:0]).shape == (0,)


def test_the_quality_of_an_array_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: calls.append(1) or 50.0)
    which, sets = Enrolment(12.0), [prints(1, 2) for _ in range(5)]
    for _ in range(2):
        for one in sets[:4]:
            which(one)
    assert len(calls) == 8
    which(sets[4])
    which(sets[0])  # the oldest is forgotten
    assert len(calls) == 12


def test_no_least_quality_enrols_all() -> None:
    assert enrolment_of(0.0) is None
    stated = enrolment_of(5.0)
    assert stated is not None and stated.least_quality == 5.0


def test_comparisons_need_both_prints() -> None:
    enrolled = Enrolled(np.array([True, True, False]), np.array([True, False, True]))
    assert enrolled.compared(listed()).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("chosen", [[True] * 5, [True, True, False, False, False], [False, False, False, True, False]])
def test_counts_are_of_different_prints(chosen: list[bool]) -> None:
    fails = {"c", "d"}
    comparisons = listed()
    enrolled = Enrolled(
        *(
            np.array([name not in fails for name in names])
            for names in (comparisons.probe_names, comparisons.reference_names)
        )
    )
    rows = np.flatnonzero(chosen)
    named = {comparisons.probe_names[comparisons.probe_rows[row]] for row in rows} | {
        comparisons.reference_names[comparisons.reference_rows[row]] for row in rows
    }
    found = enrolment_counts(comparisons, enrolled, np.array(chosen))
    assert found == (len(named), len(named & fails))


def test_a_list_without_comparisons() -> None:
    comparisons = listed()
    check_left(comparisons, Enrolled(np.ones(3, bool), np.ones(3, bool)))
    without_mated = Enrolled(np.array([False, True, True]), np.ones(3, bool))
    with pytest.raises(
        BadInput, match="no mated comparison is left of the protocol fvc: 1 of its 4 prints fail"
    ) as one:
        check_left(comparisons, without_mated)
    assert "\n" not in str(one.value)
    with pytest.raises(BadInput, match="no mated and no non-mated comparison is left of the protocol fvc: 4 of its 4"):
        check_left(comparisons, Enrolled(np.zeros(3, bool), np.zeros(3, bool)))


def test_the_sentence_names_the_print() -> None:
    assert failure_to_enrol("A.png", 0.2, 12.0).startswith(
        "A.png: no ridges were found, its quality is 0.2 of 100 and below 12, so it fails to enrol"
    )
    assert "too few clear ridges were found, its quality is 11.9 of 100" in failure_to_enrol("A.png", 11.9, 12.0)
