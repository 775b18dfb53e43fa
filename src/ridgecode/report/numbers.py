"""Numbers as text for a report: rounded, in the unit that its columns name, "–" for a missing one."""

import math
from collections.abc import Mapping
from typing import Any

from ridgecode.matching import rate_text

NONE = "–"


def finite(value: Any) -> float | None:
    """`value` as a float; None where it is no number or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def significant(value: float | None, digits: int = 4) -> str:
    """`value` to `digits` significant figures, trailing zeros kept: 0.0186 is "0.01860"."""
    if value is None:
        return NONE
    return f"{value:#.{digits}g}".rstrip(".").replace("-", "−")


def fixed(value: float | None, decimals: int = 2) -> str:
    return NONE if value is None else f"{value:,.{decimals}f}".replace("-", "−")


def percent(fraction: float | None, decimals: int = 2) -> str:
    """A fraction in %, without the percent sign; only 0 and 1 are 0.00 and 100.00."""
    return NONE if fraction is None else rate_text.percent(fraction, decimals)


def rate(fraction: float | None, n: float | None, decimals: int = 2) -> str:
    """As `percent`, and "0 of 45" or "45 of 45" where none or all of `n` comparisons were decided wrongly."""
    return NONE if fraction is None else rate_text.rate_text(fraction, n, decimals)


def compared(row: Mapping[str, Any]) -> str:
    """The mated and non-mated comparisons of a row of error rates, "280 / 45"; "" where it does not have them."""
    mated, non_mated = (finite(row.get(key)) for key in ("n_mated", "n_non_mated"))
    return "" if mated is None or non_mated is None else f"{count(mated)} / {count(non_mated)}"


def eer_text(row: Mapping[str, Any], decimals: int = 2) -> str:
    """The EER of a row of error rates in %, or "0 of 45" where no comparison was decided wrongly."""
    n = rate_text.fewer(finite(row.get("n_mated")), finite(row.get("n_non_mated")))
    return rate(finite(row.get("eer")), n, decimals)


def eer_phrase(row: Mapping[str, Any]) -> str:
    """The EER for use in a sentence: "2.61 %", or "0 of 45"."""
    eer, n_mated, n_non_mated = (finite(row.get(key)) for key in ("eer", "n_mated", "n_non_mated"))
    return NONE if eer is None else rate_text.eer_phrase(eer, n_mated, n_non_mated)


def joined(*parts: str) -> str:
    """The parts that are not empty, as "0.01–0.02; 280 / 45"."""
    return "; ".join(part for part in parts if part)


def count(value: float | None) -> str:
    """A whole number with commas between thousands."""
    return NONE if value is None else f"{value:,.0f}"


def in_bytes(value: float | None) -> str:
    """Bytes, with one decimal below 100."""
    return fixed(value, 1) if value is not None and value < 99.95 else count(value)


def change(ours: float, theirs: float) -> str:
    """The relative difference of `ours` from `theirs`, for example "−49 %"."""
    return f"{100 * (ours / theirs - 1):+.0f} %".replace("-", "−") if theirs else NONE


def significant_interval(low: float | None, high: float | None, digits: int = 4) -> str:
    """ "0.01–0.02"; "" for an interval that is missing or has no width, as that of a single subject."""
    if low is None or high is None or low == high:
        return ""
    return f"{significant(low, digits)}–{significant(high, digits)}"


def percent_interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else "–".join(rate_text.percent_ends(low, high))


def interval_in_words(interval: str) -> str:
    """ "0.01–0.02" as "0.01 to 0.02", for use in a sentence."""
    return interval.replace("–", " to ")


def duration(seconds: float | None) -> str:
    """Seconds as seconds, minutes or hours, for example "42 s", "5.1 min", "2.3 h"."""
    if seconds is None:
        return NONE
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
