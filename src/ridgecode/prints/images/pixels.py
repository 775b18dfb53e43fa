"""Decoded samples of any depth, colours and transparency to 8-bit grey, upright."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ridgecode.errors import BadInput

MAX_PIXELS = 2**26
"""A small damaged or hostile file can ask for more memory than a machine has."""


class ReadImage(NamedTuple):
    grey: NDArray[np.uint8]
    """(H, W), 0 black and 255 white."""
    ppi: float
    """Pixels per inch as the file says; 0 where it says nothing plausible."""
    notes: tuple[str, ...]
    """What of the file was left out, each the end of a sentence: "holds 10 pages; the first is taken"."""


def check_size(width: int, height: int) -> None:
    """Raises BadInput for an image without pixels or of more than MAX_PIXELS. Call it before the pixels are decoded."""
    if width < 1 or height < 1:
        raise BadInput(f"has {width} x {height} pixels: it is damaged or empty")
    if width * height > MAX_PIXELS:
        raise BadInput(
            f"has {width} x {height} pixels, more than {MAX_PIXELS} together: crop it to the print, or save it at 500 "
            "ppi"
        )


def to_8_bits(samples: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """Whole numbers from 0 to 2**bits - 1 -> uint8, 255 for the largest, rounded to the nearest."""
    return scaled(samples, 2**bits - 1)


def scaled(samples: NDArray[np.generic], top: int) -> NDArray[np.uint8]:
    """Whole numbers from 0 to `top` (1 to 65535) -> uint8, 255 for `top`, rounded to the nearest."""
    if top == 255:
        return samples.astype(np.uint8, copy=False)
    # At most 65535 * 510 + 65535, which uint32 holds.
    return ((samples.astype(np.uint32) * 510 + top) // (2 * top)).astype(np.uint8)


def dark_note(samples: NDArray[np.generic], top: int) -> tuple[str, ...]:
    """A note where samples of more than 8 bits use a sixteenth of their range: a writer of 12 bits may not have said
    so."""
    if top <= 255 or (largest := int(samples.max())) > top // 16:
        return ()
    way_out = "if its samples have fewer bits than the file says, save it as 8-bit grey"
    return (f"has no sample above {largest} of {top}, so it comes out nearly black; {way_out}",)


def grey_of_image(image: Image.Image) -> NDArray[np.uint8]:
    """A Pillow image of 8-bit samples -> uint8 (H, W).

    Colours become luma (ITU-R BT.601), which leaves R=G=B as it is. Transparent pixels are blended with white.
    """
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        coloured = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, coloured).convert("RGB")
    return np.asarray(image.convert("L"))


def grey_of_samples(
    colours: NDArray[np.uint8], alpha: NDArray[np.uint8] | None = None, premultiplied: bool = False
) -> NDArray[np.uint8]:
    """colours (H, W, 1) grey or (H, W, 3) RGB, alpha (H, W) or None -> uint8 (H, W), as `grey_of_image` has it.

    premultiplied: the colours were multiplied by alpha already, so blending adds the white alone.
    """
    if alpha is not None and premultiplied:
        light = colours.astype(np.uint16) + (255 - alpha.astype(np.uint16))[..., None]
        colours, alpha = np.minimum(light, 255).astype(np.uint8), None
    if alpha is None:
        return grey_of_image(Image.fromarray(colours)) if colours.shape[2] == 3 else colours[..., 0]
    return grey_of_image(Image.fromarray(np.dstack([colours, alpha])))


def upright(grey: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """Turns and mirrors pixels (H, W) as orientation 2 to 8 asks (EXIF 2.32, tag 274). Other values change nothing."""
    match orientation:
        case 2:
            turned = grey[:, ::-1]
        case 3:
            turned = grey[::-1, ::-1]
        case 4:
            turned = grey[::-1]
        case 5:
            turned = grey.T
        case 6:
            turned = np.rot90(grey, -1)
        case 7:
            turned = grey[::-1, ::-1].T
        case 8:
            turned = np.rot90(grey)
        case _:
            return grey
    return np.ascontiguousarray(turned)
