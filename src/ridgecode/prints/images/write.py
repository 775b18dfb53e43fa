"""Writes a grey image with its resolution, so that whoever reads it knows its scale."""

import re
import struct
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.images.extras import needs_extra
from ridgecode.prints.images.wsq_format import LEAST_SIDE

_WSQ_RATE = 0.75
"""Bits a pixel. NBIS uses this rate whatever it is given (codec/images/wsq_frames.py)."""
_WSQ_COMMENT = re.compile(rb"\xff\xa8..NIST_COM [^\xff]*", re.DOTALL)
_WSQ_PPI = re.compile(rb"^PPI -?\d+$", re.MULTILINE)


def write_image(path: Path, grey: NDArray[np.uint8], ppi: float) -> None:
    """Writes a grey image, uint8 (H, W), 0 black ridge and 255 white, whole or not at all, in the format of the ending:

    - `.png`: the resolution (pHYs) in whole pixels per metre
    - `.tif`, `.tiff`: deflate; tags 282, 283 and 296
    - `.wsq`: lossy, at about 0.75 bits a pixel; the resolution in whole pixels per inch in NIST's comment

    ppi: pixels per inch. Readers here take what a file states from 190 to 2100 only (docs/image-files.md). Raises
    BadInput for another ending, for no such array or resolution, and for WSQ where a side is below 64 pixels or the
    package is not installed; OSError, which names `path`, where it can't be written.
    """
    writers: dict[str, Callable[[Path, NDArray[np.uint8], float], None]]
    writers = {".png": _write_png, ".tif": _write_tiff, ".tiff": _write_tiff, ".wsq": _write_wsq}
    if (writer := writers.get(path.suffix.lower())) is None:
        raise BadInput(f"{path} can't be written: images are written as {', '.join(writers)}")
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise BadInput(f"{path}: an image is grey uint8 (H, W), not {grey.dtype} {grey.shape}")
    if not 0 < ppi < 1e6:
        raise BadInput(f"{path}: {ppi:g} is no resolution; give pixels per inch, such as 500")
    writer(path, grey, ppi)


def _write_png(path: Path, grey: NDArray[np.uint8], ppi: float) -> None:
    with whole_file(path, durable=False) as temporary:
        Image.fromarray(grey).save(temporary, format="PNG", dpi=(ppi, ppi))


def _write_tiff(path: Path, grey: NDArray[np.uint8], ppi: float) -> None:
    with whole_file(path, durable=False) as temporary:
        Image.fromarray(grey).save(temporary, format="TIFF", compression="tiff_adobe_deflate", dpi=(ppi, ppi))


def _write_wsq(path: Path, grey: NDArray[np.uint8], ppi: float) -> None:
    data = wsq_bytes(grey, ppi, str(path))
    with whole_file(path, durable=False) as temporary:
        temporary.write_bytes(data)


def wsq_bytes(grey: NDArray[np.uint8], ppi: float, name: str = "the image") -> bytes:
    """The content of a WSQ file of a grey image, uint8 (H, W), 0 black ridge, at about 0.75 bits a pixel.

    ppi: pixels per inch, rounded to a whole number; name: of the image in messages. Raises BadInput where a side is
    below 64 pixels or the package is not installed.
    """
    height, width = grey.shape
    if min(height, width) < LEAST_SIDE:
        raise BadInput(
            f"{name}: WSQ files below {LEAST_SIDE} x {LEAST_SIDE} pixels are decoded wrongly, and this image has "
            f"{width} x {height}: write it as .png"
        )
    with needs_extra(f"{name} can't be written: it is to be a WSQ file"):
        coder = import_module("_wsq")  # without type hints
    return _with_wsq_ppi(bytes(coder.compress(grey.tobytes(), height, width, _WSQ_RATE)), round(ppi))


def _with_wsq_ppi(data: bytes, ppi: int) -> bytes:
    """The file with `ppi` in NIST's comment, in which the package always writes 500."""
    comment = _WSQ_COMMENT.search(data)
    assert comment is not None
    text = _WSQ_PPI.sub(b"PPI %d" % ppi, comment[0][4:])
    return data[: comment.start()] + b"\xff\xa8" + struct.pack(">H", len(text) + 2) + text + data[comment.end() :]
