"""`ridgecode prepare`: images into a prepared store."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ridgecode.errors import BadInput
from ridgecode.prints.download import download_socofing
from ridgecode.prints.prepare import prepare


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


def prepare_store(config: Prepare) -> None:
    """Prepares and tells what was done. Raises BadInput as `prints.prepare` does."""
    if config.download and (config.source != "socofing" or config.root is not None):
        raise BadInput("--download fetches SOCOFing itself; leave out --root and any other --source")
    if config.root is None and not config.download:
        raise BadInput("--root is missing: give the folder with the images, or --download to fetch SOCOFing")
    root = download_socofing() if config.root is None else config.root
    report = prepare(config.source, root, config.out, config.subjects, config.skip_bad, config.ppi, config.threads)
    done = "was prepared already" if report.reused else f"prepared in {report.seconds:.1f} s"
    skipped = f", {len(report.skipped)} files skipped (listed in store.json)" if report.skipped else ""
    print(f"{report.path}: {report.n_prints} prints, {report.n_bytes / 1e6:.0f} MB, {done}{skipped}")
