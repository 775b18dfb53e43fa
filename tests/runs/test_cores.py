"""The cores that a process may use."""

from ridgecode.runs.cores import usable_cores


def test_usable_cores() -> None:
    assert usable_cores() >= 1
