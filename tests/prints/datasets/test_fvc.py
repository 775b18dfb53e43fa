"""What the reader of FVC sets finds below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.fvc import fvc_ppi, list_fvc
from ridgecode.prints.datasets.listing import NO_FVC_NAME, NO_IMAGE, OTHER_SUFFIX, SECOND_FILE
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
    with pytest.raises(BadInput, match="holds no image: "):
        list_fvc(tmp_path / "empty")


def names(root):
    return [file.label.name for file in list_fvc(root).files]


def left_out(listing, root):
    return {(one.path.relative_to(root).as_posix(), one.reason) for one in listing.left_out}


def test_sets_at_any_depth_have_the_shortest_names_that_tell_them_apart(tmp_path):
    touch(
        tmp_path,
        "FVC2002_DB2_B/101_1.tif",
        "FVC2004/DB1_B/101_1.tif",
        "FVC2006/Dbs/DB1_B/7_1.bmp",
        "sensorX/deep/down/FVC2000/DB3_A/1_1.tif",
        "sensorX/deep/down/FVC2000/DB3_A/1_2.PNG",
    )
    assert names(tmp_path) == [
        "DB3_A/1_1",
        "DB3_A/1_2",
        "Dbs/DB1_B/7_1",
        "FVC2002_DB2_B/101_1",
        "FVC2004/DB1_B/101_1",
    ]


def test_a_root_that_is_a_set_beside_one_of_its_name(tmp_path):
    touch(tmp_path / "x/DB1", "101_1.tif", "DB1/101_1.tif")
    assert names(tmp_path / "x/DB1") == ["DB1/DB1/101_1", "x/DB1/101_1"]


def test_a_folder_that_is_named_for_a_finger_is_part_of_its_set(tmp_path):
    touch(tmp_path, "DB1_B/101/101_1.tif", "DB1_B/101/101_2.tif", "DB1_B/102/102_1.tif", "DB2_B/012/012_3_1.tif")
    listing = list_fvc(tmp_path)
    assert [file.label.finger_id for file in listing.files] == ["DB1_B/101", "DB1_B/101", "DB1_B/102", "DB2_B/012_3"]


def test_a_set_may_be_named_as_one_of_its_fingers_is(tmp_path):
    touch(tmp_path, *(f"{one}/{finger}_1.tif" for one in (1, 2) for finger in (1, 2, 3)))
    assert names(tmp_path) == ["1/1_1", "1/2_1", "1/3_1", "2/1_1", "2/2_1", "2/3_1"]


def test_folders_of_persons_and_their_fingers_are_parts_of_one_set(tmp_path):
    touch(tmp_path, "set/012/3/012_3_1.tif", "set/012/L/012_4_1.tif", "set/13/3/013_3_1.tif")
    assert names(tmp_path) == ["set/012_3_1", "set/012_4_1", "set/013_3_1"]


def test_zeros_before_a_number_make_no_other_person_or_finger(tmp_path):
    touch(tmp_path / "set", "012_3_1.tif", "12_3_2.tif", "012_03_3.tif", "0_0_1.tif", "00_0_2.tif")
    fingers = [file.label.finger_id for file in list_fvc(tmp_path).files]
    assert [fingers.count(finger) for finger in dict.fromkeys(fingers)] == [2, 3]


def test_names_of_three_parts_tell_the_person(tmp_path):
    touch(tmp_path / "set", "012_3_1.tif", "012_3_10.tif", "012_3_2.tif", "012_10_1.tif", "2_1_1.tif", "002_1.tif")
    labels = [file.label for file in list_fvc(tmp_path).files]
    assert [(one.name, one.subject, one.finger_id, one.impression) for one in labels] == [
        ("set/2_1", "set/2", "set/2", 1),
        ("set/2_1_1", "set/2", "set/2_1", 1),
        ("set/012_3_1", "set/012", "set/012_3", 1),
        ("set/012_3_2", "set/012", "set/012_3", 2),
        ("set/012_3_10", "set/012", "set/012_3", 10),
        ("set/012_10_1", "set/012", "set/012_10", 1),
    ]


def test_of_two_files_of_one_print_the_one_without_loss_is_taken(tmp_path):
    touch(tmp_path / "set", "101_1.jpg", "101_1.tif", "101_2.jpg", "0101_2.jpeg", "101_1.jp2")
    listing = list_fvc(tmp_path)
    assert {file.path.name for file in listing.files} == {"101_1.tif", "0101_2.jpeg"}
    assert left_out(listing, tmp_path) == {
        (f"set/{name}", SECOND_FILE) for name in ("101_1.jpg", "101_2.jpg", "101_1.jp2")
    }


def test_what_is_no_set_is_counted(tmp_path):
    touch(tmp_path, "DB1_B/101_1.tif", "DB1_B/101_2.heic", "docs/figure.png", "docs/README.txt", "src/a.py")
    for empty in ("DB2_B", "void", "FVC2004/DB3_A"):
        (tmp_path / empty).mkdir(parents=True)
    assert left_out(list_fvc(tmp_path), tmp_path) == {
        ("DB1_B/101_2.heic", OTHER_SUFFIX),
        ("docs/figure.png", NO_FVC_NAME),
        ("DB2_B", NO_IMAGE),
        ("void", NO_IMAGE),
        ("FVC2004/DB3_A", NO_IMAGE),
    }
    with pytest.raises(BadInput, match=r"no image that can be taken, 1 left out.*docs/figure\.png") as raised:
        list_fvc(tmp_path / "docs")
    assert "--pattern" in str(raised.value)


def test_a_linked_set_is_known_by_its_link_or_by_its_target(tmp_path):
    touch(tmp_path / "data", "a/101_1.tif", "FVC2004_DB3_B/101_1.tif")
    (tmp_path / "db").mkdir()
    (tmp_path / "db/FVC2002_DB2_B").symlink_to(tmp_path / "data/a")
    (tmp_path / "db/second").symlink_to(tmp_path / "data/FVC2004_DB3_B")
    assert names(tmp_path / "db") == ["FVC2002_DB2_B/101_1", "second/101_1"]
    assert [fvc_ppi(tmp_path / "db" / name) for name in ("FVC2002_DB2_B", "second")] == [569, 512]


def test_fvc_resolutions(tmp_path):
    for folder, ppi in (
        ("FVC2000_DB2_B", 500),
        ("FVC2002_DB1_B", 500),
        ("FVC2002_DB2_B", 569),
        ("FVC2002/DB2_A", 569),
        ("FVC2004/Dbs/DB3_B", 512),
        ("sensorX/fvc2006/db1_a", 250),
        ("FVC-2004/DB-3/101", 512),
        ("FVC2002/Dbs/DB2_A/101", 569),
        ("FVC/2002/DB2_A", 569),
        ("FVC2002/FVC2004_DB3_A", 512),
        ("FVC2002 and FVC2004/FVC2004_DB3_A", 512),
        ("FVC2004_DB3_A/FVC2002_DB2_A", 569),
        ("other", 0),
        ("DB2_B", 0),
    ):
        assert fvc_ppi(tmp_path / folder) == ppi, folder


def test_real_fvc_counts(real_data):
    listing = list_fvc(real_data / "FVC")
    assert len(listing.files) == 400
    assert len({file.label.finger_id for file in listing.files}) == 50
    assert {file.label.impression for file in listing.files} == set(range(1, 9))
