"""`ridgecode decode`: latent vectors back to images."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.study.progress import tracked
from ridgecode.study.reconstruction_figures import BATCH, own_pixels


@dataclass(frozen=True)
class Decode:
    """Draws the prints of an `encode` folder as PNG images, named after their prints.

    Args:
        latents: folder that `ridgecode encode` wrote
        model: what encoded them: train-autoencoder run, its model.safetensors, or a pretrained model's name
        out: folder for the images
        select: rows to decode, such as 17,20-30, counted from 0; all where it is left out
        threads: processor threads; 0 takes all
    """

    latents: Path
    model: Path
    out: Path
    select: str = ""
    threads: int = 0


def decode_latents(config: Decode) -> None:
    """Raises BadInput for files that don't belong together or a selection that names no row."""
    if config.threads:
        torch.set_num_threads(config.threads)
    saved = load_autoencoder(config.model)
    net = for_inference(saved.net)
    z, names = _read(config.latents)
    if z.shape[1] != saved.spec.latent_dim:
        raise BadInput(
            f"{config.latents} holds latent vectors of {z.shape[1]} dims, {config.model} decodes "
            f"{saved.spec.latent_dim}; give the model that encoded them"
        )
    rows = selected_rows(config.select, len(z))
    for start in tracked(range(0, len(rows), BATCH), "decoding"):
        part = rows[start : start + BATCH]
        with torch.inference_mode():
            images = own_pixels(saved.spec.window, net.decode(torch.from_numpy(z[part])))
        for name, image in zip(names[part], images, strict=True):
            with whole_file((config.out / name).with_name(f"{Path(name).name}.png")) as temporary:
                Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(temporary)
    print(f"{config.out}: {len(rows)} images")


def selected_rows(text: str, n: int) -> np.ndarray:
    """`17,20-30` -> row numbers, int64; all n where empty. Raises BadInput for rows that are not there."""
    if not text.strip():
        return np.arange(n)
    rows: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]+)(?:-([0-9]+))?\s*", part)
        if not found:
            raise BadInput(f"--select {text} is not understood; give row numbers such as 17,20-30")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < n:
            raise BadInput(f"--select {text} names rows that are not there; rows are 0 to {n - 1}")
        rows += range(first, last + 1)
    return np.array(rows)


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
    for name in names:
        # An index that someone else wrote must not place images outside --out.
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise BadInput(
                f"{index} names a print {name!r}, which is no place in a folder; run `ridgecode encode` again"
            )
    return z, names
