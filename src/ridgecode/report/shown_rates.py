"""Rows of error rates as a report shows them, those of files of older versions too: no FNMR at an FMR that the list
can't show, and no interval without width."""

from collections.abc import Mapping
from typing import Any

from ridgecode.matching.error_rates import shows_fmr
from ridgecode.matching.exact_interval import clopper_pearson
from ridgecode.report.numbers import finite

FMRS = {"1": 0.01, "0_1": 0.001, "0_01": 0.0001}
"""The FMR in the names fnmr_at_fmr_1, tar_at_fmr_0_1 and so on."""
RATES = ("eer", "tar_at_fmr_1", "tar_at_fmr_0_1")
"""The rates of a row that have an interval."""


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` of a matching table with None for what its comparisons can't show, and exact intervals where those in it
    have no width; as it is where it does not say how many comparisons, or subjects, it is of."""
    found = dict(row)
    n_non_mated, n_subjects = finite(row.get("n_non_mated")), finite(row.get("n_subjects"))
    for rate in RATES:
        value, low, high = (finite(row.get(f"{rate}{end}")) for end in ("", "_low", "_high"))
        if value is not None and low is not None and low == high:
            known = n_subjects is not None and n_subjects >= 1 and 0 <= value <= 1
            ends = clopper_pearson(value, int(n_subjects or 1)) if known else (None, None)
            found |= {f"{rate}_low": ends[0], f"{rate}_high": ends[1]}
    for name, fmr in FMRS.items():
        if n_non_mated is not None and not shows_fmr(int(n_non_mated), fmr):
            stems = (f"fnmr_at_fmr_{name}", f"tar_at_fmr_{name}")
            found |= {key: None for key in found if key.removesuffix("_low").removesuffix("_high") in stems}
    return found
