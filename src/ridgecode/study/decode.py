"""`ridgecode decode`: latent vectors or coded files back to images."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.errors import BadInput
from ridgecode.study.coded_decode import decode_coded
from ridgecode.study.decoded_images import check_names, write_images
from ridgecode.study.progress import tracked
from ridgecode.study.reconstruction_figures import BATCH, own_pixels


@dataclass(frozen=True)
class Decode:
    """Draws the prints of a coded file, or of an `encode` folder, as PNG images, named after their prints.

    A file of one print gives an image of the file's name. Of a damaged archive all intact prints are drawn.

    Args:
        codes: file x.ridge, or folder, that `ridgecode encode` wrote
        out: folder for the images
        model: what encoded them: train-autoencoder run, its model.safetensors, or a pretrained model's name; of a
            coded file it is found by its hash among the pretrained ones and those in or below the file's folder and
            the current one
        select: prints to decode, such as 17,20-30, counted from 0; all where it is left out
        threads: processor threads; 0 takes all
    """

    codes: Path
    out: Path
    model: str = ""
    select: str = ""
    threads: int = 0


def decode_latents(config: Decode) -> None:
    """Raises BadInput for files that don't belong together, a damaged file, or a selection that names no row."""
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.out.is_file():
        raise BadInput(f"--out {config.out} is a file; give a folder")
    if config.codes.is_file():
        file = RidgeFile.open(config.codes)
        check_names(file.names, config.codes, "get the file from someone else")
        decode_coded(file, selected_rows(config.select, len(file)), config.model, config.out)
        return
    if not config.codes.exists():
        raise BadInput(f"{config.codes} does not exist; give a file or folder that `ridgecode encode` wrote")
    if not config.model:
        raise BadInput(f"--model is missing: give the model that encoded {config.codes}")
    saved = load_autoencoder(config.model)
    net = for_inference(saved.net)
    z, names = _read(config.codes)
    if z.shape[1] != saved.spec.latent_dim:
        raise BadInput(
            f"{config.codes} holds latent vectors of {z.shape[1]} dims, {config.model} decodes "
            f"{saved.spec.latent_dim}; give the model that encoded them"
        )
    rows = selected_rows(config.select, len(z))
    for start in tracked(range(0, len(rows), BATCH), "decoding"):
        part = rows[start : start + BATCH]
        with torch.inference_mode():
            images = own_pixels(saved.spec.window, net.decode(torch.from_numpy(z[part])))
        write_images(config.out, names[part].tolist(), images)
    print(f"{config.out}: {len(rows)} images")


def selected_rows(text: str, n: int) -> np.ndarray:
    """`17,20-30` -> row numbers, int64, each once; all n where empty. Raises BadInput for rows that are not there."""
    if not text.strip():
        return np.arange(n)
    rows: dict[int, None] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]+)(?:-([0-9]+))?\s*", part)
        if not found:
            raise BadInput(f"--select {text} is not understood; give row numbers such as 17,20-30")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < n:
            raise BadInput(f"--select {text} names rows that are not there; rows are 0 to {n - 1}")
        rows |= dict.fromkeys(range(first, last + 1))
    return np.array(list(rows))


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Latent vectors and names of an encode folder."""
    file, index = folder / "latents.npy", folder / "index.parquet"
    try:
        z = np.load(file, allow_pickle=False)
        names = pq.read_table(index, columns=["name"])["name"].to_numpy(zero_copy_only=False)
    except FileNotFoundError:
        missing = index if file.is_file() else file
        raise BadInput(f"{missing} does not exist; give a folder that `ridgecode encode` wrote") from None
    except (OSError, ValueError, EOFError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{folder} can't be read ({reason}); run `ridgecode encode` again") from error
    if z.ndim != 2 or z.dtype != np.float32 or len(z) != len(names):
        raise BadInput(f"{file} and {index} don't belong together; run `ridgecode encode` again")
    check_names(names.tolist(), index, "run `ridgecode encode` again")
    return z, names
