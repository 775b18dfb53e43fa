"""The directory of a coded archive: how long each print's payload is, and what it is called (docs/format.md)."""

import zlib
from typing import NamedTuple

MOST_NAME_BYTES = 1024
_WINDOW = -15  # raw deflate


class Directory(NamedTuple):
    """Bytes of each payload, and the names, in the order of the records."""

    lengths: list[int]
    names: list[str]


def pack_directory(directory: Directory) -> bytes:
    """Deflated (RFC 1951). Raises ValueError for a name of more than 1,024 bytes of UTF-8."""
    numbers = b"".join(_varint(length) for length in directory.lengths)
    shared, tails, ends = bytearray(), bytearray(), bytearray()
    before = b""
    for name in directory.names:
        now = name.encode()
        if len(now) > MOST_NAME_BYTES:
            raise ValueError(f"the name {name[:40]!r}... has {len(now)} bytes; a name has {MOST_NAME_BYTES} at most")
        same = _shared(before, now)
        shared += _varint(same)
        ends += _varint(len(now) - same)
        tails += now[same:]
        before = now
    # Columns one after the other deflate to less than names with all about them.
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, 9)
    return packer.compress(numbers + bytes(shared) + bytes(ends) + bytes(tails)) + packer.flush()


def unpack_directory(data: bytes, count: int) -> Directory:
    """What `pack_directory` packed of `count` prints, which bounds its memory. Raises ValueError for anything else."""
    most = count * (3 * 10 + MOST_NAME_BYTES)
    unpacker = zlib.decompressobj(_WINDOW)
    try:
        plain = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise ValueError("it can't be inflated") from error
    if not unpacker.eof or unpacker.unused_data or len(plain) > most:
        raise ValueError("it does not end where it should")
    place = 0
    columns: list[list[int]] = []
    for _ in range(3):
        column = []
        for _ in range(count):
            number, place = _read_varint(plain, place)
            column.append(number)
        columns.append(column)
    names, before = [], b""
    for same, more in zip(columns[1], columns[2], strict=True):
        if same > len(before) or same + more > MOST_NAME_BYTES or place + more > len(plain):
            raise ValueError("a name is longer than it can be")
        before = before[:same] + plain[place : place + more]
        place += more
        names.append(before.decode())  # UnicodeDecodeError is a ValueError
    if place != len(plain):
        raise ValueError("it goes on behind its end")
    return Directory(columns[0], names)


def _shared(a: bytes, b: bytes) -> int:
    """How many bytes both begin with."""
    same = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        same += 1
    return same


def _varint(number: int) -> bytes:
    """Unsigned LEB128: seven bits a byte, the lowest first, the top bit set on all but the last."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at `place`, and the place behind it."""
    number = 0
    for shift in range(0, 35, 7):
        if place >= len(data):
            break
        number |= (data[place] & 127) << shift
        place += 1
        if data[place - 1] < 128:
            return number, place
    raise ValueError("a number does not end")
