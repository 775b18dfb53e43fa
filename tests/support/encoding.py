"""Command lines of `encode` and `decode`, and the images that come of them."""

from pathlib import Path

import numpy as np
from PIL import Image


def encode(store: Path, model: Path, out: Path, *flags: str) -> list[str]:
    return ["encode", str(store), f"--model={model}", f"--out={out}", "--device=cpu", "--threads=1", *flags]


def encode_coded(store: Path, model: object, out: Path, *flags: str) -> list[str]:
    return ["encode", str(store), f"--model={model}", f"--out={out}", "--split=val", "--threads=1", *flags]


def decode(latents: Path, model: Path, out: Path, *flags: str) -> list[str]:
    return ["decode", str(latents), f"--model={model}", f"--out={out}", "--threads=1", *flags]


def images(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in folder.rglob("*.png"):
        with Image.open(path) as image:
            assert image.mode == "L"
            found[str(path.relative_to(folder).with_suffix(""))] = np.asarray(image)
    return found
