"""BMP, GIF and WebP files.

The readers of formats that Pillow decodes call its classes by name, so that no other format is tried, and so that
Pillow's own limit of pixels, which warns or raises by a setting of the whole process, is not asked.
"""

import io

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, WebPImagePlugin

from ridgecode.prints.images.loaded import header_density, read_loaded
from ridgecode.prints.images.pixels import ReadImage, check_size
from ridgecode.prints.images.resolution import stated_ppi
from ridgecode.prints.images.whole import check_gif, webp_size


def read_bmp(data: bytes) -> ReadImage:
    """The fourth byte of a 32-bit pixel is padding, not transparency."""
    image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    check_size(*image.size)
    grey = np.asarray(image.convert("L"))
    ppi, notes = stated_ppi(header_density(image))
    return ReadImage(grey, ppi, notes)


def read_gif(data: bytes) -> ReadImage:
    check_gif(data)
    image = GifImagePlugin.GifImageFile(io.BytesIO(data))
    check_size(*image.size)
    return read_loaded(image, image.n_frames, [])


def read_webp(data: bytes) -> ReadImage:
    check_size(*webp_size(data))
    image = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    return read_loaded(image, image.n_frames, [])
