"""Rates as text that says no more than their comparisons show.

"EER 0.00 %" sounds like a measured rate, however few comparisons it is of. Where none was decided wrongly, the text is
"0 of 45".
"""

from collections.abc import Mapping
from typing import Any

MOST_DECIMALS = 7


def percent(fraction: float, decimals: int = 2) -> str:
    """A fraction in % without the percent sign; with more decimals where it would be rounded to 0 or to 100 without
    being so: 0.00003 is "0.003"."""
    text = f"{100 * fraction:.{decimals}f}"
    while 0 < fraction < 1 and float(text) in (0.0, 100.0) and decimals < MOST_DECIMALS:
        decimals += 1
        text = f"{100 * fraction:.{decimals}f}"
    return text


def percent_ends(low: float, high: float, decimals: int = 2) -> tuple[str, str]:
    """The ends of a rate's interval in %, without percent signs, both with the decimals that `percent` gives the higher
    one. Of a few subjects the lower end may be as small as 1e-70, which is 0.00 beside 84.75."""
    end = percent(high, decimals)
    shown = len(end.partition(".")[2])
    return (percent(low, shown) if low > 0.5 else f"{100 * low:.{shown}f}"), end


def rate_text(fraction: float, n: float | None, decimals: int = 2) -> str:
    """A rate in % as `percent` has it; a rate of 0 or 1 as "0 of 45" or "45 of 45", where `n`, the number of
    comparisons that it is of, is known."""
    if n and fraction in (0, 1):
        return f"{n * fraction:,.0f} of {n:,.0f}"
    return percent(fraction, decimals)


def fewer(n_mated: float | None, n_non_mated: float | None) -> float | None:
    """The number of comparisons that an EER of 0 is of: the fewer of the mated and the non-mated ones."""
    known = [n for n in (n_mated, n_non_mated) if n is not None]
    return min(known, default=None)


def eer_phrase(eer: float, n_mated: float | None, n_non_mated: float | None, decimals: int = 2) -> str:
    """An EER for use in a sentence: "2.61 %", or "0 of 45"."""
    text = rate_text(eer, fewer(n_mated, n_non_mated), decimals)
    return text if " of " in text else f"{text} %"


def failed_text(row: Mapping[str, Any]) -> str:
    """What the error rates of a row of figures are without: "3 of 120 prints failed to enrol"; "" where none did."""
    failed = row.get("n_failed_to_enrol")
    return f"{failed:,.0f} of {row['n_prints']:,.0f} prints failed to enrol" if failed else ""


def compared_text(n_mated: float | None, n_non_mated: float | None, n_subjects: float | None, n_sets: float = 1) -> str:
    """What a rate is of: "280 mated and 45 non-mated comparisons of 10 subjects"; "" where that is not known."""
    if n_mated is None or n_non_mated is None:
        return ""
    text = f"{n_mated:,.0f} mated and {n_non_mated:,.0f} non-mated comparisons"
    if n_subjects is not None:
        text += f" of {n_subjects:,.0f} subject{'s' * (n_subjects != 1)}"
    return text + (f", {n_sets:,.0f} data sets together" if n_sets > 1 else "")
