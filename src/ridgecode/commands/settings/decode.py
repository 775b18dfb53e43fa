"""The settings of `ridgecode decode`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ImageFormat = Literal["png", "tiff", "wsq"]


@dataclass(frozen=True)
class Decode:
    """Draws the prints of a coded file, or of an `encode` folder, as images, named after their prints.

    A file of one print gives an image of the file's name. Of a damaged archive all intact prints are drawn.

    Args:
        codes: file x.ridge, or folder, that `ridgecode encode` wrote
        out: folder for the images
        model: what encoded them: train-autoencoder run, its model.safetensors, or a pretrained model's name; of a
            coded file it is found by its hash among the pretrained ones and those in or below the file's folder and
            the current one
        select: prints to decode, such as 17,20-30, counted from 0; all where it is left out
        format: of the images of a coded file of prints of any size: png, tiff, or wsq, which loses detail and needs
            the extra codecs; all others become png
        threads: processor threads; 0 takes all
    """

    codes: Path
    out: Path
    model: str = ""
    select: str = ""
    format: ImageFormat = "png"
    threads: int = 0
