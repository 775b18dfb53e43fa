"""Header bytes of each format, by a field of the file that tells the length of the image data."""

import numpy as np
import pytest

from ridgecode.codec.images.classical import classical_codec
from ridgecode.codec.images.image_headers import avif_header, jpeg2000_header, jpeg_header, webp_header
from ridgecode.codec.images.jpeg_xl_header import jpeg_xl_header
from ridgecode.codec.images.names import CLASSICAL
from ridgecode.codec.images.wsq_frames import wsq_header


def test_headers_are_what_the_formats_say(print_: np.ndarray) -> None:
    """Each by one field that tells the length of the coded data, or by its only marker."""
    files = {name: classical_codec(name).encode(print_, classical_codec(name).qualities[-1]) for name in CLASSICAL}
    sos = files["jpeg"].index(b"\xff\xda")
    assert jpeg_header(files["jpeg"]) == sos + 10 + 2  # one component: 10 bytes of SOS; EOI
    tile = files["jpeg2000"].index(b"\xff\x90")
    assert int.from_bytes(files["jpeg2000"][tile + 6 : tile + 10]) == len(files["jpeg2000"]) - 2 - tile
    assert jpeg2000_header(files["jpeg2000"]) == files["jpeg2000"].index(b"\xff\x93") + 2 + 2  # SOD; EOC
    assert webp_header(files["webp"]) == 12 + 8 + 10 + int.from_bytes(files["webp"][16:20], "little") % 2
    assert avif_header(files["avif"]) == files["avif"].index(b"mdat") + 4
    # Frame headers begin after what files of one size share and before what distances change.
    jxl = classical_codec("jpegxl")
    several = [jxl.encode(image, distance) for image in (print_, 255 - print_) for distance in (6, 19.9)]
    shared = next(i for i in range(99) if len({data[i] for data in several}) > 1)
    assert 5 <= jpeg_xl_header(several[0]) <= shared
    several = [jxl.encode(np.full((32, width), 9, np.uint8), 6) for width in (32, 33)]
    assert several[0][: jpeg_xl_header(several[0])] != several[1][: jpeg_xl_header(several[1])]


def test_other_formats_have_no_header_here(print_: np.ndarray) -> None:
    for read in (jpeg_header, jpeg2000_header, webp_header, avif_header, jpeg_xl_header, wsq_header):
        with pytest.raises(ValueError, match="no "):
            read(b"GIF89a and some more bytes that no codec wrote")
    for name in ("jpeg", "jpeg2000", "wsq"):
        codec = classical_codec(name)
        with pytest.raises(ValueError, match="ends within"):
            codec.header_bytes(codec.encode(print_, codec.qualities[0])[:120])
