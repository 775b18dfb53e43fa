"""The store that an image Siamese system trains on: a given one, or one that is prepared in the run's folder."""

import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.names import SourceName
from ridgecode.prints.datasets.folder import list_folder
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.datasets.stripes import write_stripes
from ridgecode.prints.store import STORE_FILE, PrintStore, read_about
from ridgecode.runs.default_folders import default_data

TRIPLET_FOLDERS = ("anchor", "negative", "positive")
OWN_STORE = "store"
"""The folder in a run's folder of the store that was prepared for it."""


def siamese_store(source: SourceName, system: str, data: Path, run: Path, fresh: bool) -> PrintStore:
    """The store at `data`, or a store that is prepared in `run` from a folder of identity folders or generated stripes.

    source: `auto` takes stripes for the system `stripes`, else what `data` holds; fresh: whether the run has not begun,
    so that another command's store in its folder may be removed. Raises BadInput if `data` is neither a store nor a
    folder of identity folders, is of another source, or holds images of several sizes, a single identity, or an
    identity with one image.
    """
    if source == "stripes" or (source == "auto" and system == "stripes"):
        if data != default_data():
            print(
                "ridgecode: stripes are generated; to train on --data, give --source socofing or folder",
                file=sys.stderr,
            )
        write_stripes(run / "stripes")
        return _prepared(run / "stripes", run / OWN_STORE, fresh)
    if source == "socofing" or (data / STORE_FILE).exists() or not data.is_dir():
        store = PrintStore.open(data)
        if source != "auto" and store.source != source:
            raise BadInput(f"--source {source}: {data} is a store of the source {store.source}; leave --source out")
        _check_store(store, data)
        return store
    if not any(path.is_dir() for path in data.iterdir()):
        raise BadInput(f"--data {data} is neither a prepared store nor a folder of identity folders; give one of them")
    listing = list_folder(data)
    if listing.bad:
        raise BadInput(f"--data {data}: {listing.bad[0][1]}")
    names = [file.label.finger_id for file in listing.files]
    counts = Counter(names)
    single = [name for name, count in counts.items() if count < 2]
    if len(counts) < 2:
        raise BadInput(f"--data {data} has one identity, {names[0]}; non-mated pairs need two or more folders")
    if single and not is_triplets(names):
        raise BadInput(f"{data / single[0]} has one image; mated pairs need two of each identity: add one or remove it")
    store = _prepared(data, run / OWN_STORE, fresh)
    _check_store(store, data)
    return store


def run_store(run: Path, data: Path) -> Path:
    """The store on which `evaluate` measures a run: `data`, or the run's own store if `data` is no store."""
    own = run / OWN_STORE
    return own if (own / STORE_FILE).exists() and not (data / STORE_FILE).exists() else data


def is_triplets(identities: list[str] | np.ndarray) -> bool:
    """Whether the folders are anchor/, positive/ and negative/, whose images are paired in order, not by identity."""
    return sorted(set(map(str, identities))) == list(TRIPLET_FOLDERS)


def _prepared(root: Path, out: Path, fresh: bool) -> PrintStore:
    if fresh and (out / STORE_FILE).exists() and read_about(out)["request"]["root"] != str(root.resolve()):
        shutil.rmtree(out)
    try:
        return PrintStore.open(prepare("folder", root, out, progress=False).path)
    except BadInput as error:
        # The message of `prepare` names its own flag, which `train-siamese` lacks.
        way = f"leave it out with `ridgecode prepare --source folder --root {root} --skip-bad` and give that store"
        raise BadInput(str(error).replace("pass --skip-bad to leave it out", way)) from None


def _check_store(store: PrintStore, data: Path) -> None:
    sizes = sorted(set(zip(store.column("width").tolist(), store.column("height").tolist(), strict=True)))
    if len(sizes) > 1:
        (w1, h1), (w2, h2) = sizes[:2]
        raise BadInput(
            f"--data {data} holds images of mixed sizes ({w1}x{h1} and {w2}x{h2} pixels); bring them to one size first"
        )
    if len(np.unique(store.column("finger_id"))) < 2:
        raise BadInput(f"--data {data} has one identity; non-mated pairs need two or more")
