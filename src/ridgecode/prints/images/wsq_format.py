"""WSQ files by NIST's own decoder (NBIS 5.0, through the package wsq of the extra `codecs`).

Some damaged files end the process that decodes them, so each is decoded in a process of its own, which takes 30 ms.

Source: NIST/FBI WSQ Gray-Scale Fingerprint Image Compression Specification, IAFIS-IC-0110 (1997), version 3.
"""

import re
import struct
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.images.extras import EXTRA
from ridgecode.prints.images.pixels import ReadImage, check_size
from ridgecode.prints.images.resolution import Density, stated_ppi
from ridgecode.prints.images.whole import Damaged

LEAST_SIDE = 64
"""The fewest rows and columns that NBIS decodes rightly; below, it reads memory that nothing was written to."""
_MARKER = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
_EOI, _FRAME, _BLOCK, _COMMENT = 0xA1, 0xA2, 0xA3, 0xA8
_SECONDS = 60
_DECODER = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("_wsq", sys.argv[1])
module = module_from_spec(spec)
spec.loader.exec_module(module)
sys.stdout.buffer.write(bytes(module.decompress(sys.stdin.buffer.read())[0]))
"""
_PPI = re.compile(rb"^PPI (\d+)\s*$", re.MULTILINE)


def read_wsq(data: bytes) -> ReadImage:
    """Raises Damaged where the marker of the end is missing, and BadInput where the package is not installed."""
    module = find_spec("_wsq")
    if module is None or module.origin is None:
        raise BadInput(f"is a WSQ file, which {EXTRA}")
    size, densities, end = _walk(data)
    check_size(*size)
    if min(size) < LEAST_SIDE:
        raise BadInput(
            f"has {size[0]} x {size[1]} pixels, and NIST's decoder reads WSQ files below {LEAST_SIDE} x {LEAST_SIDE} "
            "pixels wrongly: save it as PNG with the program that wrote it"
        )
    ppi, notes = stated_ppi(densities)
    return ReadImage(_decoded(module.origin, data[:end], *size), ppi, notes)


def _decoded(module: str, data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    # -I and -S: no settings of the user and no packages, which makes Python start sooner.
    command = [sys.executable, "-I", "-S", "-c", _DECODER, module]
    done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(height, width).copy()


def _walk(data: bytes) -> tuple[tuple[int, int], list[Density], int]:
    """Width and height, the resolution that NIST's comment (NISTCOM) states, and where the file's image ends."""
    size, densities, at, in_block = None, [], 2, False
    while True:
        match = _MARKER.search(data, at)
        if match is None or (not in_block and match.start() != at):
            raise Damaged
        marker, at = match[1][0], match.end()
        if marker == _EOI and in_block and size:
            return size, densities, at
        (length,) = struct.unpack_from(">H", data, at)
        content = data[at + 2 : at + length]
        if marker == _FRAME:
            height, width = struct.unpack_from(">HH", content, 2)
            size = width, height
        if marker == _COMMENT and (found := _PPI.search(content)):
            densities.append(Density(float(found[1]), float(found[1])))
        in_block |= marker == _BLOCK
        at += length
