"""The sheet of a repair: altered prints, their altered regions, repaired prints, and the truth."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.figures.sheets import TRUTH, reconstruction_sheet
from ridgecode.files import whole_file

SHEET_FILE = "repair.npz"
FADED = 0.25
"""The share of its darkness that a pixel outside the altered region keeps in the column of that region."""


class RepairedPrints(NamedTuple):
    """The N prints of a sheet: (N, h, w) uint8, `region` bool; kinds: N, such as "Hard CR"; names: N."""

    altered: NDArray[np.uint8]
    region: NDArray[np.bool_]
    repaired: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    kinds: tuple[str, ...]
    names: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Writes each field as a NumPy array to an .npz file."""
        with whole_file(path) as temporary, temporary.open("wb") as file:
            arrays = {name: np.array(value) for name, value in self._asdict().items()}
            np.savez_compressed(file, allow_pickle=False, **arrays)


def repair_sheet(prints: RepairedPrints, path: Path | None = None, title: str = "Repair of altered prints") -> bytes:
    """The sheet as PNG bytes, also written to `path` if given."""
    faded = 255 - np.rint(FADED * (255 - prints.altered.astype(np.float32))).astype(np.uint8)
    columns = {
        "altered": prints.altered,
        "altered region": np.where(prints.region, prints.altered, faded),
        "repaired": prints.repaired,
        TRUTH: prints.truth,
    }
    return reconstruction_sheet(columns, path, title, prints.kinds)
