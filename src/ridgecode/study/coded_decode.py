"""`ridgecode decode x.ridge`: a coded file to images."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from torch import Tensor

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.pretrained import pretrained_names, pretrained_path
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.latent_codec import LatentCodec, latent_codec
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.errors import BadInput
from ridgecode.study.decoded_images import write_images
from ridgecode.study.in_threads import in_threads
from ridgecode.study.progress import tracked
from ridgecode.study.reconstruction_figures import decode_vectors, own_pixels

CHUNK = 64
"""Prints that one thread decodes at once."""
DEPTH = 4
MOST_FOLDERS = 5_000
MOST_MODELS = 500
"""How deep below a folder a model is looked for, in how many folders, and how many files are read for it."""


def decode_coded(file: RidgeFile, rows: np.ndarray, model: str, out: Path) -> None:
    """Images of the prints `rows` of `file`, named after them.

    Damaged prints are left out, and the others written, before BadInput names them. Raises BadInput for a model that is
    not there, has coded something else, or has no codec.
    """
    saved = coding_model(file, model)
    view = saved.spec.window
    if (file.height, file.width) != (view.height, view.width):
        raise BadInput(
            f"{file.path} holds prints of {file.height}x{file.width} pixels, its model draws {view.height}x"
            f"{view.width}; get the file again"
        )
    codec = latent_codec(saved)
    saved = replace(saved, net=for_inference(saved.net))  # once, not for every chunk
    parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    drawn = in_threads(lambda part: _draw(file, part, saved, codec, out), parts)
    damaged = [name for part in tracked(drawn, "decoding", len(parts)) for name in part]
    if damaged:
        shown = ", ".join(map(repr, damaged[:3])) + (f" and {len(damaged) - 3} more" if len(damaged) > 3 else "")
        others = f"; the others lie in {out}" if len(damaged) < len(rows) else ""
        raise BadInput(
            f"{file.path}: {len(damaged)} of {len(rows)} prints are damaged and were left out ({shown}){others}; get "
            "the file again for these"
        )
    print(f"{out}: {len(rows)} {'image' if len(rows) == 1 else 'images'}")


def _draw(file: RidgeFile, rows: np.ndarray, saved: SavedAutoencoder, codec: LatentCodec, out: Path) -> list[str]:
    """Images of some prints; returns the names of the others, which are damaged."""
    intact, damaged = dict[str, bytes](), list[str]()
    for row in rows.tolist():
        try:
            intact[file.names[row]] = file.payload(row)
        except BadInput:
            damaged.append(file.names[row])
    if intact:
        x = decode_vectors(saved.net, _vectors(file, codec, list(intact.values())))
        write_images(out, intact, own_pixels(saved.spec.window, x))
    return damaged


def _vectors(file: RidgeFile, codec: LatentCodec, payloads: Sequence[bytes]) -> Tensor:
    try:
        return codec.decode(payloads)
    except ValueError as error:
        raise BadInput(f"{file.path} holds a print that its model can't read ({error}); get the file again") from error


def coding_model(file: RidgeFile, model: str) -> SavedAutoencoder:
    """The model that coded `file`: the one that --model names, else the pretrained model or the one in or below the
    file's folder or the current one that has its hash. Raises BadInput where that is none."""
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
        f"{file.path} was coded by a model whose SHA-256 begins with {wanted.hex()}, which is no pretrained one and "
        "lies in no run near the file; give it with --model"
    )


def _sha256(candidate: Path) -> bytes:
    """Of a file; empty where it can't be read, since another may be the one."""
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
    """Those in the folder itself first, then those a folder deeper, and so on."""
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
