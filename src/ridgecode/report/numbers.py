"""Numbers as text for a report: rounded, in the unit that its columns name, "–" for a missing one."""

NONE = "–"


def significant(value: float | None, digits: int = 4) -> str:
    """`value` to `digits` significant figures, trailing zeros kept: 0.0186 is "0.01860"."""
    if value is None:
        return NONE
    return f"{value:#.{digits}g}".rstrip(".").replace("-", "−")


def fixed(value: float | None, decimals: int = 2) -> str:
    return NONE if value is None else f"{value:,.{decimals}f}".replace("-", "−")


def percent(fraction: float | None, decimals: int = 2) -> str:
    """A fraction in %, without the percent sign."""
    return NONE if fraction is None else f"{100 * fraction:.{decimals}f}"


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
    return "" if low is None or high is None else f"{significant(low, digits)}–{significant(high, digits)}"


def percent_interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{percent(low)}–{percent(high)}"


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
