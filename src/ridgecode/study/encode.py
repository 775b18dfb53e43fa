"""`ridgecode encode`: prints to latent vectors or a coded file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.store import INDEX_SCHEMA, PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.coded_encode import write_coded, write_coded_image
from ridgecode.study.decode import selected_rows
from ridgecode.study.lightning_fit import Hardware
from ridgecode.study.matching_systems import latents
from ridgecode.study.progress import tracked

CHUNK = 2048


@dataclass(frozen=True)
class Encode:
    """Encodes the prints of a store, or one image, to a coded file x.ridge (docs/format.md), or a store's to a folder.

    The folder gets `latents.npy`, float32 (prints, latent_dim), and `index.parquet`, a row a print.

    Args:
        store: prepared store, or one image file
        model: train-autoencoder run, its model.safetensors, or a pretrained model's name (`ridgecode models`)
        out: file that ends in .ridge, or folder for latents.npy and index.parquet
        split: which subjects: train, val, test, or all
        select: prints of these to encode, such as 17,20-30, counted from 0; all where it is left out
        ppi: pixels per inch of an image file; 0 for SOCOFing's files and images that decode drew
        device: cpu, cuda, or auto: a GPU where there is one
        threads: processor threads; 0 takes all
    """

    store: Path
    model: Path
    out: Path
    split: Literal["train", "val", "test", "all"] = "all"
    select: str = ""
    ppi: float = 0.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0


def encode_store(config: Encode) -> None:
    """Raises BadInput for a store, image or model that can't be used, or a split without prints."""
    if config.threads:
        torch.set_num_threads(config.threads)
    hardware = Hardware(config.device)
    hardware.check()
    device = "cuda" if hardware.gpu else "cpu"
    coded = config.out.suffix == ".ridge"
    if coded and config.out.is_dir():
        raise BadInput(f"--out {config.out} is a folder; name a file, or a folder that does not end in .ridge")
    if config.store.is_file():
        _encode_image(config, coded, device)
        return
    if config.ppi:
        raise BadInput(f"--ppi is of an image file, and {config.store} is none; leave it out")
    store, saved = PrintStore.open(config.store), load_autoencoder(config.model)
    rows = store.rows(split=config.split, levels=None)
    if not len(rows):
        raise BadInput(f"{config.store} has no prints in the split {config.split}; choose another --split")
    rows = rows[selected_rows(config.select, len(rows))]
    if config.out.is_file() and not coded:
        raise BadInput(f"--out {config.out} is a file; give a folder, or a file that ends in .ridge")
    saved.net.to(device)
    if coded:
        write_coded(saved, store, rows, config.out)
        return
    parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    z = np.concatenate([latents(saved, stack_prints(store, part)) for part in tracked(parts, "encoding")])
    index = {name: store.column(name)[rows] for name in INDEX_SCHEMA.names if name not in ("offset",)}
    with whole_file(config.out / "latents.npy") as temporary:
        np.save(temporary, z)
    with whole_file(config.out / "index.parquet") as temporary:
        pq.write_table(pa.table(index), temporary)
    print(f"{config.out}: {len(z)} latent vectors of {z.shape[1]} dims, {z.nbytes / 1e6:.1f} MB as float32")


def _encode_image(config: Encode, coded: bool, device: str) -> None:
    if not coded:
        raise BadInput(f"{config.store} is one image, which becomes a coded file; give an --out that ends in .ridge")
    if config.split != "all" or config.select:
        raise BadInput(f"--split and --select are of a store, and {config.store} is a file; leave them out")
    saved = load_autoencoder(config.model)
    saved.net.to(device)
    write_coded_image(saved, config.store, config.ppi, config.out)
