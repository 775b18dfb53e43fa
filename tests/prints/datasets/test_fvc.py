"""What the reader of FVC sets finds below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.fvc import fvc_ppi, list_fvc
from support.empty_files import touch


def test_fvc_of_one_set_and_of_several(tmp_path):
    touch(
        tmp_path,
        *("FVC2002_DB1_B/" + name for name in ("101_1.tif", "101_2.tif", "101_10.tif", "110_1.tif", "index_B.lst")),
        "FVC2002_DB2_B/101_1.tif",
        "FVC2002_DB2_B/notes.png",
    )
    labels = [file.label for file in list_fvc(tmp_path / "FVC2002_DB1_B").files]
    assert [label.name for label in labels] == [
        f"FVC2002_DB1_B/{name}" for name in ("101_1", "101_2", "101_10", "110_1")
    ]
    assert {label.finger_id for label in labels} == {"FVC2002_DB1_B/101", "FVC2002_DB1_B/110"}
    assert [label.impression for label in labels] == [1, 2, 10, 1]
    listing = list_fvc(tmp_path)
    assert len(listing.files) == 5
    assert [path.name for path, _ in listing.bad] == ["notes.png"]
    with pytest.raises(BadInput, match="no folder"):
        list_fvc(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no image"):
        list_fvc(tmp_path / "empty")


def test_fvc_resolutions(tmp_path):
    for folder, ppi in (
        ("FVC2000_DB2_B", 500),
        ("FVC2002_DB1_B", 500),
        ("FVC2002_DB2_B", 569),
        ("FVC2002/DB2_A", 569),
        ("FVC2004/Dbs/DB3_B", 512),
        ("other", 500),
    ):
        assert fvc_ppi(tmp_path / folder) == ppi, folder


def test_real_fvc_counts(real_data):
    listing = list_fvc(real_data / "FVC")
    assert len(listing.files) == 400
    assert len({file.label.finger_id for file in listing.files}) == 50
    assert {file.label.impression for file in listing.files} == set(range(1, 9))
