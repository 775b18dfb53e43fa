"""What the reader of SOCOFing finds below a folder."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import NO_IMAGE, NO_LEVEL, SECOND_FILE, SECOND_LEVEL
from ridgecode.prints.datasets.socofing import list_socofing
from support.empty_files import touch

REAL = "Real/1__M_Left_index_finger.BMP"


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
    touch(tmp_path, REAL, "Real/copy.BMP", "Real/1__M_Left_index_finger_CR.BMP", "Real/01__M_Left_index_finger.BMP")
    listing = list_socofing(tmp_path)
    assert len(listing.files) == 1
    # Each begins with the file's name, by which the account groups them.
    assert all(reason.startswith(f"{path.name} is no SOCOFing name such as Real/") for path, reason in listing.bad)
    assert [path.name for path, _ in listing.bad] == [
        "01__M_Left_index_finger.BMP",
        "1__M_Left_index_finger_CR.BMP",
        "copy.BMP",
    ]


def test_socofing_needs_a_folder_with_prints(tmp_path):
    with pytest.raises(BadInput, match="no folder"):
        list_socofing(tmp_path / "missing")
    with pytest.raises(BadInput, match="no folder Real"):
        list_socofing(tmp_path)
    (tmp_path / "Real").mkdir()
    with pytest.raises(BadInput, match="holds no image: "):
        list_socofing(tmp_path)
    touch(tmp_path, "Real/1__M_Left_index_finger.heic")
    with pytest.raises(BadInput, match=r"no image that can be taken, 1 left out.*finger\.heic"):
        list_socofing(tmp_path)


def names(root):
    return [file.label.name for file in list_socofing(root).files]


EASY = "Altered/Altered-Easy/1__M_Left_index_finger_CR"


@pytest.mark.parametrize(
    ("real", "easy"),
    [
        ("Real", "Altered/Altered-Easy"),
        ("REAL", "altered/ALTERED-EASY"),
        ("real", "altered-easy"),
        ("data/x/y/z/Real", "data/x/Altered_Easy"),
        ("one/Real", "two/Altered/Easy"),
        ("Real/batch 1", "Altered/Altered-Easy/batch 1"),
    ],
)
@pytest.mark.parametrize("stem", ["1__M_Left_index_finger", "1__m_LEFT_Index_FINGER"])
@pytest.mark.parametrize("suffix", [".BMP", ".bmp", ".png", ".Tif"])
def test_any_placing_and_any_case(tmp_path, real, easy, stem, suffix):
    touch(tmp_path, f"{real}/{stem}{suffix}", f"{easy}/{stem}_cr{suffix}")
    listing = list_socofing(tmp_path)
    assert [file.label.name for file in listing.files] == ["Real/1__M_Left_index_finger", EASY]
    assert (listing.bad, listing.left_out, listing.remarks) == ([], [], ())


def test_the_root_may_be_a_levels_folder(tmp_path):
    touch(tmp_path, REAL, f"{EASY}.BMP", "Altered/Altered-Hard/2__F_Right_thumb_finger_Zcut.BMP")
    assert names(tmp_path / "Real") == ["Real/1__M_Left_index_finger"]
    assert names(tmp_path / "Altered") == [EASY, "Altered/Altered-Hard/2__F_Right_thumb_finger_Zcut"]
    assert names(tmp_path / "Altered/Altered-Easy") == [EASY]
    assert "no folder Real" in list_socofing(tmp_path / "Altered").remarks[0]


def test_a_root_that_is_named_real_for_another_reason(tmp_path):
    touch(tmp_path / "real", f"SOCOFing/{REAL}", "FVC/DB1_B/101_1.tif", "photo.png")
    listing = list_socofing(tmp_path / "real")
    assert [file.label.name for file in listing.files] == ["Real/1__M_Left_index_finger"]
    assert {(one.path.name, one.reason) for one in listing.left_out} == {
        ("101_1.tif", NO_LEVEL),
        ("photo.png", NO_LEVEL),
    }


def test_of_copies_the_nearest_is_taken_whole_and_the_others_are_counted(tmp_path):
    touch(tmp_path, f"SOCOFing/{REAL}", f"SOCOFing/{EASY}.BMP")
    touch(tmp_path, f"socofing/SOCOFing/{REAL}", f"socofing/SOCOFing/{EASY}.BMP", f"A/{EASY}.BMP")
    for root in (tmp_path, tmp_path / "SOCOFing"):
        assert {file.path for file in list_socofing(root).files} == {
            tmp_path / "SOCOFing" / REAL,
            tmp_path / "SOCOFing" / f"{EASY}.BMP",
        }
    listing = list_socofing(tmp_path)
    assert {one.reason for one in listing.left_out} == {SECOND_LEVEL}
    assert len(listing.left_out) == 3


def test_of_two_files_of_one_print_the_bmp_is_taken(tmp_path):
    touch(tmp_path, REAL, "Real/1__M_Left_index_finger.png", "Real/backup/1__m_left_index_finger.BMP")
    listing = list_socofing(tmp_path)
    assert [file.path for file in listing.files] == [tmp_path / REAL]
    assert {one.reason for one in listing.left_out} == {SECOND_FILE}
    assert len(listing.left_out) == 2


def test_levels_without_an_image_and_other_images_are_counted(tmp_path):
    touch(tmp_path, REAL, "sheet.png", "Altered/Altered-Hard/notes.txt")
    (tmp_path / "Altered/Altered-Easy").mkdir()
    left_out = {(one.path.relative_to(tmp_path).as_posix(), one.reason) for one in list_socofing(tmp_path).left_out}
    assert left_out == {
        ("sheet.png", NO_LEVEL),
        ("Altered/Altered-Easy", NO_IMAGE),
        ("Altered/Altered-Hard", NO_IMAGE),
    }


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
