"""Batches of views: one data set each, drawn by seed and step alone, with the numbers that the losses need."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.matching.siamese.ridge import FRAME_SIDE, upright
from ridgecode.prints.core import Core, find_core
from ridgecode.prints.frame import frame_corner, framed
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print
from ridgecode.training.views import ridge_views
from ridgecode.training.views.finger_views import FingerSet, finger_sets
from ridgecode.training.views.ridge_views import (
    ANY_WEIGHT,
    CENTRE_BELOW_CORE,
    CORE_WEIGHT,
    SURE,
    UNSURE,
    RidgeBatches,
    _drawn,
    frames,
    ridge_batch,
    ridge_variation,
    with_middles,
)
from ridgecode.training.views.shared_batches import StoreShares
from ridgecode.training.views.variations import OF_ALTERED_PRINTS, OF_REAL_PRINTS


def _set(name: str, n_fingers: int, n_impressions: int) -> FingerSet:
    """Fingers whose prints are of one grey, so that a view tells which print it shows."""
    n = n_fingers * n_impressions
    prints = np.full((n, FRAME_SIDE, FRAME_SIDE), 255, np.uint8)
    prints[:, 60:100, 60:100] = np.linspace(0, 200, n).astype(np.uint8)[:, None, None]
    rows = np.arange(n).reshape(n_fingers, n_impressions)
    return FingerSet(name, prints, [[np.array([row]) for row in of_finger] for of_finger in rows])


@pytest.mark.parametrize(("n_fingers", "n_impressions", "each"), [(10, 4, 4), (10, 1, 2), (300, 3, 4)])
def test_each_finger_has_two_views_of_each_of_its_drawn_impressions(n_fingers, n_impressions, each) -> None:
    batch = ridge_batch(_set("a", n_fingers, n_impressions), 32, np.random.default_rng(0))
    counts = np.unique(batch.fingers.numpy(), return_counts=True)[1]
    assert set(counts.tolist()) == {each}
    assert len(counts) == min(32 // each, n_fingers)
    assert batch.views.shape == (len(batch.fingers), FRAME_SIDE, FRAME_SIDE)
    _, of_impressions = np.unique(batch.impressions.numpy(), return_counts=True)
    assert set(of_impressions.tolist()) == {2} and len(of_impressions) == len(counts) * each // 2
    for one in batch.impressions.unique():
        assert len(batch.fingers[batch.impressions == one].unique()) == 1


def test_the_two_views_of_an_impression_show_different_prints_of_it() -> None:
    """The Real print and its alterations, which lie in the same place."""
    prints = np.full((40, FRAME_SIDE, FRAME_SIDE), 255, np.uint8)
    prints[:, 60:100, 60:100] = np.arange(40)[:, None, None]
    of = FingerSet("a", prints, [[np.arange(4 * finger, 4 * finger + 4)] for finger in range(10)])
    real = 0
    for seed in range(20):
        for finger in of.impressions:
            rows, shown = _drawn(finger, 2, np.random.default_rng((seed, int(finger[0][0]))))
            assert len(set(rows.tolist())) == 2 and not shown.any()
            real += finger[0][0] in rows
    assert 0.4 < real / 200 < 0.85  # twice 0.35, but not both


def test_the_seed_and_the_step_alone_decide_a_batch() -> None:
    sets, shares = [_set("a", 6, 2), _set("b", 6, 1)], StoreShares([0.5, 0.5])
    both = [*RidgeBatches(sets, shares, 16, 3, 2, 0), *RidgeBatches(sets, shares, 16, 3, 2, 1)]
    again = [*RidgeBatches(sets, shares, 16, 3, 4, 0)]
    for one, other in zip(both, again, strict=True):
        assert bool((one.views == other.views).all()) and bool((one.fingers == other.fingers).all())
    assert not bool((both[0].views[:4] == both[2].views[:4]).all())


def test_altered_prints_lie_where_their_real_print_does(matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    fingers, levels = store.column("finger_id"), store.column("level")
    rows = np.flatnonzero(fingers == fingers[0])
    (real,) = rows[levels[rows] == "Real"]
    corner = frame_corner(store.image(int(real)))
    expected = [framed(np.asarray(store.image(int(row))), corner) for row in rows]
    np.testing.assert_array_equal(frames(store, rows), expected)
    np.testing.assert_array_equal(frames(store, np.array([real])), [framed(np.asarray(store.image(int(real))))])


def test_the_fingers_of_a_store_have_frames(matching_store: Path) -> None:
    (of,) = finger_sets(PrintStore.open(matching_store), "train", frames)
    assert of.prints.shape[1:] == (FRAME_SIDE, FRAME_SIDE) and len(of) == 20


def test_views_of_every_set_are_brought_to_the_middle_and_altered_prints_keep_their_window() -> None:
    real, altered = ridge_variation(OF_REAL_PRINTS), ridge_variation(OF_ALTERED_PRINTS)
    assert real.recentre and altered.recentre
    assert altered.window == OF_ALTERED_PRINTS.window and altered.window_shift_px == OF_ALTERED_PRINTS.window_shift_px
    assert real.window_shift_px > 4 * altered.window_shift_px


def test_the_stated_movement_leads_from_a_print_to_its_view() -> None:
    """Turned back by the movement, each view shows where the print is dark."""
    of = _set("a", 4, 1)
    of.prints[:] = 255
    of.prints[:, 40:120, 50:110] = 0
    batch = ridge_batch(of, 8, np.random.default_rng(0))
    assert float(torch.stack((batch.moved.right, batch.moved.down)).abs().max()) > 3
    back = upright(1 - batch.views[:, None], batch.moved, 160)[:, 0]
    outside = torch.ones(160, 160, dtype=torch.bool)
    outside[25:135, 35:125] = False
    assert float(back[:, outside].mean()) < 0.05 * float(back[:, ~outside].mean())


def test_middles_lie_below_the_cores_of_the_real_prints_and_are_mirrored_with_them() -> None:
    master = master_print(3, "whorl", field_of_view=1.5)
    real = framed(impression(master, 1))
    prints = np.stack([real, 255 - 0 * real, real, real])
    of = with_middles(FingerSet("a", prints, [[np.array([0, 1])], [np.array([2])], [np.array([3])]]))
    core = find_core(real)
    assert core.certainty > SURE and of.middles is not None
    # The white print is an altered one, and lies where its Real print does.
    np.testing.assert_allclose(of.middles, [[core.right, core.down + CENTRE_BELOW_CORE, CORE_WEIGHT]] * 4, rtol=1e-5)
    batch = ridge_batch(of, 6, np.random.default_rng(0))
    assert batch.middles is not None
    assert set(batch.middles.right.abs().tolist()) == {abs(np.float32(core.right))}
    signs = {batch.middles.right[batch.fingers == finger].sign().unique().numel() for finger in range(3)}
    assert signs == {1} and batch.middles.right.unique().numel() == 2


def test_an_unsure_core_weighs_less_but_lies_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    halfway = Core(20.0, -12.0, (UNSURE + SURE) / 2)
    monkeypatch.setattr(ridge_views, "find_core", lambda grey: halfway)
    of = with_middles(FingerSet("a", np.zeros((2, 160, 160), np.uint8), [[np.array([0])], [np.array([1])]]))
    assert of.middles is not None
    np.testing.assert_allclose(of.middles, [[20.0, CENTRE_BELOW_CORE - 12.0, CORE_WEIGHT / 2]] * 2, rtol=1e-6)


def test_a_print_without_a_sure_core_hardly_draws_the_pose() -> None:
    plain = np.full((2, 160, 160), 255, np.uint8)
    of = with_middles(FingerSet("a", plain, [[np.array([0])], [np.array([1])]]))
    assert of.middles is not None
    np.testing.assert_array_equal(of.middles, np.array([[0, 0, ANY_WEIGHT]] * 2, np.float32))
