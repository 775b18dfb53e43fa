"""Files and folders appear whole or not at all, whatever ends the writing."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ridgecode.files import whole_file, whole_folder, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/a.csv"
    with whole_file(path) as temporary:
        assert temporary.parent == path.parent  # the same file system, or the move would not be atomic
        assert temporary.suffix == ".csv"
        assert not path.exists()
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert names(path.parent) == ["a.csv"]


def test_file_is_replaced_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(str(path)) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(ZeroDivisionError), whole_folder(path) as temporary:
        (temporary / "half").touch()
        raise ZeroDivisionError
    assert names(path) == ["old"]
    assert names(tmp_path) == ["store"]


def test_folder_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep/store"
    for content in (["a", "b"], ["c"]):
        with whole_folder(path) as temporary:
            for name in content:
                (temporary / name).write_text(name)
        assert names(path) == content
        assert names(path.parent) == ["store"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_process_leaves_what_was_there(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    if kind == "file":
        path.write_text("old")
        write = "temporary.write_text('half')"
    else:
        path.mkdir()
        (path / "old").touch()
        write = "(temporary / 'half').touch()"
    code = f"""
import os, signal, sys
from ridgecode.files import whole_{kind}
with whole_{kind}(sys.argv[1]) as temporary:
    {write}
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code, str(path)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    if kind == "file":
        assert path.read_text() == "old"
        assert all(name.startswith(".thing-") for name in names(tmp_path) if name != "thing")
    else:
        assert names(path) == ["old"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_rights_are_those_of_any_other_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        plain = tmp_path / "plain"
        plain.touch()
        (tmp_path / "plain_folder").mkdir()
        write_text(tmp_path / "ours", "text")
        with whole_folder(tmp_path / "our_folder") as temporary:
            (temporary / "inside").touch()
    finally:
        assert os.umask(before) == umask
    for ours, theirs in (("ours", "plain"), ("our_folder", "plain_folder")):
        rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (ours, theirs)]
        assert rights[0] == rights[1]


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "Größe 5 µm\n")
    assert (tmp_path / "a").read_bytes() == "Größe 5 µm\n".encode()
