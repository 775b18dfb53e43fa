"""What the reader of identity folders finds below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.folder import list_folder
from support.empty_files import touch


def test_identity_folders(tmp_path):
    touch(tmp_path, "s10/1.pgm", "s2/10.pgm", "s2/2.PNG", "s2/day2/1.jpg", "s2/notes.txt", ".git/1.png", "lost.png")
    listing = list_folder(tmp_path)
    assert [(file.label.name, file.label.subject, file.label.impression) for file in listing.files] == [
        ("s2/2", "s2", 1),
        ("s2/10", "s2", 2),
        ("s2/day2/1", "s2", 3),
        ("s10/1", "s10", 1),
    ]
    assert [path.name for path, _ in listing.bad] == ["lost.png"]
    with pytest.raises(BadInput, match="no folder"):
        list_folder(tmp_path / "missing")
    (tmp_path / "empty/s1").mkdir(parents=True)
    with pytest.raises(BadInput, match="no image"):
        list_folder(tmp_path / "empty")


def test_real_faces_counts(real_data):
    listing = list_folder(real_data / "orl_faces")
    assert len(listing.files) == 400
    assert [file.label.name for file in listing.files[:11]] == [f"s1/{n}" for n in range(1, 11)] + ["s2/1"]
