"""PNG files of every depth, with transparent colours."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ridgecode.prints.images.loaded import exif_tags, header_density, left_out, read_loaded
from ridgecode.prints.images.pixels import ReadImage, check_size, dark_note, grey_of_samples, scaled, upright
from ridgecode.prints.images.quiet import no_warnings
from ridgecode.prints.images.resolution import stated_ppi
from ridgecode.prints.images.whole import png_chunks


def read_png(data: bytes) -> ReadImage:
    """Transparent colours are compared with the samples as they are stored, before these become 8-bit."""
    chunks = png_chunks(data)
    width, height, bits, kind = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    check_size(width, height)
    image = _opened(data)
    clear = chunks.get(b"tRNS", b"") if kind in (0, 2) else b""
    densities = header_density(image)
    if bits < 16 and not clear:
        return read_loaded(image, getattr(image, "n_frames", 1), densities)
    samples = _stored_16_bits(data, kind) if bits == 16 else _stored(image, bits)
    colours, alpha = (samples[..., :-1], samples[..., -1]) if kind in (4, 6) else (samples, None)
    top, notes = _top(colours, bits, chunks.get(b"sBIT", b""))
    if clear:
        keys = np.frombuffer(clear, ">u2")[: colours.shape[2]]
        alpha = np.where((colours == keys).all(axis=2), 0, top)
    grey = grey_of_samples(scaled(colours, top), None if alpha is None else scaled(alpha, top))
    image.load()  # reads the tags after the pixels
    orientation, tags = exif_tags(image)
    ppi, more = stated_ppi([*densities, *tags])
    return ReadImage(upright(grey, orientation), ppi, (*left_out(getattr(image, "n_frames", 1)), *notes, *more))


def _opened(data: bytes) -> PngImagePlugin.PngImageFile:
    with no_warnings():  # Pillow warns of an animation that it can't parse, and takes the picture without it
        return PngImagePlugin.PngImageFile(io.BytesIO(data))


def _stored(image: Image.Image, bits: int) -> NDArray[np.unsignedinteger]:
    """The stored samples (H, W, channels) of fewer than 16 bits; Pillow widens those below 8 bits."""
    samples = np.atleast_3d(np.asarray(image))
    return samples.astype(np.uint8) if bits in (1, 8) else samples // (255 // (2**bits - 1))


def _stored_16_bits(data: bytes, kind: int) -> NDArray[np.unsignedinteger]:
    """The stored samples (H, W, channels). Of colours Pillow keeps the upper byte only, so they are decoded twice:
    what is the upper byte for one byte order is the lower one for the other."""

    def decoded(raw_mode: str, mode: str) -> NDArray[np.uint16]:
        image: Any = _opened(data)
        image._mode = mode
        image.tile = [(*tile[:3], raw_mode) for tile in image.tile]
        return np.atleast_3d(np.asarray(image)).astype(np.uint16)

    if kind == 0:
        return decoded("I;16B", "I;16")
    if kind == 4:  # the bytes of a pixel: grey high, grey low, alpha high, alpha low
        pixels = decoded("RGBA", "RGBA")
        high, low = pixels[..., 0::2], pixels[..., 1::2]
    else:
        mode = "RGB" if kind == 2 else "RGBA"
        high, low = decoded(f"{mode};16B", mode), decoded(f"{mode};16L", mode)
    return np.bitwise_or(np.left_shift(high, 8), low)


def _top(colours: NDArray[np.unsignedinteger], bits: int, significant: bytes) -> tuple[int, tuple[str, ...]]:
    """The sample that is white, and notes.

    By the PNG specification (11.3.2.7) samples fill all their bits whatever sBIT says. Some writers of 16 bits leave
    them as they were: where sBIT states 9 to 15 bits and no sample needs more, white is the largest of as many bits.
    """
    stated = min(significant[: colours.shape[2]], default=16)
    if bits == 16 and 8 < stated < 16 and colours.max() < 2**stated:
        top = 2**stated - 1
        return top, (f"states {stated} significant bits and no sample needs more; {top} is taken for white",)
    return 2**bits - 1, dark_note(colours, 2**bits - 1)
