"""What is found in a folder tree, against trees made by hand."""

import os
from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import (
    ARCHIVE,
    DANGLING,
    HIDDEN,
    IN_STORE,
    LINK_LOOP,
    NO_REGULAR_FILE,
    NO_SUFFIX,
    OTHER_SUFFIX,
    READ_ALREADY,
    SYSTEM,
)
from ridgecode.prints.datasets.walk import Found, walk
from support.empty_files import touch

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def images(found: Found) -> list[str]:
    return ["/".join(place.parts) for place in found.images]


def left_out(found: Found, root: Path) -> dict[str, str]:
    return {one.path.relative_to(root).as_posix(): one.reason for one in found.left_out}


def test_images_at_every_depth_and_what_looks_like_one(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "a/2.TIF", "a/b/c/d/3.jpg", "a/README.txt", "a/Thumbs.db", "a/.DS_Store", "a/4.heic")
    touch(tmp_path, "a/.5.png", "a/6.JXL")
    (tmp_path / "a/scan").write_bytes(PNG)
    (tmp_path / "a/7.dat").write_bytes(PNG)
    (tmp_path / "a/8.png~").write_bytes(PNG)
    found = walk(tmp_path)
    assert images(found) == ["1.png", "a/2.TIF", "a/b/c/d/3.jpg"]
    assert ["/".join(place.parts) for place in found.folders] == ["a", "a/b", "a/b/c", "a/b/c/d"]
    assert left_out(found, tmp_path) == {
        "a/4.heic": OTHER_SUFFIX,
        "a/6.JXL": OTHER_SUFFIX,
        "a/7.dat": OTHER_SUFFIX,
        "a/8.png~": OTHER_SUFFIX,
        "a/scan": NO_SUFFIX,
        "a/.5.png": HIDDEN,
    }


HIDDEN_FOLDERS = (".ipynb_checkpoints", ".AppleDouble", ".thumbnails", ".git", ".Trash-1000", ".dvc")
SYSTEM_FOLDERS = (
    *("@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", "__pycache__"),
    *("@Recycle", "FOUND.000", "#snapshot", "RECYCLER", "Network Trash Folder"),
)


@pytest.mark.parametrize("above", ["", "s1/", "s1/day 2/"])
@pytest.mark.parametrize("name", [*HIDDEN_FOLDERS, *SYSTEM_FOLDERS])
def test_hidden_and_system_folders_are_counted_and_not_read(tmp_path: Path, above: str, name: str) -> None:
    touch(tmp_path, f"{above}1.png", f"{above}{name}/deep/2.png/3.png", f"{above}{name}/index.txt")
    found = walk(tmp_path)
    assert images(found) == [f"{above}1.png"]
    reason = HIDDEN if name in HIDDEN_FOLDERS else SYSTEM
    assert left_out(found, tmp_path) == {f"{above}{name}/deep/2.png/3.png": reason}
    assert not any(name in place.parts for place in found.folders)


def test_names_near_those_of_system_folders_are_read(tmp_path: Path) -> None:
    touch(tmp_path, "@bob/1.png", "found.0000/1.png", "recycle/1.png")
    assert images(walk(tmp_path)) == ["@bob/1.png", "found.0000/1.png", "recycle/1.png"]


def test_links_are_followed_and_no_folder_is_read_twice(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root, "s1/1.png", "s1/sub/2.png")
    touch(outside, "x/1.png", "y.png", "z/1.png")
    for link, target in (
        ("linked", outside / "x"),
        ("s1/file.png", outside / "y.png"),
        ("a", Path("s1")),  # before s1 by name, yet s1 itself is read
        ("again", outside / "x"),
        ("loop", Path()),
        ("s1/sub/up", Path("../..")),
        ("above", tmp_path),
        ("self", Path("self")),
        ("gone", Path("nothing")),
        ("s1/gone.png", Path("nothing.png")),
        (".cache", outside / "z"),
    ):
        (root / link).symlink_to(target)
    found = walk(root)
    assert set(images(found)) == {"s1/1.png", "s1/sub/2.png", "s1/file.png", "again/1.png"}
    assert left_out(found, root) == {
        "linked": READ_ALREADY,
        "a": READ_ALREADY,
        "loop": LINK_LOOP,
        "s1/sub/up": LINK_LOOP,
        "above": LINK_LOOP,
        "self": LINK_LOOP,
        "gone": DANGLING,
        "s1/gone.png": DANGLING,
        ".cache": HIDDEN,
    }


def test_links_that_lead_back_through_a_folder_outside(tmp_path: Path) -> None:
    touch(tmp_path, "root/s1/1.png", "outside/2.png")
    (tmp_path / "root/s2").symlink_to(tmp_path / "outside")
    (tmp_path / "outside/back").symlink_to(tmp_path / "root")
    found = walk(tmp_path / "root")
    assert images(found) == ["s1/1.png", "s2/2.png"]
    assert left_out(found, tmp_path / "root") == {"s2/back": READ_ALREADY}


def test_a_pipe_is_no_image_and_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    os.mkfifo(tmp_path / "pipe")
    assert left_out(walk(tmp_path), tmp_path) == {"1.png": NO_REGULAR_FILE}


def test_hidden_files_that_links_lead_to_are_not_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".git/annex/1.png", ".git/annex/2.png", ".git/annex/s2/3.png", "s1/README")
    (tmp_path / "s1/a.png").symlink_to("../.git/annex/1.png")
    (tmp_path / "s2").symlink_to(".git/annex/s2")
    found = walk(tmp_path)
    assert images(found) == ["s1/a.png", "s2/3.png"]
    assert left_out(found, tmp_path) == {".git/annex/2.png": HIDDEN}


def test_archives_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, "s1/1.png", "s1/2.pgm.gz", "s2.ZIP", "s3.tar.xz", "notes.txt")
    assert left_out(walk(tmp_path), tmp_path) == dict.fromkeys(("s1/2.pgm.gz", "s2.ZIP", "s3.tar.xz"), ARCHIVE)


def test_images_in_a_prepared_store_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, "s1/1.png", "st/store.json", "st/index.parquet", "st/2.png", "st/s2/3.png")
    (tmp_path / "st/prints.u8").write_bytes(PNG)
    assert left_out(walk(tmp_path), tmp_path) == {"st/2.png": IN_STORE, "st/s2/3.png": IN_STORE}


def test_prepared_stores_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "s1/1.png", "st/store.json", "st/prints.u8", "st/index.parquet")
    found = walk(tmp_path)
    assert ["/".join(place.parts) for place in found.folders] == ["s1"]
    assert found.left_out == []


def test_folders_without_rights_are_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "s1/1.png", "s2/1.png", "lost+found/x")
    listed = os.scandir

    def scandir(path: object) -> object:
        # As a user who is not root meets it.
        if Path(str(path)).name in ("s2", "lost+found"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    found = walk(tmp_path)
    assert images(found) == ["s1/1.png"]
    assert found.bad == [(tmp_path / "s2", f"{tmp_path / 's2'} can't be read (Permission denied)")]
    assert found.left_out == []
    with pytest.raises(BadInput, match="s2 can't be read"):
        walk(tmp_path / "s2")
