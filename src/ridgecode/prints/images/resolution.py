"""The resolution that a file's header states, without the rounding of its unit and without writers' default values."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

PLAUSIBLE_PPI = (190, 2100)
"""Scans of prints lie within. Cameras, screens and image editors write 72 to 180 into files whose scale they don't
know, and values beyond 2100 come from mistaken units."""
CM = 2.54
"""Pixels per inch of one pixel per centimetre."""


class Density(NamedTuple):
    """One statement of a file: pixels per unit of length across and down, and the unit in pixels per inch."""

    across: float
    down: float
    unit: float = 1


def stated_ppi(densities: Iterable[Density]) -> tuple[float, tuple[str, ...]]:
    """The first plausible resolution, and notes. 0 where there is none, or where across and down differ by more than
    1 %: then a note says so."""
    for density in densities:
        if not (_is_plausible(density.across, density.unit) and _is_plausible(density.down, density.unit)):
            continue
        across, down = _rounded(density.across, density.unit), _rounded(density.down, density.unit)
        if abs(across - down) > 0.01 * max(across, down):
            return 0.0, (f"states {across:g} pixels per inch across and {down:g} down; no resolution is taken from it",)
        return across, ()
    return 0.0, ()


def _is_plausible(value: float, unit: float) -> bool:
    """False for what is no number too: EXIF data may divide by zero."""
    return PLAUSIBLE_PPI[0] - 0.51 * unit < value * unit < PLAUSIBLE_PPI[1] + 0.51 * unit


def _rounded(value: float, unit: float) -> float:
    """`value` pixels per unit in pixels per inch; a multiple of 50, or a whole number, where the value can't be told
    from it: 19685 per metre and 197 per centimetre are 500."""
    ppi = value * unit
    whole = unit != 1 and value == round(value)
    noise = 0.501 * unit if whole else 0.02
    for step in (50, 1):
        if abs(ppi - (near := round(ppi / step) * step)) <= noise:
            return float(near)
    return ppi


def tag_density(tags: Mapping[int, object]) -> list[Density]:
    """The resolution in EXIF or TIFF tags: 282 across, 283 down, 296 the unit (2 inch, which is the default, or 3
    centimetre)."""
    unit = {2: 1.0, 3: CM}.get(tags.get(296, 2))  # type: ignore[call-overload]
    try:
        across = float(tags[282])  # type: ignore[arg-type]
        down = float(tags.get(283, across))  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return []
    return [Density(across, down, unit)] if unit else []
