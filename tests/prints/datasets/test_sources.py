"""What is listed of each source, and its canonical form, against pixels made by hand."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import NO_PATTERN
from ridgecode.prints.datasets.sources import canonical_print, list_source
from support.empty_files import touch


@pytest.mark.parametrize(
    ("source", "ppi", "folder", "shape"),
    [
        ("socofing", 0.0, "Real", (97, 90)),
        ("synthetic", 0.0, "Real", (97, 90)),
        ("folder", 0.0, "s1", (103, 96)),
        ("folder", 400.0, "s1", (52, 48)),
        ("fvc", 0.0, "FVC2002_DB2_B", (36, 34)),  # 569 ppi
        ("fvc", 0.0, "unknown", (41, 38)),  # 500 ppi
        ("fvc", 250.0, "FVC2002_DB2_B", (82, 77)),
        ("impressions", 0.0, "FCJ2020", (41, 38)),  # 500 ppi
        ("impressions", 250.0, "FCJ2020", (82, 77)),
    ],
)
def test_the_canonical_print_of_a_grey_image(tmp_path, source, ppi, folder, shape):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "1.png"
    Image.fromarray(np.full((103, 96), 77, np.uint8)).save(path)
    assert np.array_equal(canonical_print(source, ppi)(path).pixels, np.full(shape, 77, np.uint8))


def test_a_bad_image_is_named(tmp_path):
    path = tmp_path / "1.png"
    Image.fromarray(np.zeros((50, 60), np.uint8)).save(path)
    with pytest.raises(BadInput, match=f"^{path} is 60 x 50 pixels"):
        canonical_print("socofing", 0.0)(path)


def test_only_the_subjects_asked_for_are_listed(tmp_path):
    touch(tmp_path, "Real/1__M_Left_index_finger.BMP", "Real/2__M_Left_index_finger.BMP")
    touch(tmp_path / "FVC2002_DB1_B", "101_1.tif", "102_1.tif", "110_1.tif")
    assert [file.label.subject for file in list_source("socofing", tmp_path, "2-9").files] == ["2"]
    listing = list_source("fvc", tmp_path / "FVC2002_DB1_B", "101-109")
    assert [file.label.name for file in listing.files] == ["FVC2002_DB1_B/101_1", "FVC2002_DB1_B/102_1"]
    with pytest.raises(BadInput, match="--subjects 7 matches none"):
        list_source("socofing", tmp_path, "7")


FOLDERS = ("s1", "s2", "Real", "altered", "Altered-Easy", "DB1_B", "101", ".git", "@eaDir", "day 2", "é")
IMAGES = (
    *("1.png", "1.jpg", "101_1.tif", "101_1.png", "012_3_1.tif", "1__M_Left_thumb_finger.BMP", ".1.png", "x.heic"),
    *("1__m_left_THUMB_finger_cr.bmp", "copy.BMP", "2__F_Right_index_finger_Obl.png"),
)
OTHERS = ("README.txt", "Thumbs.db", ".DS_Store", "index")


@pytest.mark.parametrize("source", ["folder", "fvc", "impressions", "socofing", "pattern"])
@given(
    st.sets(
        st.builds(
            lambda folders, name: "/".join((*folders, name)),
            st.lists(st.sampled_from(FOLDERS), max_size=3),
            st.sampled_from(IMAGES + OTHERS),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_image_is_taken_or_counted_once(tmp_path_factory, source, paths):
    root = tmp_path_factory.mktemp("tree")
    touch(root, *paths)
    images = sorted(path for path in paths if path.rsplit("/", 1)[-1] in IMAGES)
    pattern = ("folder", "(?P<finger>[0-9]+)_(?P<impression>[0-9]+)") if source == "pattern" else (source, "")
    try:
        listing = list_source(pattern[0], root, "", pattern[1])
    except BadInput as error:
        assert "holds no image: " not in str(error) or not images
        assert "\n" not in str(error)
        return
    counted = [file.path for file in listing.files] + [path for path, _ in listing.bad]
    counted += [one.path for one in listing.left_out if not one.path.is_dir()]
    assert sorted(path.relative_to(root).as_posix() for path in counted) == images
    names = [file.label.name for file in listing.files]
    assert len(set(names)) == len(names)
    for file in listing.files:
        parts = file.path.relative_to(root).parts
        assert not {".git", "@eaDir"} & set(parts)


def test_a_pattern_takes_the_place_of_identity_folders(tmp_path):
    touch(tmp_path, "1_2.png", "1_3.png", "x.png")
    listing = list_source("folder", tmp_path, "", "(?P<person>[0-9]+)_(?P<impression>[0-9]+)")
    assert [file.label.name for file in listing.files] == ["1_2", "1_3"]
    assert [(one.path.name, one.reason) for one in listing.left_out] == [("x.png", NO_PATTERN)]


def test_a_name_of_undecodable_bytes_is_bad(tmp_path):
    touch(tmp_path, "s1/1.png", os.fsdecode(b"s1/\xff.png"))
    listing = list_source("folder", tmp_path, "")
    assert [file.label.name for file in listing.files] == ["s1/1"]
    [(_, reason)] = listing.bad
    assert reason.endswith("\\udcff.png is no UTF-8 name")


def test_the_form_says_what_was_left_out_and_which_resolution_was_taken(tmp_path):
    path = tmp_path / "1.png"
    Image.fromarray(np.full((100, 50), 77, np.uint8)).save(path, dpi=(400, 400))
    found = canonical_print("folder", 0.0)(path)
    assert found.pixels.shape == (50, 25)
    assert found.notes == ()
    assert found.resolution is not None and (round(found.resolution.ppi), found.resolution.origin) == (400, "tag")
    assert canonical_print("folder", 200.0)(path).pixels.shape == (100, 50)
    Image.fromarray(np.full((103, 96), 77, np.uint8)).save(path, dpi=(400, 400))
    assert canonical_print("socofing", 0.0)(path).resolution is None
    assert canonical_print("socofing", 0.0)(path).pixels.shape == (97, 90)
