"""What the reader of identity folders finds below a folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.folder import is_triplets, list_folder, print_names
from ridgecode.prints.datasets.listing import NO_IMAGE, OTHER_SUFFIX
from ridgecode.prints.datasets.walk import Place
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
    with pytest.raises(BadInput, match="holds no image: "):
        list_folder(tmp_path / "empty")


def test_identities_without_an_image_are_counted(tmp_path):
    touch(tmp_path, "s1/1.png", "s9/1.heic", "s9/2.heic", "s8/notes.txt", "s7/deep/1.png")
    (tmp_path / "s6").mkdir()
    listing = list_folder(tmp_path)
    assert [(one.path.relative_to(tmp_path).as_posix(), one.reason) for one in listing.left_out] == [
        ("s9/1.heic", OTHER_SUFFIX),
        ("s9/2.heic", OTHER_SUFFIX),
        ("s6", NO_IMAGE),
        ("s8", NO_IMAGE),
        ("s9", NO_IMAGE),
    ]


def test_a_folder_of_other_images_alone_is_not_said_to_be_empty(tmp_path):
    touch(tmp_path, "s1/1.heic", "s1/2.heic")
    with pytest.raises(BadInput, match=r"no image that can be taken, 2 left out, .*s1/1\.heic \(suffix that is not"):
        list_folder(tmp_path)


def test_linked_identities_are_taken_under_the_names_of_their_links(tmp_path):
    touch(tmp_path, "root/s1/1.png", "other/x/1.png", "other/day 2/2.png")
    (tmp_path / "root/bob").symlink_to(tmp_path / "other/x")
    (tmp_path / "root/s1/more").symlink_to(tmp_path / "other/day 2")
    names = [file.label.name for file in list_folder(tmp_path / "root").files]
    assert names == ["bob/1", "s1/1", "s1/more/2"]


def test_images_of_one_stem_are_several_pictures(tmp_path):
    touch(tmp_path, "s1/1.jpg", "s1/1.png", "s1/1.png.jpg", "s1/1.PNG", "s1/2.png")
    listing = list_folder(tmp_path)
    assert {file.path.name: file.label.name for file in listing.files} == {
        "1.PNG": "s1/1",  # the first by name
        "1.jpg": "s1/1.jpg",
        "1.png": "s1/1.png",
        "1.png.jpg": "s1/1.png.jpg",
        "2.png": "s1/2",
    }
    assert len({file.label.impression for file in listing.files}) == 5


@given(st.permutations(["1.png", "1.jpg", "1.png.jpg", "1.png.png", "1.jpg.png", "1.jpg.jpg.png"]))
def test_names_are_unique_in_any_order(order):
    names = print_names([Place(Path(name), ("s", name)) for name in order])
    assert len(set(names)) == len(names) == len(order)


@pytest.mark.parametrize("name", ["-rf", "[bold]x", "50%s", "a*?", "a\nb", "é", "指紋", "x" * 200, "{0}", "~", "$HOME"])
def test_odd_names_stay_whole(tmp_path, name):
    touch(tmp_path, f"{name}/{name}.png")
    [file] = list_folder(tmp_path).files
    assert (file.label.name, file.label.subject) == (f"{name}/{name}", name)


def test_triplets():
    assert is_triplets({"anchor", "positive", "negative"})
    assert not is_triplets({"anchor", "positive", "negative", "s1"})


def test_real_faces_counts(real_data):
    listing = list_folder(real_data / "orl_faces")
    assert len(listing.files) == 400
    assert [file.label.name for file in listing.files[:11]] == [f"s1/{n}" for n in range(1, 11)] + ["s2/1"]
    assert listing.left_out == []


def test_identities_that_lie_deeper_are_remarked(tmp_path):
    touch(tmp_path, "faces/s1/1.png", "faces/s2/1.png")
    [remark] = list_folder(tmp_path).remarks
    assert remark.startswith("every image lies two or more folders down, as in faces/s1, and")
    assert list_folder(tmp_path / "faces").remarks == ()


def test_identities_of_nearly_one_name_are_remarked(tmp_path):
    touch(tmp_path, "Ann/1.png", "ann/1.png", "s1/1.png", "s01/1.png", "s10/1.png")
    [remark] = list_folder(tmp_path).remarks
    assert remark.startswith("'Ann' and 'ann'; 's01' and 's1': names that differ only in")
