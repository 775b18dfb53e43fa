"""What is listed of each source, and its canonical form, against pixels made by hand."""

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.sources import canonical_form, list_source
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
    ],
)
def test_the_canonical_form_of_a_grey_image(tmp_path, source, ppi, folder, shape):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "1.png"
    Image.fromarray(np.full((103, 96), 77, np.uint8)).save(path)
    assert np.array_equal(canonical_form(source, ppi)(path), np.full(shape, 77, np.uint8))


def test_a_bad_image_is_named(tmp_path):
    path = tmp_path / "1.png"
    Image.fromarray(np.zeros((50, 60), np.uint8)).save(path)
    with pytest.raises(BadInput, match=f"^{path} is 60 x 50 pixels"):
        canonical_form("socofing", 0.0)(path)


def test_only_the_subjects_asked_for_are_listed(tmp_path):
    touch(tmp_path, "Real/1__M_Left_index_finger.BMP", "Real/2__M_Left_index_finger.BMP")
    touch(tmp_path / "FVC2002_DB1_B", "101_1.tif", "102_1.tif", "110_1.tif")
    assert [file.label.subject for file in list_source("socofing", tmp_path, "2-9").files] == ["2"]
    listing = list_source("fvc", tmp_path / "FVC2002_DB1_B", "101-109")
    assert [file.label.name for file in listing.files] == ["FVC2002_DB1_B/101_1", "FVC2002_DB1_B/102_1"]
    with pytest.raises(BadInput, match="--subjects 7 matches none"):
        list_source("socofing", tmp_path, "7")


def test_a_name_is_listed_once(tmp_path):
    touch(tmp_path, "s1/1.pgm", "s1/1.png", "s1/2.png")
    listing = list_source("folder", tmp_path, "")
    assert [file.path.name for file in listing.files] == ["1.pgm", "2.png"]
    assert [(path.name, reason) for path, reason in listing.bad] == [
        ("1.png", "1.png has the same name as 1.pgm but for its suffix")
    ]
