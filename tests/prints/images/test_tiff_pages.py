"""Files of several pages, made by hand, by tifffile and by Pillow."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import make_tiff, smooth_grey

FULL = smooth_grey(40, 30)
OTHER = smooth_grey(40, 30, seed=1)
SMALL = smooth_grey(10, 8)
Page = tuple[int, int, bytes, dict[int, tuple[int, Sequence[int]]]]


def page(grey: NDArray[np.uint8], **tags: int) -> Page:
    numbers = {"new_subfile_type": (254, 4), "subfile_type": (255, 3), "photometric": (262, 3)}
    return (
        grey.shape[1],
        grey.shape[0],
        grey.tobytes(),
        {numbers[n][0]: (numbers[n][1], [v]) for n, v in tags.items()},
    )


def test_the_first_of_ten_pages_is_taken_and_the_others_are_counted() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.stack([FULL, *[OTHER] * 9]), photometric="minisblack")
    image = decode(file.getvalue())
    assert np.array_equal(image.grey, FULL)
    assert image.notes == ("holds 10 pages; the first is taken",)


def test_pages_that_pillow_wrote() -> None:
    file = io.BytesIO()
    pages = [Image.fromarray(OTHER) for _ in range(2)]
    Image.fromarray(FULL).save(file, "TIFF", save_all=True, append_images=pages, compression="tiff_lzw")
    image = decode(file.getvalue())
    assert np.array_equal(image.grey, FULL)
    assert image.notes == ("holds 3 pages; the first is taken",)


def test_slices_of_imagej_and_of_volumes_are_counted() -> None:
    for keywords in ({"imagej": True}, {"photometric": "minisblack", "volumetric": True}):
        file = io.BytesIO()
        tifffile.imwrite(file, np.stack([FULL, OTHER, OTHER]), **keywords)
        image = decode(file.getvalue())
        assert np.array_equal(image.grey, FULL)
        assert image.notes == ("holds 3 pages; the first is taken",)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "mark", [{"new_subfile_type": 1}, {"subfile_type": 2}, {"new_subfile_type": 4}, {"photometric": 4}]
)
def test_thumbnails_and_masks_are_not_taken(mark: dict[str, int], order: str) -> None:
    for pages in ([page(SMALL, **mark), page(FULL)], [page(FULL), page(SMALL, **mark)]):
        image = decode(make_tiff(pages, order))
        assert np.array_equal(image.grey, FULL)
        assert image.notes == ()


def test_a_page_of_several_pages_is_a_full_one() -> None:
    image = decode(make_tiff([page(FULL, new_subfile_type=2), page(OTHER, new_subfile_type=2)]))
    assert np.array_equal(image.grey, FULL)
    assert image.notes == ("holds 2 pages; the first is taken",)


def test_of_thumbnails_alone_the_largest_is_taken() -> None:
    image = decode(make_tiff([page(SMALL, new_subfile_type=1), page(FULL, new_subfile_type=1)]))
    assert np.array_equal(image.grey, FULL)


def test_a_full_page_below_a_thumbnail_is_taken() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(SMALL, subifds=1, subfiletype=1, photometric="minisblack")
        writer.write(FULL, subfiletype=0, photometric="minisblack", compression="jpeg", compressionargs={"level": 98})
    grey = decode(file.getvalue()).grey
    assert grey.shape == FULL.shape
    assert np.abs(grey.astype(int) - FULL).max() < 20


def test_the_taken_page_may_lie_behind_one_that_no_decoder_knows() -> None:
    strange = page(SMALL, photometric=32844, new_subfile_type=1)
    file = io.BytesIO()
    Image.fromarray(FULL).save(file, "TIFF", compression="jpeg")
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as jpeg:
        start, count = jpeg.pages[0].dataoffsets[0], jpeg.pages[0].databytecounts[0]
        tables = jpeg.pages[0].tags.valueof(347)
    strip = file.getvalue()[start : start + count]
    tags = {259: (3, [7]), 347: (1, list(tables))} if tables else {259: (3, [7])}
    data = make_tiff([strange, (30, 40, strip, tags)])
    assert np.array_equal(decode(data).grey, decode(file.getvalue()).grey)


def test_a_file_of_masks_has_no_picture() -> None:
    with pytest.raises(BadInput, match="damaged"):
        decode(make_tiff([page(SMALL, new_subfile_type=4)]))


def test_damage_behind_the_first_page_does_not_matter() -> None:
    data = make_tiff([page(FULL), page(OTHER)])
    assert np.array_equal(decode(data[: -OTHER.size - 60]).grey, FULL)
