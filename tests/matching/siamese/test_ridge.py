"""The parts of the network `ridge` are compared with formulas, slow loops and views of known movement."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.ridge import (
    Middles,
    Pose,
    RidgeNetwork,
    local_contrast,
    pose_loss,
    upright,
)
from ridgecode.prints.frame import FRAME_SIDE
from ridgecode.prints.varied_views import Variation, moved_views

STILL = Pose(torch.zeros(2), torch.zeros(2), torch.zeros(2))


def _frames(n: int, seed: int = 0) -> np.ndarray:
    rough = np.random.default_rng(seed).uniform(0, 255, (n, FRAME_SIDE, FRAME_SIDE))
    smooth = ndimage.gaussian_filter(rough, (0, 2, 2))
    smooth = 255 * (smooth - smooth.min()) / (smooth.max() - smooth.min())
    out = np.full_like(smooth, 255)
    out[:, 30:-30, 40:-40] = smooth[:, 30:-30, 40:-40]
    return out.astype(np.uint8)


def test_embeddings_are_unit_vectors_whose_score_is_the_cosine():
    torch.manual_seed(0)
    net = RidgeNetwork(dims=32).eval()
    with torch.inference_mode():
        e = net.embed(torch.from_numpy(_frames(3))[:, None].float() / 255).numpy()
    np.testing.assert_allclose(np.linalg.norm(e, axis=1), 1, atol=1e-5)
    assert e.shape == (3, 32)
    expected = [float(np.dot(e[0], one)) for one in e]
    np.testing.assert_allclose(net.score(torch.from_numpy(e[:1]), torch.from_numpy(e)), expected, atol=1e-6)


def test_another_input_is_refused_with_the_flags_to_leave_out():
    with pytest.raises(BadInput, match="--image_height"):
        RidgeNetwork(96, 90, 1)


def test_a_view_that_is_turned_back_by_its_movement_is_the_print_again():
    frames = _frames(6)
    still = {"scale": 0, "stretch": 0, "bend_px": 0, "press_share": 0, "light_share": 0, "grain": 0, "cover_share": 0}
    views, moved = moved_views(frames, np.random.default_rng(1), (FRAME_SIDE, FRAME_SIDE), Variation(30, 14, **still))
    back = upright(1 - views[:, None], Pose(*moved), FRAME_SIDE)[:, 0]
    middle = upright(1 - views[:, None], Pose(*moved), FRAME_SIDE - 40)[:, 0]
    np.testing.assert_allclose(middle, back[:, 20:-20, 20:-20], atol=1e-4)
    for one, again, view in zip(1 - frames / 255, back.numpy(), views.numpy(), strict=True):
        middle = (slice(30, -30), slice(40, -40))
        assert np.corrcoef(one[middle].ravel(), again[middle].ravel())[0, 1] > 0.95
        assert np.corrcoef(one[middle].ravel(), 1 - view[middle].ravel())[0, 1] < 0.9


def test_local_contrast_does_not_depend_on_light_and_contrast():
    x = torch.from_numpy(_frames(2))[:, None].float() / 255
    same = local_contrast(0.6 * x + 0.2)
    plain = local_contrast(x)
    assert float(torch.corrcoef(torch.stack((same.flatten(), plain.flatten())))[0, 1]) > 0.99
    assert float(local_contrast(torch.ones(1, 1, FRAME_SIDE, FRAME_SIDE)).abs().max()) == 0


def test_the_pose_loss_is_zero_where_predictions_are_the_movements_and_ignores_where_a_print_lies():
    random = torch.Generator().manual_seed(0)
    moved = Pose(*torch.rand(3, 8, generator=random))
    prints = torch.arange(8) // 2
    assert float(pose_loss(moved, moved, prints)) == pytest.approx(0, abs=1e-6)
    # The own pose of a print is carried along by a view's movement: turned by it, then shifted.
    own_right, own_down, own_turn = 5.0, -3.0, 0.2
    cos, sin = moved.rotation.cos(), moved.rotation.sin()
    carried = Pose(
        moved.rotation + own_turn,
        moved.right + own_right * cos + own_down * sin,
        moved.down - own_right * sin + own_down * cos,
    )
    assert float(pose_loss(carried, moved, prints, anchor=0.0)) == pytest.approx(0, abs=1e-6)
    assert float(pose_loss(carried, moved, prints, anchor=0.2)) > 0.1


def test_upright_middles_that_are_known_draw_the_pose_there_by_their_weight():
    """Against the formula: predictions that lie `off` pixels from the middle that is known."""
    n, off = 6, 10.0
    moved = Pose(torch.zeros(n), torch.full((n,), 3.0), torch.full((n,), -2.0))
    middles = Middles(torch.full((n,), 20.0), torch.full((n,), -30.0), torch.full((n,), 0.5))
    there = Pose(torch.zeros(n), moved.right + 20.0, moved.down - 30.0)
    prints = torch.arange(n) // 2
    assert float(pose_loss(there, moved, prints, middles=middles)) == pytest.approx(0, abs=1e-6)
    aside = there._replace(right=there.right + off)
    # smooth L1 in units of 4 pixels, a third of the three numbers
    assert float(pose_loss(aside, moved, prints, middles=middles)) == pytest.approx(0.5 * (off / 4 - 0.5) / 3, rel=1e-5)
    unknown = middles._replace(weight=torch.zeros(n))
    assert float(pose_loss(aside, moved, prints, middles=unknown)) == pytest.approx(0, abs=1e-6)
    turned = there._replace(rotation=there.rotation + 0.7)
    assert float(pose_loss(turned, moved, prints, anchor=0.1, middles=unknown)) == pytest.approx(
        0.1 * 9.5 / 3, rel=1e-4
    )


@pytest.mark.parametrize("side", [96, 160])
def test_a_network_that_sees_another_part_of_the_frame_is_read(side: int) -> None:
    """As versions before 128 wrote it, which saw the whole frame: the same layers, and a last map of 5x5 places."""
    torch.manual_seed(0)
    net = RidgeNetwork(dims=16)
    weights = net.state_dict()
    (last,) = [name for name, one in weights.items() if name.startswith("branch") and one.shape == (16, 256 * 4 * 4)]
    weights[last] = torch.randn(16, 256 * (side // 32) ** 2) / 80
    other = RidgeNetwork(dims=16)
    other.load_state_dict(weights)
    x = torch.from_numpy(_frames(2))[:, None].float() / 255
    with torch.inference_mode():
        for one, seen in ((net.eval(), 128), (other.eval(), side)):
            for row, changes in (
                ((FRAME_SIDE - seen) // 2 - 2, seen == FRAME_SIDE),
                ((FRAME_SIDE - seen) // 2 + 2, True),
            ):
                marked = x.clone()
                marked[:, :, max(row, 0)] = 0.5
                apart = one.embed_posed(x, STILL) - one.embed_posed(marked, STILL)
                assert (float(apart.abs().max()) > 0) == changes
    with pytest.raises(RuntimeError):
        net.load_state_dict({**weights, last: torch.zeros(16, 7)})
