"""A comparison list as plain rows, for tests that go through it in loops."""

from ridgecode.matching.comparisons import Comparisons

COLUMNS = ("probe", "reference", "mated", "probe_subject", "reference_subject", "level", "alteration")


def as_rows(comparisons: Comparisons) -> list[tuple]:
    """A tuple of COLUMNS for each comparison."""
    return list(zip(*(getattr(comparisons, column).tolist() for column in COLUMNS), strict=True))
