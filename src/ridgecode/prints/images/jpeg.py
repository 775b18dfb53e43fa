"""JPEG files: whole, of any depth, with the resolution of JFIF or EXIF."""

import io
import struct

import numpy as np
from PIL import Image, JpegImagePlugin

from ridgecode.prints.images.extras import needs_extra
from ridgecode.prints.images.loaded import exif_tags, read_loaded
from ridgecode.prints.images.pixels import ReadImage, check_size, dark_note, grey_of_samples, to_8_bits, upright
from ridgecode.prints.images.quiet import no_warnings
from ridgecode.prints.images.resolution import CM, Density, stated_ppi
from ridgecode.prints.images.whole import JpegFrame, jpeg_frame

_JPEG_LS = 0xF7
_EXIF = b"Exif\0\0"
_HEADER = 2**16
"""The longest segment, which the first is that of EXIF data."""


def read_jpeg(data: bytes) -> ReadImage:
    """Of a file of several JPEG images (MPO) the first. Frames of other than 8 bits are decoded by imagecodecs."""
    frame = jpeg_frame(data)
    check_size(frame.width, frame.height)
    if frame.bits != 8 or frame.kind == _JPEG_LS:
        return _other_jpeg(frame)
    with no_warnings():  # Pillow warns of EXIF data that it can't parse
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(frame.data))
    unit = {1: 1.0, 2: CM}.get(image.info.get("jfif_unit", 0))
    densities = []
    if unit:
        across, down = image.info["jfif_density"]
        densities.append(Density(across, down, unit))
    return read_loaded(image, _mpo_images(image), densities)


def _mpo_images(image: Image.Image) -> int:
    """How many JPEG images the file's multi-picture index counts (CIPA DC-007, tag B001)."""
    index = image.info.get("mp", b"")
    order = "<" if index[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(f"{order}I", index, 4)
        (entries,) = struct.unpack_from(f"{order}H", index, at)
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(f"{order}HHII", index, at + 2 + 12 * entry)
            if tag == 0xB001:
                return int(value)
    except struct.error:
        pass
    return 1


def _other_jpeg(frame: JpegFrame) -> ReadImage:
    with needs_extra("is a JPEG of another depth or kind"):
        import imagecodecs
    decode = imagecodecs.jpegls_decode if frame.kind == _JPEG_LS else imagecodecs.jpeg8_decode
    samples = np.atleast_3d(decode(frame.data))
    grey = grey_of_samples(to_8_bits(samples, frame.bits))
    # Pillow opens no such file, but its class of a picture without pixels parses EXIF data.
    holder = Image.new("L", (1, 1))
    if (at := frame.data.find(_EXIF, 0, _HEADER)) > 0:
        holder.info["exif"] = frame.data[at : at + _HEADER]
    orientation, densities = exif_tags(holder)
    ppi, notes = stated_ppi(densities)
    return ReadImage(upright(grey, orientation), ppi, (*dark_note(samples, 2**frame.bits - 1), *notes))
