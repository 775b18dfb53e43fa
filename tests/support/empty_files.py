"""Empty files, for whatever reads names alone."""

from pathlib import Path


def touch(root: Path, *names: str) -> None:
    """Makes an empty file at each of the `names` below `root`, and the folders above it."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
