"""`ridgecode encode`: prints to latent vectors."""

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
from ridgecode.study.lightning_fit import Hardware
from ridgecode.study.matching_systems import latents
from ridgecode.study.progress import tracked

CHUNK = 2048


@dataclass(frozen=True)
class Encode:
    """Encodes the prints of a store: `latents.npy`, float32 (prints, latent_dim), and `index.parquet`, a row a print.

    Args:
        store: prepared store
        model: train-autoencoder run, its model.safetensors, or a pretrained model's name (`ridgecode models`)
        out: folder for latents.npy and index.parquet
        split: which subjects: train, val, test, or all
        device: cpu, cuda, or auto: a GPU where there is one
        threads: processor threads; 0 takes all
    """

    store: Path
    model: Path
    out: Path
    split: Literal["train", "val", "test", "all"] = "all"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0


def encode_store(config: Encode) -> None:
    """Raises BadInput for a store or model that can't be used, or a split without prints."""
    if config.threads:
        torch.set_num_threads(config.threads)
    hardware = Hardware(config.device)
    hardware.check()
    store, saved = PrintStore.open(config.store), load_autoencoder(config.model)
    rows = store.rows(split=config.split, levels=None)
    if not len(rows):
        raise BadInput(f"{config.store} has no prints in the split {config.split}; choose another --split")
    if config.out.is_file():
        raise BadInput(f"--out {config.out} is a file; give a folder")
    saved.net.to("cuda" if hardware.gpu else "cpu")
    parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    z = np.concatenate([latents(saved, stack_prints(store, part)) for part in tracked(parts, "encoding")])
    index = {name: store.column(name)[rows] for name in INDEX_SCHEMA.names if name not in ("offset",)}
    with whole_file(config.out / "latents.npy") as temporary:
        np.save(temporary, z)
    with whole_file(config.out / "index.parquet") as temporary:
        pq.write_table(pa.table(index), temporary)
    print(f"{config.out}: {len(z)} latent vectors of {z.shape[1]} dims, {z.nbytes / 1e6:.1f} MB as float32")
