"""Alterations change a region of the size their level says, and nothing outside it."""

import numpy as np
import pytest
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.labels import ALTERATIONS, ALTERED_LEVELS
from ridgecode.prints.synthetic.alterations import alter
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


@pytest.fixture(scope="module")
def prints() -> list[np.ndarray]:
    return [impression(master_print(seed), seed) for seed in range(10)]


@pytest.mark.parametrize("kind", ALTERATIONS)
def test_levels_keep_ever_fewer_pixels_between_70_and_98_percent(prints: list[np.ndarray], kind: str) -> None:
    for seed, image in enumerate(prints):
        kept = [np.mean(alter(image, kind, level, seed) == image) for level in ALTERED_LEVELS]
        assert 0.98 > kept[0] > kept[1] > kept[2] > 0.70


@pytest.mark.parametrize("level", ALTERED_LEVELS)
@pytest.mark.parametrize("kind", ALTERATIONS)
def test_changes_lie_in_one_place(prints: list[np.ndarray], kind: str, level: str) -> None:
    for seed, image in enumerate(prints):
        changed = ndimage.binary_closing(np.pad(alter(image, kind, level, seed) != image, 8), iterations=6)
        sizes = ndimage.sum_labels(changed, ndimage.label(changed)[0], range(1, ndimage.label(changed)[1] + 1))
        assert max(sizes) > 0.9 * sum(sizes)


def test_a_rotated_disc_is_round_and_holds_the_print_turned(prints: list[np.ndarray]) -> None:
    rings = np.indices((97, 90)) - np.array([[[48.0]], [[45.0]]])
    dots = np.full((97, 90), 128, np.uint8)
    dots[(np.abs(rings[0]) < 40) & (np.abs(rings[1]) < 40)] = 100
    altered = alter(prints[0], "CR", "Medium", 4)
    row, column = np.nonzero(altered != prints[0])
    centre = (row.min() + row.max()) / 2, (column.min() + column.max()) / 2
    radius = (row.max() - row.min() + 1) / 2
    assert np.hypot(row - centre[0], column - centre[1]).max() < radius + 1.5
    # Turning the disc changes its mean grey only by what the pale seam adds.
    inner = np.hypot(*(np.indices(altered.shape) - np.array(centre)[:, None, None])) < radius - 9
    assert altered[inner].mean() == pytest.approx(prints[0][inner].mean(), abs=25)
    assert np.abs(altered[inner].astype(int) - prints[0][inner]).mean() > 30
    # On a print of one grey nothing but the seam can change, and it only gets paler.
    grey = np.full((97, 90), 100, np.uint8)
    assert (alter(grey, "CR", "Medium", 4) >= grey).all()
    assert (alter(dots, "CR", "Hard", 4) >= 100).all()


def test_flaps_of_a_z_cut_come_from_within_it(prints: list[np.ndarray]) -> None:
    """A z-cut moves skin inside its own outline: where that is all one grey, only the pale seams show."""
    grey = np.full((97, 90), 100, np.uint8)
    for seed in range(10):
        altered = alter(grey, "Zcut", "Hard", seed)
        assert (altered >= grey).all() and 0.01 < (altered > 120).mean() < 0.15


def test_obliteration_blurs_ridges_away(prints: list[np.ndarray]) -> None:
    for seed, image in enumerate(prints):
        altered = alter(image, "Obl", "Hard", seed)
        middle = ndimage.binary_erosion(altered != image, iterations=9)
        if not middle.any():
            continue
        fine = [
            np.std((picture - ndimage.gaussian_filter(picture.astype(float), 1.5))[middle])
            for picture in (altered, image)
        ]
        assert fine[0] < 0.7 * fine[1]


def test_same_seed_same_pixels_and_the_original_is_left_alone(prints: list[np.ndarray]) -> None:
    before = prints[3].copy()
    assert np.array_equal(alter(prints[3], "Obl", "Hard", 1), alter(prints[3], "Obl", "Hard", 1))
    assert not np.array_equal(alter(prints[3], "Obl", "Hard", 1), alter(prints[3], "Obl", "Hard", 2))
    assert np.array_equal(prints[3], before)


def test_blank_and_black_prints_can_be_altered() -> None:
    for value in (0, 255):
        image = np.full((97, 90), value, np.uint8)
        for kind in ALTERATIONS:
            assert alter(image, kind, "Hard", 0).shape == image.shape


def test_bad_arguments(prints: list[np.ndarray]) -> None:
    with pytest.raises(BadInput, match="'Burn'"):
        alter(prints[0], "Burn", "Easy", 0)
    with pytest.raises(BadInput, match="'Trivial'"):
        alter(prints[0], "CR", "Trivial", 0)
    with pytest.raises(BadInput, match="uint8"):
        alter(prints[0].astype(float), "CR", "Easy", 0)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="Seed"):
        alter(prints[0], "CR", "Easy", -1)
