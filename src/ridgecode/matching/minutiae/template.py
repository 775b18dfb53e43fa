"""What a minutiae matcher takes from a print, and the interface of the matchers."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.canonical import CANONICAL_PPI, resized

MINUTIAE_PPI = 500.0
"""What minutiae tools expect: a ridge period of about 9 px, where canonical prints have about 4."""
ENDING, BIFURCATION = 0, 1


@dataclass(frozen=True, eq=False)
class Minutiae:
    """The M minutiae of one print, in the order that its extractor gave them.

    x, y: float32 (M,), pixels at 500 ppi from the left and from the top
    direction: float32 (M,), degrees in [0, 360), counter-clockwise from the x axis as one sees the print
    kind: uint8 (M,), ENDING or BIFURCATION
    quality: float32 (M,), in [0, 1]
    size: int64 (2,), rows and columns of the print at 500 ppi
    descriptors: bool (M, bits), what surrounds each; no bits where the matcher compares positions and directions alone
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
        """Bytes of a template: x, y, direction and quality in 2, 2, 1 and 1 bytes, as ISO/IEC 19794-2's standard
        format has them with the kind in x, and the descriptors' bits."""
        return len(self) * 6 + self.descriptors.size // 8

    def save(self, path: Path | str) -> None:
        """Writes the template as .npz, whole or not at all."""
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path | str) -> "Minutiae":
        """Reads a template that `save` wrote. Raises BadInput naming the file where it is something else."""
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
            raise BadInput(f"{path}: no minutiae template ({error}); delete it, and it is made again") from None


class MinutiaeMatcher(Protocol):
    """One small interface: print to template, two templates to a score.

    name: as in --matcher
    version: names all that a template and a score depend on; equal versions give equal scores
    """

    name: str
    version: str

    def extract(self, print: np.ndarray) -> Minutiae:
        """A canonical print, uint8 (H, W) at about 200 ppi, to its template. The same print gives the same template."""

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        """The comparison score, at least 0; a higher score is more alike."""


def at_500_ppi(print: np.ndarray) -> np.ndarray:
    """A canonical print, uint8 (H, W), to uint8 (round(2.5 H), round(2.5 W)) by Lanczos resampling.

    Raises BadInput for anything else than a grey uint8 image.
    """
    if print.ndim != 2 or print.dtype != np.uint8 or not print.size:
        raise BadInput(f"a minutiae matcher takes grey uint8 prints (H, W), not {print.dtype} {print.shape}")
    height, width = (round(side * MINUTIAE_PPI / CANONICAL_PPI) for side in print.shape)
    return resized(print, height, width)
