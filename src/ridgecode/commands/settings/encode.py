"""The settings of `ridgecode encode`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ridgecode.prints.names import Split


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
        ppi: pixels per inch of an image file; 0 if it is a SOCOFing file or was written by `ridgecode decode`
        device: cpu, cuda, or auto: a GPU where there is one
        threads: processor threads; 0 takes all
    """

    store: Path
    model: Path
    out: Path
    split: Split = "all"
    select: str = ""
    ppi: float = 0.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
