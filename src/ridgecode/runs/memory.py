"""How much memory this process can still take, and the refusal of work that needs more.

Linux grants more memory than there is and later kills the process that takes it, so work that may need much is
compared with what is free before it begins.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

GB = 1e9
_CGROUPS = Path("/sys/fs/cgroup")


class FreeMemory(NamedTuple):
    """bytes: that can still be taken; limit: what limits them, in words for a message."""

    bytes: int
    limit: str


def free_memory() -> FreeMemory | None:
    """The least of what the machine has left, what the container or job may still take, and the limits that `ulimit`
    sets; None where the system says nothing."""
    return min([*_machine(), *_process_limits(), *_cgroup_limits(Path("/proc/self/cgroup"), _CGROUPS)], default=None)


def free_gpu_memory() -> FreeMemory:
    """What the current GPU has left."""
    import torch  # other callers need no torch

    return FreeMemory(torch.cuda.mem_get_info()[0], "of this GPU")


def check_memory(needed: int, what: str, way_out: str, free: FreeMemory | None) -> None:
    """Raises BadInput where `what` needs more than the `free` bytes. way_out: what the user can do, a clause.

    free: as `free_memory` returns it; None passes everything.
    """
    if free is not None and needed > free.bytes:
        raise BadInput(
            f"{what} needs about {needed / GB:.1f} GB of memory, and {max(0, free.bytes) / GB:.1f} GB are free "
            f"({free.limit}); {way_out}"
        )


def _machine() -> Iterator[FreeMemory]:
    known = _fields(Path("/proc/meminfo"))
    if "MemAvailable" in known:
        yield FreeMemory(1024 * known["MemAvailable"], "of this machine")
        return
    try:
        yield FreeMemory(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "of this machine")
    except (AttributeError, ValueError, OSError):
        return


def _process_limits() -> Iterator[FreeMemory]:
    """What is left of the address space and of the data segment, where they are limited."""
    try:
        pages = [int(number) for number in Path("/proc/self/statm").read_text().split()]
    except (OSError, ValueError):
        pages = [0] * 7
    for name, flag, used in (("RLIMIT_AS", "ulimit -v", pages[0]), ("RLIMIT_DATA", "ulimit -d", pages[5])):
        if resource is None or not hasattr(resource, name):
            continue
        soft = resource.getrlimit(getattr(resource, name))[0]
        if soft != resource.RLIM_INFINITY:
            yield FreeMemory(soft - used * resource.getpagesize(), f"under the limit of {flag}")


def _cgroup_limits(membership: Path, root: Path) -> Iterator[FreeMemory]:
    """What is left to the control groups of this process, of version 2 or 1; SLURM and containers limit these.

    membership: the file that names the groups, as /proc/self/cgroup; root: where the groups lie
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        files = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        folder = top / name.lstrip("/")
        for group in (folder, *folder.parents):
            limit, used = (_number(group / file) for file in files)
            if limit is not None and used is not None:
                # The system drops unused pages of files before it refuses memory.
                spare = _fields(group / "memory.stat").get("inactive_file", 0)
                yield FreeMemory(limit - used + spare, "under the limit of this container or job")
            if group == top:
                break


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, as for the limit `max`, or where it is version 1's no limit."""
    try:
        number = int(path.read_text())
    except (OSError, ValueError):
        return None
    return number if number < 2**60 else None


def _fields(path: Path) -> dict[str, int]:
    """The lines `name: number` or `name number` of a file; {} where it can't be read."""
    try:
        lines = [line.replace(":", " ").split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
