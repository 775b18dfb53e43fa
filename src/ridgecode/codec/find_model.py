"""Finds the model that coded a file, by its hash."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pretrained import pretrained_names, pretrained_path
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.ridge_file import FULL_VERSION, RidgeFile
from ridgecode.errors import BadInput

DEPTH = 4
MOST_FOLDERS = 5_000
MOST_MODELS = 500
"""The search below a folder goes this deep, through at most so many folders, and reads at most so many model files."""


def coding_codec(file: RidgeFile, model: str = "") -> Codec | FullCodec:
    """The codec of the model that coded `file`: of `model`, or where that is empty of the model with the file's hash,
    among the pretrained models and those in or below the file's folder and the current one. Files of version 2 have a
    `FullCodec`.

    Raises BadInput where there is none, where `model` coded something else, or where its prints have another size.
    """
    saved = _coding_model(file, model)
    view = saved.spec.window
    if (view.name == "full") != (file.version == FULL_VERSION):
        raise BadInput(
            f"{file.path} is of format version {file.version}, which the model that coded it, of the view {view.name}, "
            "does not write; get the file again"
        )
    if view.name == "full":
        return FullCodec(saved)
    if (file.height, file.width) != (view.height, view.width):
        raise BadInput(
            f"{file.path} holds prints of {file.height}x{file.width} pixels, its model draws {view.height}x"
            f"{view.width}; get the file again"
        )
    return Codec(Autoencoder(saved))


def _coding_model(file: RidgeFile, model: str) -> SavedAutoencoder:
    wanted = file.model
    if model:
        saved = load_autoencoder(model)
        if not bytes.fromhex(saved.sha256).startswith(wanted):
            raise BadInput(
                f"{file.path} was coded by another model than {model}: its model's SHA-256 begins with {wanted.hex()}; "
                "give the model that coded it"
            )
        return saved
    for candidate in _candidates(file.path):
        if _sha256(candidate).startswith(wanted):
            return load_autoencoder(candidate)
    raise BadInput(
        f"{file.path} was coded by a model whose SHA-256 begins with {wanted.hex()}; no pretrained model and no model "
        "near the file has this hash: give the model with --model"
    )


def _sha256(candidate: Path) -> bytes:
    """The SHA-256 of a file; empty where it can't be read, since another file may be the one."""
    try:
        with candidate.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError:
        return b""


def _candidates(file: Path) -> Iterator[Path]:
    """Model files, the likeliest first: pretrained ones, then those near the file and near the current folder."""
    yield from map(pretrained_path, pretrained_names())
    for folder in dict.fromkeys((file.resolve().parent, Path.cwd())):
        yield from islice(_models_below(folder), MOST_MODELS)


def _models_below(folder: Path) -> Iterator[Path]:
    """Model files in the folder itself first, then those a folder deeper, and so on."""
    waiting = deque([(folder, 0)])
    for _ in range(MOST_FOLDERS):
        if not waiting:
            return
        place, depth = waiting.popleft()
        try:
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            # Whether they are files and folders is asked too: opening a pipe of that name would wait for ever.
            models = [entry for entry in inside if entry.name == "model.safetensors" and entry.is_file()]
            folders = [entry for entry in inside if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue  # a folder that can't be read holds no model for us
        yield from (Path(entry.path) for entry in models)
        if depth < DEPTH:
            waiting += [(Path(entry.path), depth + 1) for entry in folders]
