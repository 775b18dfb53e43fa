"""One image file of any sensor as a print at about 200 ppi, where nothing else says what its scale is."""

import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import PRINT_SHAPE, canonical_socofing, check_ppi, is_socofing_file, to_canonical_scale
from ridgecode.prints.datasets.file_names import shown
from ridgecode.prints.images import read_image
from ridgecode.prints.one_image import Shape, print_notes, was_drawn
from ridgecode.prints.ridge_period import ppi_by_ridges

LEAST_TAG = 150.0
"""Pixels per inch below which a file's own tag is that of a screen (72, 96), or no resolution (1): no fingerprint
sensor has so few, and programs write such tags into images of any scale."""


def image_of_any_sensor(path: Path, ppi: float = 0.0, drawn: Collection[Shape] = (PRINT_SHAPE,)) -> NDArray[np.uint8]:
    """An image file as a print, uint8 (H, W) at about 200 ppi.

    ppi: its pixels per inch. 0 takes the file's own tag; without a tag of 150 or more, what the size tells of a
        SOCOFing file and of an image of one of the shapes `drawn`, which are at 200 ppi; else what the distance of
        the ridges tells, within about 10 %, which one sentence on standard error states. An image that `ridgecode
        decode` drew stays as it is at every `ppi`.

    Raises BadInput, which names the file, for an image that can't be read, and for one without ridges whose scale
    nothing tells.
    """
    check_ppi(ppi)
    read = read_image(path)
    if was_drawn(read, drawn):
        return read.grey
    print_notes(path, read, ppi)
    tag = read.ppi if read.ppi and read.ppi >= LEAST_TAG else 0.0
    if known := ppi or tag:
        return to_canonical_scale(read.grey, known)
    if read.grey.shape in drawn:
        return read.grey
    if is_socofing_file(read.grey):
        return canonical_socofing(read.grey)
    found = ppi_by_ridges([read.grey])
    if not found:
        raise BadInput(
            f"{shown(path)}: no ridges were found, so it fails to enrol and is not compared; give a clearer image of "
            "the finger, grey with dark ridges on white, or its pixels per inch with --ppi"
        )
    print(
        f"ridgecode: {shown(path)} states no pixels per inch; {found:.0f} were estimated from the distance of its "
        "ridges: give --ppi where you know it",
        file=sys.stderr,
    )
    return to_canonical_scale(read.grey, found)
