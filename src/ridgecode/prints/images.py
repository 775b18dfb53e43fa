"""Reads an image file as a grey array: 32-bit, 24-bit and 8-bit files of the same print give the same pixels."""

import io
from pathlib import Path

import numpy as np

# Imported by name, so that Pillow registers these formats, and no others, before any thread opens a file.
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, PpmImagePlugin, TiffImagePlugin

from ridgecode.errors import BadInput

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff"})
MAX_PIXELS = 2**26
"""A small damaged or hostile file can ask for more memory than a machine has."""

_FORMATS = tuple(
    plugin.format
    for plugin in (
        BmpImagePlugin.BmpImageFile,
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        PpmImagePlugin.PpmImageFile,
        TiffImagePlugin.TiffImageFile,
    )
)


def is_image(path: Path) -> bool:
    """Whether the name has an image's suffix. Hidden files and files such as Thumbs.db are no images."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def load_grey(path: Path) -> np.ndarray:
    """The file's first image as uint8 (height, width), 0 black and 255 white.

    Colours become luma (ITU-R BT.601), which leaves R=G=B as it is. 16-bit grey is divided by 257. Transparent pixels
    are blended with white, except in BMP, where the fourth byte is padding. Raises BadInput for a file that is missing,
    empty, damaged, no BMP, PNG, JPEG, PGM or TIFF, or of more than 2**26 pixels.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror})") from error
    if not data:
        raise BadInput(f"{path} is empty (0 bytes)")
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Exception as error:
        raise BadInput(f"{path} is no readable BMP, PNG, JPEG, PGM or TIFF image") from error
    if image.width * image.height > MAX_PIXELS:
        raise BadInput(f"{path} has {image.width} x {image.height} pixels, more than {MAX_PIXELS} together")
    try:
        return _grey(image)
    except BadInput as error:
        raise BadInput(f"{path} {error}") from error
    except Exception as error:  # of any kind: damaged bytes make decoders raise OSError, SyntaxError, ...
        raise BadInput(f"{path} is a truncated or damaged {image.format} file") from error


def _grey(image: Image.Image) -> np.ndarray:
    image.load()
    if image.mode == "F":
        raise BadInput("holds floating-point pixels of unknown range: save it as 8-bit or 16-bit grey")
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64)
        if deep.min() < 0 or deep.max() > 65535:
            raise BadInput("holds pixels beyond 16 bits: save it as 8-bit or 16-bit grey")
        return ((deep + 128) // 257).astype(np.uint8)
    transparent = image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info
    if transparent and image.format != "BMP":
        coloured = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, coloured).convert("RGB")
    return np.asarray(image.convert("L"))
