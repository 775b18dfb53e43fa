"""Failure to enrol: prints of too low a quality get no template and are not compared (ISO/IEC 19795-1)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import Comparisons
from ridgecode.prints.quality import print_quality


class Enrolment:
    """Which prints a matcher enrols: those whose quality is `least_quality`, 0 to 100, or more.

    framed: brings prints to the images whose quality counts, for a matcher that looks at frames; None: they stay as
    they are

    The results of the last four arrays of prints are kept, since an evaluation asks for the same prints several times.
    """

    def __init__(
        self, least_quality: float, framed: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
    ) -> None:
        self.least_quality, self._framed = least_quality, framed
        self._cache: list[tuple[NDArray[np.uint8], NDArray[np.bool_]]] = []

    def __call__(self, prints: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """(N, H, W) uint8 at 200 ppi -> whether each print enrols, bool (N,)."""
        for cached, found in self._cache:
            if cached is prints:
                return found
        found = self.qualities(prints) >= self.least_quality
        self._cache = [*self._cache, (prints, found)][-4:]
        return found

    def qualities(self, prints: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The quality of each print, 0 to 100: (N, H, W) uint8 at 200 ppi -> float32 (N,)."""
        return qualities(prints if self._framed is None else self._framed(prints))


class Enrolled(NamedTuple):
    """Which prints of a comparison list enrol. probes: bool (P,); references: bool (R,)."""

    probes: NDArray[np.bool_]
    references: NDArray[np.bool_]

    def compared(self, comparisons: Comparisons) -> NDArray[np.bool_]:
        """Whether both prints of each comparison enrol, bool (C,)."""
        return self.probes[comparisons.probe_rows] & self.references[comparisons.reference_rows]


class EnrolmentCounts(NamedTuple):
    """The different prints that some comparisons are of, and how many of them fail to enrol."""

    n_prints: int
    n_failed_to_enrol: int


def enrolment_counts(comparisons: Comparisons, enrolled: Enrolled, chosen: NDArray[np.bool_]) -> EnrolmentCounts:
    """The prints of the `chosen` comparisons, bool (C,); a print that is probe and reference counts once."""
    # A mark for each print is several times as fast as np.unique of the rows.
    probes, references = (np.zeros(len(of), bool) for of in enrolled)
    probes[comparisons.probe_rows[chosen]] = references[comparisons.reference_rows[chosen]] = True
    of_probes = dict(zip(comparisons.probe_names[probes], enrolled.probes[probes], strict=True))
    of_references = dict(zip(comparisons.reference_names[references], enrolled.references[references], strict=True))
    found = [*(of_probes | of_references).values()]
    return EnrolmentCounts(len(found), len(found) - int(sum(found)))


def check_left(comparisons: Comparisons, enrolled: Enrolled) -> None:
    """Raises BadInput unless a mated and a non-mated comparison have prints that enrol."""
    left = enrolled.compared(comparisons)
    of = {"mated": comparisons.mated, "non-mated": ~comparisons.mated}
    gone = [name for name, chosen in of.items() if not (left & chosen).any()]
    if not gone:
        return
    n_prints, n_failed = enrolment_counts(comparisons, enrolled, np.ones(len(comparisons), bool))
    raise BadInput(
        f"no {' and no '.join(gone)} comparison is left of the protocol {comparisons.protocol}: {n_failed} of its "
        f"{n_prints} prints fail to enrol, since their quality is too low; look at the images, and at the ppi that "
        "they were prepared with"
    )


def enrolment_of(
    least_quality: float, framed: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
) -> Enrolment | None:
    """The enrolment of a matcher that states this least quality; None for 0, with which no quality is measured. framed:
    as in `Enrolment`."""
    return Enrolment(least_quality, framed) if least_quality else None


def qualities(prints: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The quality of each print, 0 to 100: (N, H, W) uint8 at 200 ppi -> float32 (N,)."""
    return np.array([print_quality(one) for one in prints], np.float32)


def failure_to_enrol(name: str, quality: float, least_quality: float) -> str:
    """A sentence on a print that fails to enrol. name: of its file, for example."""
    what = "no ridges were found" if quality < 1 else "too few clear ridges were found"
    return (
        f"{name}: {what}, its quality is {quality:.1f} of 100 and below {least_quality:g}, so it fails to enrol and is "
        "not compared; give a clearer image of the finger, grey with dark ridges on white"
    )
