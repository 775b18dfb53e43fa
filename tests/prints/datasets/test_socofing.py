"""What the reader of SOCOFing finds below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.socofing import find_socofing, list_socofing
from support.empty_files import touch

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
