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
        source: socofing (Real/ and Altered/), fvc (101_1.tif, ...), impressions (sets of second impressions, named as
            FVC names them, whose persons and ppi are known or stand in a file sets.yaml in --root), folder (one folder
            an identity) or synthetic
        subjects: subject numbers to take, such as 1-480 or 1-3,7; all where it is left out
        skip_bad: list images that can't be read in store.json and leave them out, instead of stopping at the first
        download: fetch SOCOFing from Kaggle first (needs the extra ridgecode[download] and a Kaggle account)
        ppi: pixels per inch of the images; 0 takes what is known of a set or what each file's own tag says, and leaves
            folder images without a tag as they are
        canonical_ppi: pixels per inch that the prints are brought to, 100 to 1000: 500 for models of the view full, 200
            for all others; socofing and synthetic have 200
        threads: images decoded at once; 0 takes one a core
        pattern: with --source folder, a regular expression with the groups person, finger and impression that fits the
            names of the images without suffix, such as (?P<person>.+)_(?P<finger>.+)_(?P<impression>.+); with a slash
            in it, their paths below --root
        strict: stop where anything below --root that looks like an image, a link, a set or an identity is not taken
        person_digits: with --source impressions, how many of the last digits of a finger's number tell the finger, so
            that those before them are the person's, in all sets; 0 takes each finger as a person; -1 takes what
            sets.yaml says, else what is known of the set, else 0
    """

    out: Path
    root: Path | None = None
    source: Literal["socofing", "fvc", "impressions", "folder", "synthetic"] = "socofing"
    subjects: str = ""
    skip_bad: bool = False
    download: bool = False
    ppi: float = 0.0
    canonical_ppi: float = 200.0
    threads: int = 0
    pattern: str = ""
    strict: bool = False
    person_digits: int = -1
