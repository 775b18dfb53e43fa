"""What the formats that Pillow decodes have in common: one frame to grey, with orientation and resolution."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFile

from ridgecode.prints.images.pixels import ReadImage, dark_note, grey_of_image, to_8_bits, upright
from ridgecode.prints.images.quiet import no_warnings
from ridgecode.prints.images.resolution import Density, stated_ppi, tag_density

_ORIENTATION = 274
_TAG_SOURCES = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})


def read_loaded(image: ImageFile.ImageFile, count: int, densities: Sequence[Density]) -> ReadImage:
    """Decodes the first of `count` frames and applies orientation and transparency. densities: what the format's own
    header states; that in EXIF data comes after it."""
    image.load()
    orientation, tags = exif_tags(image)
    ppi, notes = stated_ppi([*densities, *tags])
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        grey = to_8_bits(samples, 16)
        notes = (*dark_note(samples, 2**16 - 1), *notes)
    else:
        grey = grey_of_image(image)
    return ReadImage(upright(grey, orientation), ppi, (*left_out(count), *notes))


def left_out(count: int) -> tuple[str, ...]:
    return (f"holds {count} images; the first is taken",) if count > 1 else ()


def header_density(image: Image.Image) -> list[Density]:
    """Pillow's "dpi", which comes from whole pixels per metre."""
    return [Density(*image.info["dpi"])] if "dpi" in image.info else []


def exif_tags(image: Image.Image) -> tuple[object, list[Density]]:
    """Orientation and resolution in the EXIF data or, orientation only, in the XMP data of a loaded image."""
    if not _TAG_SOURCES & image.info.keys():
        return 1, []
    try:
        with no_warnings():
            tags = image.getexif()
            orientation = tags.get(_ORIENTATION)
            # Of type BYTE in some files, where the standard has SHORT.
            return (orientation[0] if isinstance(orientation, bytes) else orientation), tag_density(tags)
    except Exception:  # of any kind: EXIF data that can't be parsed say nothing
        return 1, []
