"""ANSI/NIST files built field by field as ANSI/NIST-ITL 1-2011 has them, around payloads by other writers."""

import io
import struct
from collections.abc import Sequence

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import smooth_grey

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
GREY = smooth_grey(120, 100)
HEIGHT, WIDTH = GREY.shape


def tagged(kind: int, fields: Sequence[tuple[int, bytes]]) -> bytes:
    """A record of tagged fields whose field 001 counts all its bytes, its own digits and the separator included."""
    body = GS.join(b"%d.%03d:" % (kind, number) + content for number, content in fields)
    length = 0
    for _ in range(3):  # the number of digits of the length is part of the length
        head = b"%d.001:%d" % (kind, length)
        length = len(head) + 1 + len(body) + 1
    return b"%d.001:%d" % (kind, length) + GS + body + FS


def file_of(*records: tuple[int, bytes], nsr: bytes = b"19.69", ntr: bytes = b"19.69") -> bytes:
    """A type 1 record that lists the records, and the records."""
    counts = RS.join(
        [US.join([b"1", b"%d" % len(records)]), *(b"%d%s%02d" % (k, US, i) for i, (k, _) in enumerate(records))]
    )
    first = [(2, b"0501"), (3, counts), (4, b"FAUF"), (5, b"20260101"), (7, b"DAI000000"), (8, b"ORI000000")]
    first += [(9, b"TCN"), (11, nsr), (12, ntr)]
    return tagged(1, first) + b"".join(record for _, record in records)


def type_2() -> tuple[int, bytes]:
    return 2, tagged(2, [(2, b"00"), (18, b"DOE, J. 1.001:99")])


def type_4(
    content: bytes, compression: int, isr: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[int, bytes]:
    head = struct.pack(">IBB6sBHHB", 18 + len(content), 1, 0, b"\x01\xff\xff\xff\xff\xff", isr, *size, compression)
    assert len(head) == 18
    return 4, head + content


def type_14(
    content: bytes, compression: bytes, resolution: tuple[bytes, bytes, bytes] = (b"1", b"500", b"500"), kind: int = 14
) -> tuple[int, bytes]:
    unit, across, down = resolution
    fields = [(2, b"01"), (3, b"1"), (4, b"AGENCY"), (5, b"20260101"), (6, b"%d" % WIDTH), (7, b"%d" % HEIGHT)]
    fields += [(8, unit), (9, across), (10, down), (11, compression), (12, b"8"), (13, b"2"), (999, content)]
    return kind, tagged(kind, fields)


def saved(kind: str, **keywords: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, kind, **keywords)
    return file.getvalue()


def wsq() -> tuple[bytes, NDArray[np.uint8]]:
    coder = pytest.importorskip("_wsq")
    data = bytes(coder.compress(GREY.tobytes(), HEIGHT, WIDTH, 0.75))
    return data, np.frombuffer(bytes(coder.decompress(data)[0]), np.uint8).reshape(GREY.shape)


PAYLOADS = {
    "none": (GREY.tobytes(), 0, b"NONE", 0),
    "jpeg": (saved("JPEG", quality=95), 2, b"JPEGB", 12),
    "lossless jpeg": (imagecodecs.ljpeg_encode(GREY), 3, b"JPEGL", 0),
    "jp2": (saved("JPEG2000"), 5, b"JP2L", 0),
    "j2k": (imagecodecs.jpeg2k_encode(GREY, level=0, codecformat="j2k"), 4, b"JP2", 0),
    "png": (saved("PNG"), 6, b"PNG", 0),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_compression_of_both_records(name: str) -> None:
    content, number, word, tolerance = PAYLOADS[name]
    for record in (type_4(content, number), type_14(content, word), type_14(content, word, kind=13)):
        image = decode(file_of(type_2(), record))
        assert np.abs(image.grey.astype(int) - GREY).max() <= tolerance
        assert image.ppi == 500
        assert image.notes == ()


def test_wsq_in_both_records() -> None:
    content, expected = wsq()
    for record in (type_4(content, 1), type_14(content, b"WSQ20")):
        image = decode(file_of(type_2(), record))
        assert np.array_equal(image.grey, expected)
        assert image.ppi == 500


def test_the_first_of_ten_image_records_is_taken() -> None:
    other = smooth_grey(120, 100, seed=1).tobytes()
    image = decode(file_of(type_2(), type_4(GREY.tobytes(), 0), *[type_4(other, 0)] * 8, type_14(other, b"NONE")))
    assert np.array_equal(image.grey, GREY)
    assert image.notes == ("holds 10 image records; the first is taken",)


@pytest.mark.parametrize(
    ("isr", "nsr", "ntr", "ppi"),
    [
        (0, b"39.37", b"19.69", 500),
        (1, b"39.37", b"19.69", 1000),
        (0, b"00.00", b"00.00", 500),
        (1, b"39.37", b"39.37", 1000),
        (0, b"39.37", b"39.37", 1000),
    ],
)
def test_resolution_of_type_4(isr: int, nsr: bytes, ntr: bytes, ppi: float) -> None:
    assert decode(file_of(type_4(GREY.tobytes(), 0, isr), nsr=nsr, ntr=ntr)).ppi == ppi


@pytest.mark.parametrize(
    ("resolution", "ppi"),
    [
        ((b"1", b"500", b"500"), 500),
        ((b"1", b"1000", b"1000"), 1000),
        ((b"2", b"197", b"197"), 500),
        ((b"2", b"394", b"394"), 1000),
        ((b"0", b"1", b"1"), 0),
        ((b"1", b"500", b"400"), 0),
    ],
)
def test_resolution_of_type_14(resolution: tuple[bytes, bytes, bytes], ppi: float) -> None:
    image = decode(file_of(type_14(GREY.tobytes(), b"NONE", resolution)))
    assert image.ppi == ppi
    assert bool(image.notes) == (resolution[2] == b"400")


def test_separators_within_pixels_end_no_field() -> None:
    content = (FS + GS + RS + US + b"14.999:") * (GREY.size // 11 + 1)
    content = content[: GREY.size]
    for record in (type_4(content, 0), type_14(content, b"NONE")):
        assert decode(file_of(record, type_2())).grey.tobytes() == content


def test_files_without_a_finger_image_list_what_they_hold() -> None:
    with pytest.raises(BadInput, match=r"without a finger image: it holds records of type 1, 2, 15 only"):
        decode(file_of(type_2(), type_14(GREY.tobytes(), b"NONE", kind=15)))


def test_contradictions_are_named() -> None:
    good = file_of(type_2(), type_4(GREY.tobytes(), 0))
    fields = [(6, b"100"), (7, b"120"), (8, b"1"), (9, b"500"), (10, b"500"), (11, b"NONE"), (12, b"16")]
    for data, why in (
        (good[:-1], "record of type 4 is cut"),
        (good[: good.index(b"2.001:")], "no record of type 2"),
        (good.replace(b"2.001:", b"9.001:"), "no record of type 2"),
        (good.replace(b"1.003:1", b"1.003:x").replace(b"\x1e2\x1f00", b"\x1ex\x1f00"), "1.003 lists no records"),
        (file_of(type_4(GREY.tobytes()[:-1], 0)), "100 x 120 pixels has 11999 bytes"),
        (file_of(type_4(b"no picture", 1)), r"\(compression WSQ20\) is no WSQ"),
        (file_of(type_14(b"no picture", b"WSQ20")), r"\(compression WSQ20\) is no WSQ"),
        (file_of(type_4(GREY.tobytes(), 9)), "a compression of number 9"),
        (file_of((14, tagged(14, [(6, b"100")]))), r"no image \(field 14.999\)"),
        (file_of((14, tagged(14, [*fields, (999, bytes(24000))]))), "samples of 16 bits"),
        (file_of((4, b"\0\0\0\x06\0\0")), "type 4 is cut"),
        (b"1.001:77\x1d1.002:0501\x1d", "1.003 lists no records"),
    ):
        with pytest.raises(BadInput, match=why):
            decode(data)


def test_damage_of_the_payload_is_found() -> None:
    jpeg = saved("JPEG", quality=95)
    half = jpeg[: len(jpeg) // 2] + bytes(len(jpeg) - len(jpeg) // 2)
    with pytest.raises(BadInput, match="damaged JPEG"):
        decode(file_of(type_4(half, 2)))


def test_sizes_are_checked_before_the_pixels() -> None:
    with pytest.raises(BadInput, match="60000 x 60000 pixels, more than"):
        decode(file_of(type_4(b"x", 0, size=(60_000, 60_000))))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_other_bytes_give_pixels_or_bad_input(data: st.DataObject) -> None:
    good = file_of(type_2(), type_14(GREY.tobytes(), b"NONE"), type_4(GREY.tobytes(), 0))
    content = bytearray(good)
    header = [*range(300), *range(len(good) - GREY.size - 30, len(good) - GREY.size)]
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.sampled_from(header))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(content))
    except BadInput:
        return
    assert image.grey.dtype == np.uint8
