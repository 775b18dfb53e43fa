"""Reads an image file as a grey array: files of the same print give the same pixels whatever their format and depth."""

import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.images.ansi_nist import read_ansi_nist
from ridgecode.prints.images.bmp_gif_webp import read_bmp, read_gif, read_webp
from ridgecode.prints.images.formats import format_of, is_read, no_image
from ridgecode.prints.images.jpeg import read_jpeg
from ridgecode.prints.images.jpeg_2000 import read_jpeg_2000
from ridgecode.prints.images.netpbm import read_netpbm
from ridgecode.prints.images.pixels import ReadImage
from ridgecode.prints.images.png import read_png
from ridgecode.prints.images.tiff import read_tiff
from ridgecode.prints.images.wsq_format import read_wsq

MAX_BYTES = 2**30
"""Twice what the largest image that is read takes with 8 bytes a pixel."""

_READERS: dict[str, Callable[[bytes], ReadImage]] = {
    "BMP": read_bmp,
    "GIF": read_gif,
    "JPEG": read_jpeg,
    "JPEG 2000": read_jpeg_2000,
    "Netpbm": read_netpbm,
    "PNG": read_png,
    "TIFF": read_tiff,
    "WebP": read_webp,
    "WSQ": read_wsq,
    "ANSI/NIST": lambda data: read_ansi_nist(data, decode),
}


def read_image(path: Path) -> ReadImage:
    """The first image of the file that is no thumbnail, upright, with the resolution that its header states.

    Colours become luma (ITU-R BT.601), which leaves R=G=B as it is. Deeper samples are scaled by their true depth.
    Transparent pixels are blended with white, except in BMP, where the fourth byte is padding. docs/image-files.md has
    a table of all this. Raises BadInput for a file that is missing, empty, damaged, of more than MAX_PIXELS, of a
    format that is not read, or of one whose decoder is not installed.
    """
    try:
        return decode(_bytes(path))
    except BadInput as error:
        raise BadInput(f"{path} {error}") from error
    except MemoryError as error:
        way_out = "crop it to the print, or save it at 500 ppi"
        raise BadInput(f"{path} needs more memory than there is: {way_out}") from error


def load_grey(path: Path) -> NDArray[np.uint8]:
    """The pixels of `read_image`: uint8 (height, width), 0 black and 255 white."""
    return read_image(path).grey


def decode(data: bytes) -> ReadImage:
    """As `read_image`, from a file's bytes. Raises BadInput with the end of a sentence that begins with the file."""
    name = format_of(data)
    if not name:
        raise BadInput(no_image(data))
    if not is_read(name):
        raise BadInput(f"is a {name} file, which is not read: save it as PNG")
    try:
        return _READERS[name](data)
    except (BadInput, MemoryError):
        raise
    except Exception as error:  # of any kind: damaged bytes make decoders raise OSError, SyntaxError, ...
        raise BadInput(f"is a truncated or damaged {name} file") from error


def _bytes(path: Path) -> bytes:
    """The file's content. Raises BadInput as `decode` does."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES:
            data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"can't be read ({error.strerror})") from error
    except ValueError as error:  # a null byte in the name
        raise BadInput(f"can't be read ({error})") from error
    if stat.S_ISDIR(status.st_mode):
        raise BadInput("can't be read (Is a directory)")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("is a pipe or a device, not an image file")
    if status.st_size > MAX_BYTES:
        raise BadInput(f"has {status.st_size} bytes, more than {MAX_BYTES}: save the print alone, as PNG")
    if not data:
        raise BadInput("is empty (0 bytes)")
    return data
