"""The progress bar passes the items on, and writes nothing where standard error is no terminal."""

import pytest

from ridgecode.runs.progress import with_progress


def test_items_pass_and_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress((item for item in "abc"), "letters", total=3)) == ["a", "b", "c"]
    assert capfd.readouterr() == ("", "")
