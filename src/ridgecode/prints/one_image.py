"""One image file as a canonical print, where no data set says what its scale is."""

import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI, PRINT_SHAPE, canonical_socofing, check_ppi, to_canonical_scale
from ridgecode.prints.datasets.file_names import shown
from ridgecode.prints.images import ReadImage, read_image

Shape = tuple[int, int]


def canonical_image(path: Path, ppi: float, drawn: Collection[Shape] = (PRINT_SHAPE,)) -> NDArray[np.uint8]:
    """An image file as a canonical print, uint8 (H, W) at about 200 ppi.

    ppi: its pixels per inch; 0 for a SOCOFing file, or an image of one of the shapes `drawn`, (rows, columns) at 200
    ppi. An image that `ridgecode decode` drew stays as it is at every `ppi`, so that a print of any sensor can be
    compared with its reconstruction. What of the file was left out is printed to standard error. Raises BadInput, which
    names the file, for an image that can't be read, or one of another size without a `ppi`.
    """
    check_ppi(ppi)
    read = read_image(path)
    if was_drawn(read, drawn):
        return read.grey
    if not ppi and read.grey.shape in drawn:
        print_notes(path, read, CANONICAL_PPI)
        return read.grey
    print_notes(path, read, ppi)
    if ppi:
        return to_canonical_scale(read.grey, ppi)
    try:
        return canonical_socofing(read.grey)
    except BadInput as error:
        tag = f" (its header says {read.ppi:g})" if read.ppi else ""
        raise BadInput(f"{path} {error}; give its pixels per inch with --ppi{tag}") from error


def print_notes(path: Path, read: ReadImage, ppi: float) -> None:
    """Prints to standard error what of a file was left out, and that it states another resolution than the `ppi` that
    was used, if so. ppi: 0 where the file's size told its scale"""
    differs = ppi and read.ppi and abs(read.ppi - ppi) > 0.01 * ppi
    resolution = (f"states {read.ppi:g} pixels per inch; {ppi:g} was used",) if differs else ()
    for note in (*read.notes, *resolution):
        print(f"ridgecode: {shown(path)} {note}", file=sys.stderr)


def was_drawn(read: ReadImage, drawn: Collection[Shape] = (PRINT_SHAPE,)) -> bool:
    """Whether `ridgecode decode` drew the image: it has one of the shapes `drawn`, and its header says 200 ppi."""
    return read.grey.shape in drawn and read.ppi == CANONICAL_PPI
