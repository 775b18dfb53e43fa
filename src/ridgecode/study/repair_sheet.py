"""The sheet of a repair: altered prints, where they were altered, what was made of them, and the truth."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.files import whole_file
from ridgecode.study.sheets import TRUTH, reconstruction_sheet

SHEET_FILE = "repair.npz"
FADED = 0.25
"""How much of its darkness a pixel outside the altered region keeps where the region is shown."""


class RepairedPrints(NamedTuple):
    """Some prints as a sheet shows them, (N, h, w) uint8, `region` bool; `kinds` such as "Hard CR", and their names."""

    altered: NDArray[np.uint8]
    region: NDArray[np.bool_]
    repaired: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    kinds: tuple[str, ...]
    names: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Writes them whole, as NumPy arrays of the fields' names."""
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **{name: np.array(part) for name, part in self._asdict().items()})


def repair_sheet(prints: RepairedPrints, path: Path | None = None, title: str = "Repair of altered prints") -> bytes:
    """Draws the sheet as PNG bytes, and into the file `path` where one is given."""
    faded = 255 - np.rint(FADED * (255 - prints.altered.astype(np.float32))).astype(np.uint8)
    columns = {
        "altered": prints.altered,
        "altered region": np.where(prints.region, prints.altered, faded),
        "repaired": prints.repaired,
        TRUTH: prints.truth,
    }
    return reconstruction_sheet(columns, path, title, prints.kinds)
