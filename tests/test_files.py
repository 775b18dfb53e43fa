"""Files and folders appear whole or not at all, whatever ends the writing."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode import files
from ridgecode.files import read_text, whole_file, whole_folder, why_not_writable, write_array, write_text
from support.full_disk import largest_file


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_of_any_editor_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    for text in ("", "a: é\nb\n", "a: é\r\nb\r\n", "a: é\rb\r"):
        path.write_bytes(text.encode(encoding))
        assert read_text(path) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_text_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("é".encode("latin-1"))
    with pytest.raises(UnicodeDecodeError):
        read_text(tmp_path / "a.txt")


def test_what_a_killed_process_left_is_removed_by_the_next_write(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from ridgecode.files import whole_file
with whole_file(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "a [1].txt"
    subprocess.run([sys.executable, "-c", code, str(path)], timeout=60, check=False)
    (tmp_path / ".b-abcdefgh.txt").touch()  # of another file
    assert len(names(tmp_path)) == 2
    write_text(path, "new")
    assert names(tmp_path) == [".b-abcdefgh.txt", "a [1].txt"]


def test_a_file_that_is_being_written_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_file(path) as slow:
        slow.write_text("slow")
        write_text(path, "quick")
        assert slow.read_text() == "slow"
    assert path.read_text() == "slow"
    assert names(tmp_path) == ["a.txt"]


class Strange(Exception):
    """What a library raises."""


@pytest.mark.parametrize("error", [OSError("7 requested and 3 written"), RuntimeError("file write failed"), Strange()])
def test_a_full_disk_is_found_behind_any_error_of_a_library(tmp_path: Path, error: Exception) -> None:
    path = tmp_path / "a.bin"

    def write(temporary: Path) -> None:
        temporary.write_bytes(bytes(900))
        raise error

    with pytest.raises(type(error)), whole_file(path) as temporary:  # with room, it is the library's own error
        write(temporary)
    with largest_file(1000), pytest.raises(OSError, match="File too large") as found, whole_file(path) as temporary:
        write(temporary)
    assert found.value.filename == str(path) and found.value.errno == errno.EFBIG
    folder = tmp_path / "folder"
    with largest_file(1000), pytest.raises(OSError, match="File too large") as found, whole_folder(folder) as temporary:
        write(temporary / "inside")
    assert found.value.filename == str(folder)
    assert names(tmp_path) == []


def test_an_error_of_the_system_names_the_file_and_not_the_temporary_one(tmp_path: Path) -> None:
    for raised, named in (
        (OSError(errno.EIO, "Input/output error"), "a.bin"),
        (OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "source")), "a.bin"),  # as copyfile says it
        (PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "source")), "source"),
    ):
        with pytest.raises(OSError) as found, whole_file(tmp_path / "a.bin") as temporary:
            raise raised
        assert found.value.filename == str(tmp_path / named)
        with pytest.raises(OSError) as found, whole_file(tmp_path / "a.bin") as temporary:
            raise OSError(raised.errno, raised.strerror, str(temporary))
        assert found.value.filename == str(tmp_path / "a.bin")


@settings(max_examples=20)
@given(st.integers(1, 3000), st.sampled_from([np.float32, np.uint8, np.int64]))
def test_an_array_is_written_whole_or_not_at_all(tmp_path_factory: pytest.TempPathFactory, n: int, kind: type) -> None:
    path, array = tmp_path_factory.mktemp("array") / "a.npy", np.arange(n).astype(kind)
    write_array(path, array)
    assert np.array_equal(np.load(path, allow_pickle=False), array)
    size = path.stat().st_size
    path.unlink()
    with largest_file(size - 1), pytest.raises(OSError, match="File too large"):
        write_array(path, array)
    assert names(path.parent) == []


def test_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert why_not_writable(tmp_path / "new/deep/x.json") == ""
    assert why_not_writable(tmp_path / "file") == ""
    assert why_not_writable(tmp_path / "file/x.json") == f"{tmp_path / 'file'} is no folder"
    # Whoever is root may write into folders without rights, so rights alone can't be tested.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    for path in (tmp_path, tmp_path / "file", tmp_path / "new/x.json"):
        assert why_not_writable(path) == f"{tmp_path} is read-only for you"


def test_windows_flushes_and_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no fcntl, flushes no handle that is open for reading, and renames no open file."""
    opened: dict[int, str] = {}
    real_open, real_replace, real_fsync = Path.open, Path.replace, os.fsync

    def noting_open(self: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        stream = real_open(self, mode, *rest, **named)
        opened[stream.fileno()] = mode
        return stream

    def windows_fsync(handle: int) -> None:
        if opened[handle] == "rb":
            raise OSError(errno.EBADF, "Bad file descriptor")
        real_fsync(handle)

    def windows_replace(self: Path, target: Path) -> Path:
        for handle in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                assert handle.readlink() != self, "it is open"
        return real_replace(self, target)

    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(Path, "open", noting_open)
    monkeypatch.setattr(Path, "replace", windows_replace)
    monkeypatch.setattr(os, "fsync", windows_fsync)
    write_text(tmp_path / "a", "new")
    write_text(tmp_path / "a", "newer")
    assert (tmp_path / "a").read_bytes() == b"newer"
    assert names(tmp_path) == ["a"]
