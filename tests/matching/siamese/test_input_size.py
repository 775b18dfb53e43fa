"""The input size of a system: from flags, from images of one size, from images of several."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.input_size import check_input_size, chosen_spec
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore

Stored = Callable[..., PrintStore]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """A store of images of these heights and widths."""

    def write(*shapes: tuple[int, int]) -> PrintStore:
        for number, shape in enumerate(shapes):
            path = tmp_path / "images" / f"s{number}" / "1.png"
            path.parent.mkdir(parents=True)
            Image.fromarray(np.full(shape, number, np.uint8)).save(path)
        return PrintStore.open(prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path)

    return write


def test_images_of_one_size_keep_the_rule_of_the_write_up(stored: Stored) -> None:
    store = stored((112, 92), (112, 92))
    for flags, wanted in (((0, 0), (56, 46)), ((28, 0), (28, 23)), ((0, 23), (28, 23)), ((30, 40), (30, 40))):
        spec, note = chosen_spec("contrastive", "ours", store, *flags)
        assert ((spec.height, spec.width), note) == (wanted, "")
    assert chosen_spec("subtract", "ours", store, 120).spec.input == "120x90x1"


def test_images_of_several_sizes(stored: Stored) -> None:
    store = stored((100, 80), (120, 60), (300, 70))
    for system, wanted in (("subtract", "90x90x1"), ("l1", "100x100x3"), ("stripes", "160x160x1")):
        spec, note = chosen_spec(system, "published", store)  # type: ignore[arg-type]
        assert spec.input == wanted
        assert f"of 3 sizes; each is brought to {spec.height} rows and {spec.width} columns (the input of" in note
    spec, note = chosen_spec("contrastive", "published", store)
    assert (spec.height, spec.width) == (60, 35)  # half the medians, 120 and 70
    assert "half their median" in note
    spec, note = chosen_spec("contrastive", "published", store, 120)
    assert (spec.height, spec.width) == (120, 70)
    assert note == "the images are of 3 sizes; each is brought to 120 rows and 70 columns"
    assert chosen_spec("contrastive", "published", store, 12, 34).note == ""


def test_a_chosen_size_is_neither_huge_nor_too_small_for_the_network(stored: Stored) -> None:
    spec = chosen_spec("contrastive", "ours", stored((1, 1), (3000, 400), (3000, 500))).spec
    assert (spec.height, spec.width) == (160, 22)  # 3000 x 400, scaled to 320 x 43, halved
    prints = [np.full((1, *shape), 90, np.uint8) for shape in ((1, 1), (3000, 400), (1, 2000))]
    assert {spec.fit(one).shape for one in prints} == {(1, 160, 22)}
    assert {int(spec.fit(one).mean()) for one in prints} == {90}


def test_tiny_images_and_strips_are_brought_to_what_the_network_needs(stored: Stored) -> None:
    spec = chosen_spec("contrastive", "ours", stored((1, 1), (2, 5), (3, 2000))).spec
    assert (spec.height, spec.width) == (10, 10)


def test_huge_sizes() -> None:
    check_input_size(16384, 16384)
    check_input_size(0, 0)
    for height, width in ((10**9, 10**9), (10**9, 0), (20000, 20000)):
        with pytest.raises(BadInput, match=f"--image_height {height} and --image_width {width} are more pixels than"):
            check_input_size(height, width)
