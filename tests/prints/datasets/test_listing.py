"""The sentence where nothing is taken."""

from pathlib import Path

from ridgecode.prints.datasets.listing import NO_IMAGE, OTHER_SUFFIX, LeftOut, nothing_to_take


def test_no_image_is_said_only_where_there_is_none() -> None:
    root = Path("root")
    assert str(nothing_to_take(root, [], "give another")) == "root holds no image: give another"
    empty = LeftOut(root / "s1", NO_IMAGE)
    assert str(nothing_to_take(root, [empty], "give another")) == "root holds no image: give another"
    said = str(nothing_to_take(root, [empty, LeftOut(root / "a\nb.heic", OTHER_SUFFIX)], "give another"))
    assert said == (
        "root holds no image that can be taken, 1 left out, the first of them root/a\\nb.heic "
        "(suffix that is not read): give another"
    )
