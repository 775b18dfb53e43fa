"""The store that an image Siamese system trains on: a given one, or one that is prepared in the run's folder."""

import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.names import SourceName
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.folder import is_triplets, list_folder
from ridgecode.prints.datasets.prepare import PrepareReport, is_current, prepare
from ridgecode.prints.datasets.stripes import write_stripes
from ridgecode.prints.store import STORE_FILE, PrintStore, read_about
from ridgecode.runs.default_folders import default_data

OWN_STORE = "store"
"""The folder in a run's folder of the store that was prepared for it."""


def siamese_store(source: SourceName, system: str, data: Path, run: Path, fresh: bool) -> PrintStore:
    """The store at `data`, or a store that is prepared in `run` from a folder of identity folders or generated stripes.

    source: `auto` takes stripes for the system `stripes`, else what `data` holds; fresh: whether the run has not begun,
    so that a store in its folder may be replaced; a run that has begun keeps its store. What was left out of a folder
    is printed to standard error. Raises BadInput if `data` is neither a store nor a folder of identity folders, is of
    another source, or holds a single identity, or one image of each identity.
    """
    if source == "stripes" or (source == "auto" and system == "stripes"):
        if data != default_data():
            print(
                "ridgecode: stripes are generated; to train on --data, give --source socofing or folder",
                file=sys.stderr,
            )
        if not fresh and (run / OWN_STORE / STORE_FILE).exists():
            return _kept(run / "stripes", run)
        write_stripes(run / "stripes")
        return PrintStore.open(_prepared(run / "stripes", run / OWN_STORE, keep_copies=True).path)
    if source == "socofing" or (data / STORE_FILE).exists() or not data.is_dir():
        store = PrintStore.open(data).at_ppi(CANONICAL_PPI)
        if source != "auto" and store.source != source:
            raise BadInput(f"--source {source}: {data} is a store of the source {store.source}; leave --source out")
        _check_store(store, data)
        return store
    if not any(path.is_dir() for path in data.iterdir()):
        raise BadInput(f"--data {data} is neither a prepared store nor a folder of identity folders; give one of them")
    if not fresh and (run / OWN_STORE / STORE_FILE).exists():
        return _kept(data, run)
    try:
        listing = list_folder(data)
    except BadInput as error:
        raise BadInput(str(error).replace("give --root", "give --data")) from None
    if listing.bad:
        way = "prepare a store with `ridgecode prepare --source folder --pattern` and give it"
        raise BadInput(f"--data {data}: {listing.bad[0][1].replace('give --pattern', way)}")
    names = [file.label.finger_id for file in listing.files]
    counts = Counter(names)
    if len(counts) < 2:
        raise BadInput(f"--data {data} has one identity, {names[0]}; non-mated pairs need two or more folders")
    if max(counts.values()) < 2 and not is_triplets(names):
        raise BadInput(f"--data {data} has one image of each identity; mated pairs need two of at least one: add some")
    report = _prepared(data, run / OWN_STORE)
    store = PrintStore.open(report.path)
    _check_store(store, data)
    if len(report.account) > 1:
        print(f"ridgecode: of {data},", *report.account, sep="\n", file=sys.stderr)
    return store


def run_store(run: Path, data: Path) -> Path:
    """The store on which `evaluate` measures a run: `data`, or the run's own store if `data` is no store."""
    own = run / OWN_STORE
    return own if (own / STORE_FILE).exists() and not (data / STORE_FILE).exists() else data


def _kept(data: Path, run: Path) -> PrintStore:
    """The store of a run that has begun. Raises BadInput where it was prepared from another folder than `data`."""
    root = read_about(run / OWN_STORE)["request"]["root"]
    if root != as_text(str(data.resolve())):
        raise BadInput(f"--run_dir {run} holds a run on {root}, not {data}; choose another --run_dir or delete it")
    if not is_current("folder", data, run / OWN_STORE):
        print(
            f"ridgecode: {data} has changed since this run began, which goes on with the images in {run / OWN_STORE}",
            file=sys.stderr,
        )
    return PrintStore.open(run / OWN_STORE)


def _prepared(root: Path, out: Path, keep_copies: bool = False) -> PrepareReport:
    if (out / STORE_FILE).exists() and read_about(out)["request"]["root"] != as_text(str(root.resolve())):
        shutil.rmtree(out)  # another command's, which was refused or ended before its first checkpoint
    try:
        return prepare("folder", root, out, keep_copies=keep_copies)
    except BadInput as error:
        # The message of `prepare` names its own flag, which `train-siamese` lacks.
        way = f"leave it out with `ridgecode prepare --source folder --root {root} --skip-bad` and give that store"
        raise BadInput(str(error).replace("pass --skip-bad to leave it out", way)) from None


def _check_store(store: PrintStore, data: Path) -> None:
    fingers, counts = np.unique(store.column("finger_id"), return_counts=True)
    if len(fingers) < 2:
        raise BadInput(f"--data {data} has one identity; non-mated pairs need two or more")
    if is_triplets(fingers) and len(set(counts.tolist())) > 1:
        several = ", ".join(f"{count} in {name}/" for name, count in zip(fingers, counts, strict=True))
        print(
            f"ridgecode: {data} holds {several}; images are paired by their place in these folders, so a missing one "
            f"shifts those after it, and those beyond {counts.min()} are in no pair",
            file=sys.stderr,
        )
