"""Master prints: minutiae, and what is refused."""

import pytest
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.synthetic.masters import master_print
from support.minutiae_count import crossing_numbers


def test_masters_have_as_many_minutiae_as_fingers() -> None:
    """Fingers have 0.15 to 0.35 minutiae a mm^2 and 0.4 to 0.55 mm between ridges: 0.024 to 0.11 a squared period."""
    for master in map(master_print, range(8)):
        smooth = ndimage.zoom(ndimage.gaussian_filter(master.height, 1.0), 2, order=3)
        numbers = crossing_numbers(smooth > 0)[40:-40, 40:-40]
        squared_periods = numbers.size / (2 * master.scale * master.ridge_period) ** 2
        endings, bifurcations = (numbers == 1).sum() / squared_periods, (numbers == 3).sum() / squared_periods
        assert 0.024 < endings + bifurcations < 0.15
        assert endings > 0.01 and bifurcations > 0.01


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"pattern": "star"}, "'star'"),
        ({"ridge_period": 1.0}, "ridge_period"),
        ({"seed": -1}, "Seed"),
        ({"hand": "Middle"}, "Hand"),
        ({"digit": "toe"}, "finger 'toe'"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        master_print(**{"seed": 0, **arguments})  # type: ignore[arg-type]
