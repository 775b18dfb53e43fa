"""The resolution that an image is taken to have, and sentences about where those of a data set came from."""

from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.datasets.fvc import fvc_ppi
from ridgecode.prints.sets import has_sets

_UNKNOWN_SET_PPI = 500.0
"""Of a set of which nothing tells the resolution: that of most scanners."""


class Resolution(NamedTuple):
    """ppi: pixels per inch that an image is taken to have; 0 where it keeps its own size

    origin: --ppi, sets.yaml, the FVC set, the file's own tag, an assumption, or nothing that told it
    tag: pixels per inch by the file's own tag; 0 where it has none
    """

    ppi: float
    origin: Literal["given", "sets.yaml", "set", "tag", "assumed", "none"]
    tag: float


def resolution_of(source: str, path: Path, given: float, tag: float, of_set: float = 0.0) -> Resolution:
    """The resolution of an image of "fvc", "impressions" or "folder". given: by --ppi, 0 where it is left out; of_set:
    by sets.yaml, 0 where it has none"""
    if given:
        return Resolution(given, "given", tag)
    if of_set:
        return Resolution(of_set, "sets.yaml", tag)
    if source == "fvc" and (known := fvc_ppi(path.parent)):
        return Resolution(known, "set", tag)
    if tag:
        return Resolution(tag, "tag", tag)
    return Resolution(_UNKNOWN_SET_PPI, "assumed", tag) if has_sets(source) else Resolution(0.0, "none", tag)


class Resolutions:
    """Counts the resolutions of a store's prints. canonical_ppi: that they are brought to"""

    def __init__(self, canonical_ppi: float = CANONICAL_PPI) -> None:
        self._canonical_ppi = canonical_ppi
        self._count: Counter[tuple[str, Resolution]] = Counter()

    def add(self, resolution: Resolution, set_name: str) -> None:
        """Counts one print. set_name: of a source with sets; empty for others"""
        self._count[set_name, resolution] += 1

    def remarks(self) -> list[str]:
        """Sentences for the account: tags that were used, tags that differ from what was used, and assumptions."""
        remarks = []
        by_tag: Counter[float] = Counter()
        differing: Counter[tuple[float, float, str]] = Counter()
        for (_, one), count in self._count.items():
            if one.origin == "tag":
                by_tag[one.ppi] += count
            elif one.tag and abs(one.tag - one.ppi) > 0.01 * one.ppi and one.origin != "none":
                differing[one.tag, one.ppi, one.origin] += count
        for ppi, count in sorted(by_tag.items()):
            remarks.append(
                f"{_files(count)} {ppi:g} ppi by {_their(count)} own tag, which was used; "
                f"--ppi {self._canonical_ppi:g} leaves images at their own size"
            )
        untagged = sum(count for (_, one), count in self._count.items() if one.origin == "none")
        if by_tag and untagged:
            remarks.append(f"{_files(untagged)} no resolution tag and {_keep(untagged)} own size, unlike the others")
        for (tag, used, origin), count in sorted(differing.items()):
            why = {"given": "--ppi", "set": "the known resolution of the FVC set"}.get(origin, origin)
            remarks.append(f"{_files(count)} {tag:g} ppi by {_their(count)} own tag; {used:g} ppi, {why}, was used")
        assumed = sorted({name for (name, one), _ in self._count.items() if one.origin == "assumed"})
        if assumed:
            names = ", ".join(assumed[:3]) + (f" and {len(assumed) - 3} more" if len(assumed) > 3 else "")
            several = len(assumed) > 1
            remarks.append(
                f"set{'s' * several} {names} {'have' if several else 'has'} no known resolution; "
                f"{_UNKNOWN_SET_PPI:g} ppi was taken; give --ppi where it is another"
            )
        return remarks


def _files(count: int) -> str:
    return "1 file has" if count == 1 else f"{count} files have"


def _their(count: int) -> str:
    return "its" if count == 1 else "their"


def _keep(count: int) -> str:
    return "keeps its" if count == 1 else "keep their"
