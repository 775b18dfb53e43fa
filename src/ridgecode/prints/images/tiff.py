"""TIFF files: which page is taken, and samples of any depth to grey as the tags say.

tifffile reads the structure and, with imagecodecs where that is installed, most samples; Pillow reads JPEG and fax
compression and the colours of print and video.
Source: TIFF revision 6.0 (Adobe, 1992); sections 4, 5, 18 (alpha) and 19 (SampleFormat).
"""

import io
import logging
import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms, ImageFile, TiffImagePlugin

from ridgecode.errors import BadInput
from ridgecode.prints.images.extras import EXTRA
from ridgecode.prints.images.pixels import (
    MAX_PIXELS,
    ReadImage,
    check_size,
    dark_note,
    grey_of_image,
    grey_of_samples,
    scaled,
    upright,
)
from ridgecode.prints.images.quiet import no_warnings
from ridgecode.prints.images.resolution import stated_ppi, tag_density
from ridgecode.prints.images.tiff_pages import choose_page
from ridgecode.prints.images.whole import Damaged, jpeg_frame, tail_run

_BITS, _ORIENTATION, _MAX_SAMPLE, _ACROSS, _DOWN, _UNIT = 258, 274, 281, 282, 283, 296
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = range(4)
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1}
"""Stored channels of the photometric interpretations that tifffile's samples are taken for."""
_CAMERA_RAW = (32803, 34892)
_UNCOMPRESSED, _JPEG = 1, 7
_JPEG_2000 = (33003, 33004, 33005, 34712)
_FAX = (2, 3, 4)
_LONGEST_FAX_TAIL = 32
"""Equal bytes at the end of a strip, which ends with a code of both values."""
_OLD_JPEG = 6
_PILLOW_TOO = (_UNCOMPRESSED, 5, 8, 32773, 32946, 34925, 50000)
"""Compressions without loss that Pillow decodes where imagecodecs is not installed: LZW, deflate, PackBits, ..."""
_UNSIGNED, _SIGNED, _UNKNOWN = 1, 2, 4
_LIGHT = ("holds signed samples, none of them negative, so all come out lighter than half; save it unsigned",)
_PREMULTIPLIED, _ALPHA = 1, 2
_MOST_SAMPLES = 16
_MOST_AT_ONCE = 4 * MAX_PIXELS


def read_tiff(data: bytes) -> ReadImage:
    """The first full page. Signed samples are shifted by half their range: the lowest becomes 0.

    Raises BadInput for floating-point samples, for more than 16 bits, and for a compression that needs the extra.
    """
    import tifffile  # takes 0.1 s, which most verbs need not wait for

    # tifffile logs what it finds wrong and goes on; without a handler, Python prints that.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page, notes = choose_page(file)
        check_size(page.imagewidth, page.imagelength)
        _check_samples(page)
        if page.compression != _UNCOMPRESSED:
            _check_segments(data, page)
        grey, more = _grey(data, page)
        tags = {tag: _ratio(page.tags.valueof(tag)) for tag in (_ACROSS, _DOWN) if tag in page.tags}
        ppi, unequal = stated_ppi(tag_density({**tags, _UNIT: int(page.tags.valueof(_UNIT, default=2))}))
    return ReadImage(grey, ppi, (*notes, *more, *unequal))


def _ratio(value: Any) -> float:
    return value[0] / value[1] if value[1] else 0.0


def _check_samples(page: Any) -> None:
    if page.photometric in _CAMERA_RAW:
        raise BadInput("holds a camera's raw data: develop it and save it as PNG")
    if page.sampleformat not in (_UNSIGNED, _SIGNED, _UNKNOWN):
        raise BadInput("holds floating-point pixels of unknown range: save it as 8-bit or 16-bit grey")
    bits = page.tags.valueof(_BITS, default=1)
    if page.samplesperpixel > _MOST_SAMPLES:
        raise BadInput(f"holds {page.samplesperpixel} samples a pixel: save it as 8-bit or 16-bit grey")
    if not isinstance(bits, int) and len(set(bits)) > 1:
        raise BadInput(f"holds samples of {bits} bits: save it as 8-bit or 16-bit grey")
    # All samples and slices of a page, and each tile, which may be larger than the page, are decoded at once.
    if max(page.size, math.prod(page.chunks)) > _MOST_AT_ONCE:
        raise BadInput(f"holds more than {_MOST_AT_ONCE} samples in a page or tile: save it as 8-bit or 16-bit grey")
    if page.bitspersample > 16:
        raise BadInput(f"holds pixels beyond 16 bits ({page.bitspersample}): save it as 8-bit or 16-bit grey")


def _check_segments(data: bytes, page: Any) -> None:
    """Raises Damaged where a strip or tile is missing, cut, or a JPEG image without an end."""
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if count == 0 or offset + count > len(data):
            raise Damaged
        segment = data[offset : offset + count]
        if page.compression == _JPEG:
            jpeg_frame(segment)
        # The marker that ends a codestream; a byte may fill the segment up to an even length.
        if page.compression in _JPEG_2000 and b"\xff\xd9" not in segment[-3:]:
            raise Damaged
        # Decoders of fax codes fill what they can't decode with white.
        if page.compression in _FAX and tail_run(segment) >= _LONGEST_FAX_TAIL:
            raise Damaged


def _grey(data: bytes, page: Any) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Upright pixels and notes."""
    jpeg = page.compression == _OLD_JPEG or (page.compression == _JPEG and page.bitspersample == 8)
    if jpeg or page.compression in _FAX or page.photometric not in _CHANNELS:
        return _grey_of_pillow(_opened(data, page), page), ()
    try:
        samples = page.asarray()
    except (ValueError, RuntimeError, ImportError) as error:
        # tifffile's own decoders know few compressions and depths. Pillow knows some more of unsigned samples.
        if not isinstance(error, ImportError) and "imagecodecs" not in str(error):
            raise
        refusal = f"is a TIFF file of a kind which {EXTRA}"
        if page.sampleformat == _SIGNED or page.compression not in _PILLOW_TOO:
            raise BadInput(refusal) from error
        return _grey_of_pillow(_opened(data, page, refusal), page), ()
    planes, _, height, width, channels = page.shaped
    # (planes, slices, H, W, channels), of which either planes or channels is 1; the first slice is taken.
    samples = np.moveaxis(samples.reshape(page.shaped)[:, 0], 0, 2).reshape(height, width, planes * channels)
    grey, notes = _grey_of_stored(samples, page)
    return upright(grey, page.tags.valueof(_ORIENTATION)), notes


def _grey_of_stored(samples: NDArray[np.integer | np.bool_], page: Any) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Samples (H, W, channels) as they are stored -> grey (H, W) and notes."""
    channels = _CHANNELS[page.photometric]
    notes: tuple[str, ...] = ()
    top = 2**page.bitspersample - 1
    if page.sampleformat == _SIGNED:
        samples = samples.astype(np.int32) + 2 ** (page.bitspersample - 1)
    elif samples.dtype == bool:
        samples = samples.astype(np.uint8)
    if page.bitspersample not in (8, 16) and samples.max() > top:
        raise Damaged
    colours, extra = samples[..., :channels], samples[..., channels:]
    if page.photometric == _PALETTE:
        levels = _palette(page)[colours[..., 0]]
    else:
        if page.sampleformat == _UNSIGNED and (stated := _stated_top(page)) and colours.max() <= stated:
            notes = (f"states {stated} as its largest sample, which is taken for the full range",)
            top = stated
        elif page.sampleformat == _SIGNED:
            notes = _LIGHT if colours.min() > top // 2 else ()
        elif page.photometric != _WHITE_IS_ZERO:
            notes = dark_note(colours, top)
        levels = scaled(top - colours if page.photometric == _WHITE_IS_ZERO else colours, top)
    # Four samples of RGB without a word on the fourth are taken for RGBA, as other readers do.
    kinds = page.extrasamples or ((_ALPHA,) if extra.shape[2] and channels == 3 else ())
    if not extra.shape[2] or not kinds or kinds[0] not in (_PREMULTIPLIED, _ALPHA):
        return grey_of_samples(levels), notes
    alpha = scaled(extra[..., 0], 2**page.bitspersample - 1)
    if kinds[0] == _PREMULTIPLIED and page.photometric == _WHITE_IS_ZERO:
        levels = scaled(np.maximum(extra[..., :1].astype(np.int32) - colours, 0), top)
    return grey_of_samples(levels, alpha, kinds[0] == _PREMULTIPLIED), notes


def _stated_top(page: Any) -> int:
    """MaxSampleValue of 16-bit samples where it is that of 9 to 15 bits; 0 otherwise. It is statistics by the standard;
    scanners of 10 to 14 bits state their range with it."""
    stated = page.tags.valueof(_MAX_SAMPLE, default=0)
    top = max(stated) if isinstance(stated, tuple) else int(stated)
    return top if page.bitspersample == 16 and top in {2**bits - 1 for bits in range(9, 16)} else 0


def _palette(page: Any) -> NDArray[np.uint8]:
    """(colours, 3). By the standard white is 65535; some writers make it 255."""
    colours = page.colormap.T
    return (colours if colours.max() < 256 else colours // 256).astype(np.uint8)


def _opened(data: bytes, page: Any, refusal: str = "") -> ImageFile.ImageFile:
    """The page as an image of Pillow, which opens the page that the file's header points to."""
    at, form = (8, "Q") if page.parent.is_bigtiff else (4, "I")
    pointer = struct.pack(f"{page.parent.byteorder}{form}", page.offset)
    try:
        with no_warnings():  # Pillow warns of tags that it can't parse
            return TiffImagePlugin.TiffImageFile(io.BytesIO(data[:at] + pointer + data[at + len(pointer) :]))
    except SyntaxError as error:
        raise BadInput(
            refusal
            or f"holds TIFF samples that are not read (photometric interpretation {int(page.photometric)}, "
            f"{page.bitspersample} bits, compression {int(page.compression)}): save it as 8-bit or 16-bit grey"
        ) from error


def _grey_of_pillow(image: ImageFile.ImageFile, page: Any) -> NDArray[np.uint8]:
    """Pillow turns the picture upright itself, and inverts WhiteIsZero up to 8 bits."""
    image.load()
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return grey_of_image(ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image))
    if not image.mode.startswith("I"):
        return grey_of_image(image)
    samples, top = np.asarray(image).astype(np.int32), 2**page.bitspersample - 1
    return scaled(top - samples if page.photometric == _WHITE_IS_ZERO else samples, top)
