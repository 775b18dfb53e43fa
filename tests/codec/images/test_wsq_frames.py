"""WSQ: its blocks found by their markers."""

import struct

import numpy as np

from ridgecode.codec.images.classical import classical_codec
from ridgecode.codec.images.wsq_frames import wsq_header


def test_wsq_blocks_by_hand(print_: np.ndarray) -> None:
    """NBIS writes three blocks, each after a marker FFA3, a length of 3 and its table's number."""
    data = classical_codec("wsq").encode(print_, 100)
    coded = 0
    for block in data[:-6].split(b"\xff\xa3\x00\x03")[1:]:
        table = block.find(b"\xff\xa6")
        coded += (len(block) if table < 0 else table) - 1
    assert len(data) - wsq_header(data) == coded
    assert struct.unpack(">HH", data[-4:]) == (96, 90)
    assert b"WSQ_BITRATE 0.75" in data
