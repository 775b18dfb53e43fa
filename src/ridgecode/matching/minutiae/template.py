"""Minutiae templates: what a minutiae matcher extracts from a print and compares."""

from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.canonical import CANONICAL_PPI, resized

MINUTIAE_PPI = 500.0
"""The resolution that minutiae tools expect: ridges are about 9 pixels apart; in a canonical print, about 4."""
ENDING, BIFURCATION = 0, 1


@dataclass(frozen=True, eq=False)
class Minutiae:
    """The M minutiae of one print, in the order in which they were extracted.

    x, y: float32 (M,), pixels at 500 ppi from the left and from the top
    direction: float32 (M,), degrees in [0, 360), counter-clockwise from the x axis in the displayed print
    kind: uint8 (M,), ENDING or BIFURCATION
    quality: float32 (M,), in [0, 1]
    size: int64 (2,), rows and columns of the print at 500 ppi
    descriptors: bool (M, bits), of the surroundings of each; 0 bits if the matcher compares places and directions only
    """

    x: np.ndarray
    y: np.ndarray
    direction: np.ndarray
    kind: np.ndarray
    quality: np.ndarray
    size: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    @property
    def bytes(self) -> int:
        """Bytes of a template: 6 a minutia, as in ISO/IEC 19794-2's standard format, and the descriptors' bits.

        The 6 bytes are 2 of x (with the kind), 2 of y, 1 of direction and 1 of quality.
        """
        return len(self) * 6 + self.descriptors.size // 8

    def save(self, path: Path | str) -> None:
        """Writes the template as .npz, whole or not at all."""
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path | str) -> "Minutiae":
        """Reads a template that `save` wrote. Raises BadInput, which names the file, if it is no such template."""
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
            raise BadInput(f"{path}: no minutiae template ({error}); delete it, and it is made again") from None


def at_500_ppi(print: np.ndarray, ppi: float = CANONICAL_PPI) -> np.ndarray:
    """Brings a print at `ppi`, uint8 (H, W), to uint8 (round(500 H / ppi), round(500 W / ppi)) by Lanczos resampling.

    Raises BadInput if it is no grey uint8 image.
    """
    if print.ndim != 2 or print.dtype != np.uint8 or not print.size:
        raise BadInput(f"a minutiae matcher takes grey uint8 prints (H, W), not {print.dtype} {print.shape}")
    height, width = (round(side * MINUTIAE_PPI / ppi) for side in print.shape)
    return resized(print, height, width)
