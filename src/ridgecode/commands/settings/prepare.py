"""The settings of `ridgecode prepare`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Prepare:
    """Reads images once into a prepared store: canonical grey prints in one file, and an index.

    Args:
        out: folder of the store
        root: folder with the images; not needed with --download
        source: socofing (Real/ and Altered/), fvc (101_1.tif, ...), folder (one folder an identity) or synthetic
        subjects: subject numbers to take, such as 1-480 or 1-3,7; all where it is left out
        skip_bad: list images that can't be read in store.json and leave them out, instead of stopping at the first
        download: fetch SOCOFing from Kaggle first (needs the extra ridgecode[download] and a Kaggle account)
        ppi: pixels per inch of the images, which are brought to 200; 0 leaves folder images as they are
        threads: images decoded at once; 0 takes one a core
    """

    out: Path
    root: Path | None = None
    source: Literal["socofing", "fvc", "folder", "synthetic"] = "socofing"
    subjects: str = ""
    skip_bad: bool = False
    download: bool = False
    ppi: float = 0.0
    threads: int = 0
