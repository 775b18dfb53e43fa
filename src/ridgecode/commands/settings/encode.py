"""The settings of `ridgecode encode`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ridgecode.prints.names import Split


@dataclass(frozen=True)
class Encode:
    """Encodes an image, a folder of images, or the prints of a store to a coded file x.ridge (docs/format.md).

    A model of the view `full`, such as ridge-full-500, takes images of any size. Others take a store or one image, as
    thumbnails at 200 ppi, and write a store's latent vectors if --out is a folder: `latents.npy`, float32 (prints,
    latent_dim), and `index.parquet`, a row a print.

    Args:
        store: prepared store, image file, or folder of images
        model: train-autoencoder run, its model.safetensors, or a pretrained model's name (`ridgecode models`)
        out: file that ends in .ridge, or folder for latents.npy and index.parquet
        split: which subjects: train, val, test, or all
        select: prints of these to encode, such as 17,20-30, counted from 0; all where it is left out
        ppi: pixels per inch of image files; 0 takes what each file states, else 500; with another view than full, 0 is
            for a SOCOFing file or one that `ridgecode decode` drew
        device: cpu, cuda, or auto: a GPU where there is one
        threads: processor threads; 0 takes all
    """

    store: Path
    out: Path
    model: Path = Path("ridge-full-500")
    split: Split = "all"
    select: str = ""
    ppi: float = 0.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
