"""What memory is free: limits of the machine, of `ulimit` and of control groups; the refusal."""

import subprocess
import sys
from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.runs.memory import FreeMemory, _cgroup_limits, check_memory, free_memory

LIMITED = """
import resource
from ridgecode.runs.memory import free_memory
resource.setrlimit(resource.{name}, (3_000_000_000, resource.RLIM_INFINITY))
free = free_memory()
print(free.bytes, free.limit)
"""


def test_free_memory_is_that_of_this_machine_or_less() -> None:
    free = free_memory()
    assert free is not None
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024 if Path("/proc/meminfo").is_file() else 2**50
    assert 0 < free.bytes <= total


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says what is used already")
@pytest.mark.parametrize(("name", "flag"), [("RLIMIT_AS", "ulimit -v"), ("RLIMIT_DATA", "ulimit -d")])
def test_a_limit_of_ulimit_counts_less_what_is_used(name: str, flag: str) -> None:
    arguments = [sys.executable, "-c", LIMITED.format(name=name)]
    number, limit = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split(maxsplit=1)
    if flag not in limit:
        pytest.skip("the machine itself has less")
    assert 2_000_000_000 < int(number) < 3_000_000_000


def group(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


def test_control_groups_of_version_2(tmp_path: Path) -> None:
    root, membership = tmp_path / "cgroup", tmp_path / "self"
    membership.write_text("0::/slurm/job_7\n")
    group(root / "slurm" / "job_7", {"memory.max": "max", "memory.current": "300"})
    stat = "anon 500\ninactive_file 100\nactive_file 9"
    group(root / "slurm", {"memory.max": "1000", "memory.current": "700", "memory.stat": stat})
    assert [limit.bytes for limit in _cgroup_limits(membership, root)] == [1000 - 700 + 100]


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    root, membership = tmp_path / "cgroup", tmp_path / "self"
    membership.write_text("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n")
    group(root / "memory" / "docker" / "x", {"memory.limit_in_bytes": "900", "memory.usage_in_bytes": "200"})
    no_limit = {"memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "200"}
    group(root / "memory", no_limit)
    assert [limit.bytes for limit in _cgroup_limits(membership, root)] == [700]


def test_no_control_groups(tmp_path: Path) -> None:
    assert list(_cgroup_limits(tmp_path / "missing", tmp_path)) == []


def test_the_refusal_names_both_numbers_and_the_way_out() -> None:
    free = FreeMemory(2_000_000_000, "under the limit of ulimit -v")
    check_memory(1_999_999_999, "it", "buy more", free)
    check_memory(10**15, "it", "buy more", None)
    wanted = r"it needs about 2\.5 GB of memory, and 2\.0 GB are free \(under the limit of ulimit -v\); buy more"
    with pytest.raises(BadInput, match=wanted):
        check_memory(2_500_000_000, "it", "buy more", free)
