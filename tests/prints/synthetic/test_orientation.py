"""The zero-pole orientation field against its formula and against topology."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.prints.synthetic.orientation import (
    PATTERNS,
    Singularities,
    draw_pattern,
    draw_singularities,
    orientation,
    poincare_index,
)

PLANE = np.arange(-40, 41, 4)[None, :] + 1j * (np.arange(-40, 41, 4)[:, None] + 0.5)


def turn_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between directions, which are the same after half a turn."""
    return np.abs((a - b + np.pi / 2) % np.pi - np.pi / 2)


@given(pattern=st.sampled_from(list(PATTERNS)), seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_half_a_turn_at_each_core_and_delta_and_none_elsewhere(pattern: str, seed: int) -> None:
    finger = draw_singularities(np.random.default_rng(seed), pattern)
    assert len(finger.cores) == len(finger.deltas) == {"arch": 0, "whorl": 2}.get(pattern, 1)
    for core in finger.cores:
        assert poincare_index(core, finger) == pytest.approx(0.5, abs=1e-6)
    for delta in finger.deltas:
        assert poincare_index(delta, finger) == pytest.approx(-0.5, abs=1e-6)
    assert poincare_index(complex(5, 40), finger) == pytest.approx(0.0, abs=1e-6)


def test_without_correction_it_is_sherlock_and_monros_sum() -> None:
    finger = Singularities("whorl", np.array([3 + 5j, -2 - 4j]), np.array([30 - 33j, -28 - 37j]), 0.0, 0.0, 0.0)
    expected = np.zeros(PLANE.shape)
    for i, z in np.ndenumerate(PLANE):
        for core in finger.cores:
            expected[i] += np.arctan2(z.imag - core.imag, z.real - core.real) / 2
        for delta in finger.deltas:
            expected[i] -= np.arctan2(z.imag - delta.imag, z.real - delta.real) / 2
    assert turn_between(orientation(PLANE, finger), expected).max() < 1e-12


def test_a_mirrored_finger_has_mirrored_ridges() -> None:
    left = Singularities("left loop", np.array([1 + 2j]), np.array([28 - 35j]), 0.6, 0.0, 1.0)
    right = left._replace(pattern="right loop", cores=-left.cores.conj(), deltas=-left.deltas.conj())
    assert turn_between(orientation(-PLANE.conj(), right), -orientation(PLANE, left)).max() < 1e-9


def test_ridges_of_a_left_loop_leave_at_the_lower_left() -> None:
    finger = draw_singularities(np.random.default_rng(3), "left loop")
    below = orientation(np.array([-12.0 - 14.0j]), finger)[0]
    assert np.deg2rad(20) < below < np.deg2rad(90)


def test_far_above_the_core_ridges_are_level() -> None:
    for pattern in PATTERNS:
        finger = draw_singularities(np.random.default_rng(0), pattern)._replace(tilt=0.0)
        assert abs(orientation(np.array([40.0j]), finger)[0]) < np.deg2rad(20)


def test_patterns_come_in_their_natural_shares() -> None:
    rng = np.random.default_rng(0)
    hands = ["Left", "Right"]
    drawn = [draw_pattern(rng, hands[i % 2]) for i in range(12_000)]
    assert sum(PATTERNS.values()) == pytest.approx(1.0)
    for pattern, share in PATTERNS.items():
        assert np.mean([name == pattern for name in drawn]) == pytest.approx(share, abs=0.02)
    left_hand = drawn[::2]
    assert left_hand.count("left loop") > 10 * left_hand.count("right loop")


def test_unknown_pattern() -> None:
    with pytest.raises(BadInput, match="'star'"):
        draw_singularities(np.random.default_rng(0), "star")
