"""Which resolution is taken, and what is said of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ridgecode.prints.datasets.resolution import Resolution, Resolutions, resolution_of


@pytest.mark.parametrize(
    ("source", "folder", "given", "tag", "expected"),
    [
        ("folder", "s1", 0, 0, Resolution(0, "none", 0)),
        ("folder", "s1", 0, 500, Resolution(500, "tag", 500)),
        ("folder", "s1", 1000, 500, Resolution(1000, "given", 500)),
        ("folder", "FVC2002_DB2_B", 0, 0, Resolution(0, "none", 0)),
        ("fvc", "FVC2002_DB2_B", 0, 500, Resolution(569, "set", 500)),
        ("fvc", "DB2_B", 0, 569, Resolution(569, "tag", 569)),
        ("fvc", "DB2_B", 0, 0, Resolution(500, "assumed", 0)),
        ("fvc", "FVC2002_DB2_B", 300, 0, Resolution(300, "given", 0)),
        ("impressions", "FVC2002_DB2_B", 0, 0, Resolution(500, "assumed", 0)),
        ("impressions", "FCJ2020", 0, 400, Resolution(400, "tag", 400)),
    ],
)
def test_the_resolution_of_an_image(
    tmp_path: Path, source: str, folder: str, given: float, tag: float, expected: Resolution
) -> None:
    assert resolution_of(source, tmp_path / folder / "1.png", given, tag) == expected


@pytest.mark.parametrize("given", [0, 300])
@pytest.mark.parametrize("tag", [0, 400])
def test_what_sets_yaml_says_goes_before_the_tag_and_after_the_flag(tmp_path: Path, given: float, tag: float) -> None:
    expected = Resolution(given, "given", tag) if given else Resolution(512, "sets.yaml", tag)
    assert resolution_of("impressions", tmp_path / "1.png", given, tag, of_set=512) == expected


def remarks(*counted: tuple[int, Resolution, str]) -> Sequence[str]:
    resolutions = Resolutions()
    for count, resolution, set_name in counted:
        for _ in range(count):
            resolutions.add(resolution, set_name)
    return resolutions.remarks()


def test_own_tags_are_mentioned() -> None:
    assert remarks((3, Resolution(0, "none", 0), "")) == []
    [one] = remarks((80, Resolution(500, "tag", 500), ""))
    assert one.startswith("80 files have 500 ppi by their own tag, which was used")
    some = remarks((1, Resolution(500, "tag", 500), ""), (2, Resolution(0, "none", 0), ""))
    assert some[0].startswith("1 file has 500 ppi by its own tag")
    assert some[1] == "2 files have no resolution tag and keep their own size, unlike the others"
    assert len(remarks((1, Resolution(500, "tag", 500), ""), (1, Resolution(1000, "tag", 1000), ""))) == 2


def test_tags_that_differ_from_what_was_used_are_mentioned() -> None:
    assert remarks((2, Resolution(500, "given", 500), ""), (2, Resolution(500, "given", 0), "")) == []
    assert remarks((2, Resolution(500, "given", 1000), "")) == [
        "2 files have 1000 ppi by their own tag; 500 ppi, --ppi, was used"
    ]
    assert remarks((1, Resolution(512, "sets.yaml", 500), "UareU")) == [
        "1 file has 500 ppi by its own tag; 512 ppi, sets.yaml, was used"
    ]
    [one] = remarks((2, Resolution(569, "set", 500), "FVC2002_DB2_B"))
    assert "500 ppi by their own tag; 569 ppi, the known resolution of the FVC set, was used" in one


def test_sets_of_unknown_resolution_are_named() -> None:
    assumed = Resolution(500, "assumed", 0)
    [one] = remarks((8, assumed, "DB2_B"))
    assert one == "set DB2_B has no known resolution; 500 ppi was taken; give --ppi where it is another"
    [many] = remarks(*((1, assumed, f"set{i}") for i in range(6)))
    assert many.startswith("sets set0, set1, set2 and 3 more have no known resolution")
