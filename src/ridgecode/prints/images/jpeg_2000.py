"""JPEG 2000 files and bare codestreams of any depth."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Jpeg2KImagePlugin

from ridgecode.errors import BadInput
from ridgecode.prints.images.extras import needs_extra
from ridgecode.prints.images.loaded import header_density, read_loaded
from ridgecode.prints.images.pixels import ReadImage, check_size, grey_of_samples, to_8_bits
from ridgecode.prints.images.resolution import stated_ppi


def read_jpeg_2000(data: bytes) -> ReadImage:
    """Samples of fewer bits than their array, and signed ones, are scaled by their true depth. Colours of other than
    8 bits are decoded by imagecodecs, as Pillow lets the lightest of them overflow."""
    image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data))
    check_size(*image.size)
    # The codestream begins with its marker and the segment SIZ. The byte at 42 has the depth of the first component,
    # less one, below the bit of its sign.
    at = data.index(b"\xff\x4f\xff\x51")
    bits = (data[at + 42] & 0x7F) + 1
    if bits > 16:
        raise BadInput(f"holds JPEG 2000 samples beyond 16 bits ({bits}): save it as 8-bit or 16-bit grey")
    densities = header_density(image)
    if image.mode not in ("L", "I;16") and bits != 8:
        ppi, notes = stated_ppi(densities)
        return ReadImage(_deep_colours(data, bits), ppi, notes)
    if image.mode == "L" and bits > 8:  # Pillow mistakes 9 bits in the file's header for 8, not those in SIZ
        image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data[at:]))
    depth = 8 if image.mode == "L" else 16
    if image.mode in ("L", "I;16") and bits < depth:
        # Pillow shifts the samples to the upper bits.
        ppi, notes = stated_ppi(densities)
        return ReadImage(to_8_bits(np.asarray(image) >> (depth - bits), bits), ppi, notes)
    return read_loaded(image, 1, densities)


def _deep_colours(data: bytes, bits: int) -> NDArray[np.uint8]:
    with needs_extra("is a JPEG 2000 file of colours of other than 8 bits"):
        import imagecodecs
    samples = np.atleast_3d(imagecodecs.jpeg2k_decode(data))
    if np.issubdtype(samples.dtype, np.signedinteger):
        samples = samples.astype(np.int32) + 2 ** (bits - 1)
    levels = to_8_bits(samples, bits)
    return grey_of_samples(levels[..., :-1], levels[..., -1]) if levels.shape[2] in (2, 4) else grey_of_samples(levels)
