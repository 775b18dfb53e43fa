"""The images that an image Siamese system trains on: a prepared store, or one that is made in the run's folder."""

import shutil
import sys
from pathlib import Path
from typing import Literal

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.prints.folder import list_folder
from ridgecode.prints.prepare import prepare
from ridgecode.prints.store import STORE_FILE, PrintStore, read_about
from ridgecode.prints.stripes import write_stripes
from ridgecode.study.run_folder import default_data

SourceName = Literal["auto", "socofing", "folder", "stripes"]
TRIPLET_FOLDERS = ("anchor", "negative", "positive")
OWN_STORE = "store"


def siamese_store(source: SourceName, system: str, data: Path, run: Path, fresh: bool) -> PrintStore:
    """The store of `data`; of a folder of identity folders, or of generated stripes, one that is made in `run`.

    source: `auto` takes stripes for the system `stripes`, else what `data` holds. fresh: whether the run has not begun,
    so that a store which another command left in its folder may go. Raises BadInput where `data` is neither store nor
    identity folder, is of another source, holds images of several sizes, one identity only, or an identity folder with
    one image.
    """
    if source == "stripes" or (source == "auto" and system == "stripes"):
        if data != default_data():
            print(
                "ridgecode: stripes are generated; to train on --data, give --source socofing or folder",
                file=sys.stderr,
            )
        write_stripes(run / "stripes")
        return _own(run / "stripes", run / OWN_STORE, fresh)
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
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    alone = [name for name, count in counts.items() if count < 2]
    if len(counts) < 2:
        raise BadInput(f"--data {data} has one identity, {names[0]}; non-mated pairs need two or more folders")
    if alone and not is_triplets(names):
        raise BadInput(f"{data / alone[0]} has one image; mated pairs need two of each identity: add one or remove it")
    store = _own(data, run / OWN_STORE, fresh)
    _check_store(store, data)
    return store


def run_store(run: Path, data: Path) -> Path:
    """Where `evaluate` finds a run's images: in its own folder where it made a store there and `data` is none."""
    own = run / OWN_STORE
    return own if (own / STORE_FILE).exists() and not (data / STORE_FILE).exists() else data


def is_triplets(identities: list[str] | np.ndarray) -> bool:
    """Whether the identity folders are anchor/, positive/ and negative/: pairs by place, not identities."""
    return sorted(set(map(str, identities))) == list(TRIPLET_FOLDERS)


def _own(root: Path, out: Path, fresh: bool) -> PrintStore:
    if fresh and (out / STORE_FILE).exists() and read_about(out)["request"]["root"] != str(root.resolve()):
        shutil.rmtree(out)
    try:
        return PrintStore.open(prepare("folder", root, out, progress=False).path)
    except BadInput as error:
        # The way out that `prepare` names is a flag of its own.
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
