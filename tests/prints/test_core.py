"""The core is compared with the place where synthetic fingers have it, and with formulas of ideal ridges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.prints.core import find_core
from ridgecode.prints.frame import frame_corner, framed
from ridgecode.prints.synthetic.impressions import Contact, Placement, impression
from ridgecode.prints.synthetic.masters import master_print


def _nested_parabolas(right: float, down: float, turn: float = 0.0) -> np.ndarray:
    """(160, 160) uint8: ridges along parabolas that are nested around a place, in pixels from the middle, and open
    downwards, turned anticlockwise."""
    y, x = np.mgrid[:160, :160] - 79.5
    x, y = x - right, y - down
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    # Parabolas with their focus at 0: sqrt(r - y) is the same along each; those that open downwards.
    ridges = np.cos(2 * np.pi * (np.hypot(x, y) - y) / 2 / 3.5)
    return np.where(np.hypot(*np.mgrid[-80:80, -80:80]) < 65, 127 + 100 * ridges, 255).astype(np.uint8)


@settings(deadline=None, max_examples=25)
@given(st.floats(-25, 25), st.floats(-25, 25), st.floats(-0.5, 0.5))
def test_the_focus_of_nested_parabolas_is_found(right: float, down: float, turn: float) -> None:
    core = find_core(_nested_parabolas(right, down, turn))
    assert np.hypot(core.right - right, core.down - down) < 6
    assert core.certainty > 0.35


def test_parabolas_that_open_upwards_are_no_core() -> None:
    up = find_core(_nested_parabolas(0, 0))
    down = find_core(np.ascontiguousarray(_nested_parabolas(0, 0)[::-1]))
    assert np.hypot(up.right, up.down) < 6
    assert down.certainty < up.certainty or np.hypot(down.right, down.down) > 20


@pytest.mark.parametrize("pattern", ["whorl", "left loop", "right loop", "tented arch"])
def test_two_impressions_of_a_finger_have_their_core_at_the_same_place_of_the_finger(pattern: str) -> None:
    apart = []
    for seed in range(8):
        master = master_print(seed, pattern, field_of_view=1.5)
        of_finger = []
        for nth, placement in enumerate((Placement(0.1, 50.0, 40.0), Placement(-0.1, 72.0, 50.0))):
            image = impression(master, 10 * seed + nth, placement, Contact(0.4, 1.0, 0.0))
            corner, core = frame_corner(image), find_core(framed(image))
            of_finger.append(
                (
                    core.right + 79.5 - corner.column - 1.5 * placement.column,
                    core.down + 79.5 - corner.row - 1.5 * placement.row,
                )
            )
        apart.append(np.hypot(*np.subtract(*of_finger)))
    assert np.median(apart) < 8


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_image_without_ridges_has_no_sure_core(grey: int) -> None:
    assert find_core(np.full((97, 90), grey, np.uint8)).certainty < 0.05
