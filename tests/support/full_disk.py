"""A disk without room for large files, by the limit that the system sets on a process's files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Within the block this process can write no file beyond so many bytes; the system's answer is EFBIG."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sizes(place: Path) -> dict[str, int]:
    """The bytes of each file below `place`, by its path in it; locks and other hidden files left out."""
    files = [path for path in place.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(place)): path.stat().st_size for path in files}


def check_each_write(
    command: Callable[[Path], list[str]],
    place: Path,
    capsys: pytest.CaptureFixture[str],
    most: int = 99,
    again: tuple[str, ...] = (),
) -> None:
    """Gives a command line once with room, then with a limit just below the size of each file that it wrote, each time
    in a new folder: every write fails once.

    command: from an empty folder to the command line that writes there; most: how many of the limits to try; again:
    files that are written more than once, and so may be there from before.
    """
    from ridgecode.commands.cli import main

    def fresh(name: str) -> Path:
        (place / name).mkdir(parents=True)
        return place / name

    whole = fresh("unlimited")
    assert main(command(whole)) == 0
    good = sizes(whole)
    limits = sorted({0, *(max(0, size - 1) for size in good.values())})
    limits = limits[:: max(1, len(limits) // most)]
    assert limits
    for limit in limits:
        folder = fresh(f"{limit:09d}")  # as long a path as the good one's, which is in config.yaml
        capsys.readouterr()
        with largest_file(limit):
            code = main(command(folder))
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ridgecode: ")]
        assert code == 2, f"{limit} bytes: {said}"
        assert len(said) == 1 and str(folder) in said[0] and "can't be written (File too large)" in said[0], said
        for name, size in sizes(folder).items():
            assert name in again or size == good[name], f"{limit} bytes: {name} is there with {size} of {good[name]}"
        assert not list(folder.rglob(".*-????????*")), "a temporary file was left"
        assert main(command(folder)) == 0
        assert sizes(folder).keys() == good.keys()
