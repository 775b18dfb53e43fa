"""The data sets that a matcher may be trained on, each with its terms of use."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ridgecode.prints.names import LARGE_SET
from ridgecode.prints.sets import has_sets, print_sets, set_names

if TYPE_CHECKING:
    from ridgecode.prints.store import PrintStore

SYNTHETIC = "synthetic prints"
TERMS = {
    "SOCOFing": "non-commercial research only; cite Shehu et al., arXiv:1807.10609 (2018)",
    "FCJ2020": "research and education only; cite Rahman and Mishu, ICCS 2021",
    "Lindex101": "research and education only",
    "Rindex28": "research and education only",
    "UareU": "research and education only",
    "sets of second impressions": "research and education only",
    SYNTHETIC: "none: made by `ridgecode synthesise`, nobody's prints",
}
"""By the name of the set."""
FVC_TERMS = "free for research; cite Maio et al., the FVC of that year"
OTHER_TERMS = "those of whoever owns the prints"
_NAMES = {
    "impressions": "sets of second impressions",
    "fvc": "FVC sets",
    "socofing": "SOCOFing",
    "synthetic": SYNTHETIC,
    "folder": "a folder of prints",
}
"""What a store's prints are called, by its source, where they are of one set or its name is not known."""


def terms(name: str) -> str:
    """The terms of use of a data set."""
    return TERMS.get(name) or (FVC_TERMS if name.startswith("FVC") else OTHER_TERMS)


def licence(names: Iterable[str]) -> str:
    """The terms of use of weights that were trained on these sets."""
    others = sorted(set(names) - {SYNTHETIC})
    if not others:
        return "MIT, as ridgecode itself is; no real print was used"
    return f"research only, as the prints are that these weights are derived from ({', '.join(others)})"


def data_sets_of(store: "PrintStore", split: str = "train") -> list[str]:
    """The names of the data sets that prints of a store's split are from, sorted."""
    if not has_sets(store.source):
        return [set_name("", store.source)]
    return [set_name(name, store.source) for name in set_names(print_sets(store, store.rows(split, levels=None)))]


def set_name(name: str, source: str) -> str:
    """A set's name for people: `name` as the store has it, or where that is empty what the store's source is. The set
    that `ridgecode synthesise` writes is `SYNTHETIC`."""
    if (source, name) == ("impressions", LARGE_SET):
        return SYNTHETIC
    return name or _NAMES.get(source, source)
