"""When a store is made anew: each thing that its content depends on changes the digest, and nothing else does."""

import os
import time
from pathlib import Path

import pytest

from ridgecode.prints.datasets.request import READER_VERSION, Request, content_digest, why_anew
from ridgecode.prints.datasets.set_rules import SetRule
from ridgecode.prints.datasets.sources import list_source
from support.empty_files import touch


def digest(root: Path, source: str = "folder", **options: object) -> str:
    request = Request(source, root, "", 0.0, "", False)._replace(**options)
    return content_digest(request, list_source(source, root, ""))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    touch(tmp_path, "f/s1/1.png", "f/s1/2.png", "f/s2/3.png", "f/s2/x.heic", "a/1.png", "b/1.png")
    (tmp_path / "f/s1/link.png").symlink_to(tmp_path / "f/s1/2.png")
    (tmp_path / "f/linked").symlink_to(tmp_path / "a")
    for path in tmp_path.rglob("*.png"):
        os.utime(path, ns=(10**18, 10**18))
    return tmp_path / "f"


def rename_identity(root: Path) -> None:
    (root / "s2").rename(root / "s2_bob")


def move_file(root: Path) -> None:
    (root / "s2/3.png").rename(root / "s1/3.png")


def rename_file(root: Path) -> None:
    (root / "s2/3.png").rename(root / "s2/4.png")


def change_suffix(root: Path) -> None:
    (root / "s2/3.png").rename(root / "s2/3.tif")


def add_file(root: Path) -> None:
    (root / "s2/9.png").touch()


def remove_file(root: Path) -> None:
    (root / "s1/1.png").unlink()


def swap_files(root: Path) -> None:
    """Of equal size and time."""
    time.sleep(0.05)
    (root / "s1/1.png").rename(root / "swap")
    (root / "s2/3.png").rename(root / "s1/1.png")
    (root / "swap").rename(root / "s2/3.png")


def touch_file(root: Path) -> None:
    os.utime(root / "s1/1.png", ns=(10**18, 10**18 + 1))


def grow_file(root: Path) -> None:
    (root / "s1/1.png").write_bytes(b"x")
    os.utime(root / "s1/1.png", ns=(10**18, 10**18))


def replace_by_equal_size_and_time(root: Path) -> None:
    time.sleep(0.05)  # longer than a tick of the file system's clock
    (root / "new").touch()
    os.utime(root / "new", ns=(10**18, 10**18))
    (root / "new").replace(root / "s1/1.png")


def add_unread_file(root: Path) -> None:
    (root / "s2/y.heic").touch()


def add_empty_identity(root: Path) -> None:
    (root / "s3").mkdir()


def link_elsewhere(root: Path) -> None:
    """To a file of equal size and time."""
    (root / "s1/link.png").unlink()
    (root / "s1/link.png").symlink_to(root / "s2/3.png")


def link_a_folder_elsewhere(root: Path) -> None:
    (root / "linked").unlink()
    (root / "linked").symlink_to(root.parent / "b")


CHANGES = (
    *(rename_identity, move_file, rename_file, change_suffix, add_file, remove_file, swap_files, touch_file, grow_file),
    *(replace_by_equal_size_and_time, add_unread_file, add_empty_identity, link_elsewhere),
    link_a_folder_elsewhere,
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_the_files(root, change):
    before = digest(root)
    assert digest(root) == before
    change(root)
    assert digest(root) != before


@pytest.mark.parametrize("option", [{"ppi": 500.0}, {"pattern": "x"}, {"keep_copies": True}, {"subjects": "1"}])
def test_the_digest_changes_with_the_request(root, option):
    assert digest(root, **option) != digest(root)


def test_the_digest_changes_with_what_is_known_of_a_set(root):
    plain, rule = digest(root), SetRule(500.0, 1, {"val": "7"})
    found = {
        digest(root, sets={"a": one}) for one in (rule, SetRule(), rule._replace(ppi=1.0), rule._replace(split={}))
    }
    assert len(found - {plain}) == 4
    # Requests of other sources are written as before there were sets, so that their stores are still reused.
    assert "sets" not in Request("folder", root, "", 0.0, "", False).as_json()


def test_the_digest_does_not_change_with_what_is_not_read(root):
    before = digest(root)
    touch(root, "README.txt", "s1/Thumbs.db", "s1/.DS_Store")
    (root / "s1/1.png").read_bytes()
    assert digest(root) == before


def test_the_digest_does_not_depend_on_how_the_root_is_spelled(root, monkeypatch):
    before = digest(root)
    monkeypatch.chdir(root.parent)
    assert digest(Path("f")) == digest(Path("f/../f")) == before
    monkeypatch.chdir(root)
    assert digest(Path()) == before


def test_a_set_that_is_renamed_changes_the_digest(tmp_path):
    touch(tmp_path, "DB1_B/101_1.tif", "DB2_B/101_1.tif")
    before = digest(tmp_path, "fvc")
    (tmp_path / "DB2_B").rename(tmp_path / "DB3_B")
    assert digest(tmp_path, "fvc") != before


def test_a_level_that_is_renamed_changes_the_digest(tmp_path):
    touch(tmp_path, "Real/1__M_Left_thumb_finger.BMP", "Altered/Altered-Easy/1__M_Left_thumb_finger_CR.BMP")
    before = digest(tmp_path, "socofing")
    (tmp_path / "Altered/Altered-Easy").rename(tmp_path / "Altered/Altered-Hard")
    assert digest(tmp_path, "socofing") != before


@pytest.fixture
def store(root: Path) -> Path:
    """The files of a store of no pixels."""
    touch(root.parent, "st/prints.u8", "st/index.parquet")
    return root.parent / "st"


def about_of(request: Request, **more: object) -> dict[str, object]:
    about = {"reader": READER_VERSION, "request": request.as_json(), "files_digest": "d", "n_bytes": 0}
    return {**about, "skipped": [], "decoders": [], **more}


def test_why_a_store_is_made_anew(root, store):
    request = Request("folder", root, "", 0.0, "", False)
    about = about_of(request)
    assert why_anew(store, about, request, "d") == ""
    assert why_anew(store, about, request, "other") == "images, their names or their folders have changed"
    assert why_anew(store, about, request._replace(ppi=500.0), "other") == "its ppi was 0"
    assert why_anew(store, about, request._replace(pattern="x"), "other") == "its pattern was ''"
    assert why_anew(store, about_of(request, reader=1), request, "d") == "another version of ridgecode prepared it"
    del about["reader"]
    assert why_anew(store, about, request, "d") == "another version of ridgecode prepared it"


@pytest.mark.parametrize("file", ["prints.u8", "index.parquet"])
def test_a_store_that_lost_a_file_is_made_anew(root, store, file):
    request = Request("folder", root, "", 0.0, "", False)
    assert why_anew(store, about_of(request, n_bytes=5), request, "d") == "its index.parquet or prints.u8 was not whole"
    (store / file).unlink()
    assert why_anew(store, about_of(request), request, "d") == "its index.parquet or prints.u8 was not whole"


def test_a_decoder_that_was_installed_since_may_read_skipped_files(root, store, monkeypatch):
    request = Request("folder", root, "", 0.0, "", False)
    monkeypatch.setattr("ridgecode.prints.datasets.request.decoders", lambda: ["wsq"])
    assert why_anew(store, about_of(request), request, "d") == ""
    assert "wsq is installed now" in why_anew(store, about_of(request, skipped=[{}]), request, "d")
    assert why_anew(store, about_of(request, skipped=[{}], decoders=["wsq"]), request, "d") == ""
