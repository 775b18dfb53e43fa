"""What the three readers find below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.folder import list_folder
from ridgecode.prints.fvc import fvc_ppi, list_fvc
from ridgecode.prints.socofing import find_socofing, list_socofing


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


REAL = "Real/1__M_Left_index_finger.BMP"


def test_socofing_is_found_in_a_parent_and_beside_its_double(tmp_path):
    touch(tmp_path, f"SOCOFing/{REAL}", f"SOCOFing/socofing/SOCOFing/{REAL}", f"socofing/SOCOFing/{REAL}")
    for root in (tmp_path, tmp_path / "SOCOFing"):
        assert find_socofing(root) == tmp_path / "SOCOFing"
        assert len(list_socofing(root).files) == 1
    touch(tmp_path / "deep", f"archive/SOCOFing/{REAL}")
    assert find_socofing(tmp_path / "deep") == tmp_path / "deep/archive/SOCOFing"


def test_socofing_lists_real_first_then_levels_in_order(tmp_path):
    names = [
        "Real/2__M_Left_thumb_finger.BMP",
        "Real/2__M_Left_thumb_finger_2.BMP",
        "Real/2__M_Left_thumb_finger_10.BMP",
        "Real/2__M_Left_index_finger.BMP",
        "Real/2__M_Right_thumb_finger.BMP",
        "Real/10__F_Left_thumb_finger.bmp",
        "Altered/Altered-Easy/2__M_Left_thumb_finger_CR.BMP",
        "Altered/Altered-Easy/2__M_Left_thumb_finger_Obl.BMP",
        "Altered/Altered-Medium/2__M_Left_thumb_finger_CR.BMP",
        "Altered/Altered-Hard/2__M_Left_thumb_finger_Zcut.BMP",
    ]
    touch(tmp_path, *reversed(names), "Real/Thumbs.db", "Real/.DS_Store", "Altered/desktop.ini", "Real/._x.BMP")
    listing = list_socofing(tmp_path)
    assert [str(file.path.relative_to(tmp_path)) for file in listing.files] == names
    assert [file.label.name for file in listing.files] == [name.rsplit(".", 1)[0] for name in names]
    assert listing.bad == []


def test_socofing_lists_wrong_names(tmp_path):
    touch(tmp_path, REAL, "Real/copy.BMP", "Real/1__M_Left_index_finger.png", "Real/1__M_Left_index_finger_CR.BMP")
    listing = list_socofing(tmp_path)
    assert len(listing.files) == 1
    assert [path.name for path, _ in listing.bad] == [
        "1__M_Left_index_finger.png",
        "1__M_Left_index_finger_CR.BMP",
        "copy.BMP",
    ]


def test_socofing_needs_a_folder_with_prints(tmp_path):
    with pytest.raises(BadInput, match="no folder"):
        list_socofing(tmp_path / "missing")
    with pytest.raises(BadInput, match="no folder Real"):
        list_socofing(tmp_path)
    (tmp_path / "Real").mkdir()
    with pytest.raises(BadInput, match="no BMP"):
        list_socofing(tmp_path)


def test_real_socofing_counts(real_data):
    listing = list_socofing(real_data)
    assert listing.bad == []
    labels = [file.label for file in listing.files]
    trained = [label for label in labels if int(label.subject) <= 480]
    reals = [label for label in trained if label.level == "Real"]
    assert len(reals) == 4800
    assert len({label.finger_id for label in reals}) == 4800
    assert {(label.hand, label.finger) for label in reals if label.subject == "1"} == {
        (hand, finger) for hand in ("Left", "Right") for finger in ("thumb", "index", "middle", "ring", "little")
    }
    assert len({label.name for label in labels}) == len(labels)
    # Every altered print has its Real one.
    assert {label.finger_id for label in trained} == {label.finger_id for label in reals}


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
