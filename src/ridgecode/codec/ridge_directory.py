"""The directory of a coded archive: the length of each payload, in version 2 the size of each print, and its name
(docs/format.md)."""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ridgecode.codec.full_size import FullSize, full_size, stored_size

MOST_NAME_BYTES = 1024
MOST_BYTES_OF_ALL_NAMES = 2**26
"""A name is stored as what differs from the name before, so a crafted file of few bytes could hold names that fill the
memory. The limit leaves room for over a million names of usual length."""
MOST_NUMBER_BYTES = 5
"""A number in the directory has at most this many bytes of 7 bits."""
_RAW_DEFLATE = -15
"""zlib's window size that stands for deflate without a header."""


class Directory(NamedTuple):
    """lengths: the bytes of each payload; names: of the prints; sizes: of the prints, None in version 1. All in the
    order of the records."""

    lengths: list[int]
    names: list[str]
    sizes: list[FullSize] | None = None


def encoded_names(names: Iterable[str]) -> list[bytes]:
    """The names in UTF-8, as a directory holds them. Raises ValueError for a name that holds a NUL or a lone surrogate
    or has more than 1,024 bytes, for more than 2**26 bytes of all names, and for two equal names."""
    encoded, total = dict[bytes, None](), 0
    for name in names:
        now = name.encode()  # UnicodeEncodeError is a ValueError
        total += len(now)
        if len(now) > MOST_NAME_BYTES:
            raise ValueError(f"the name {name[:40]!r}... has {len(now)} bytes; a name has {MOST_NAME_BYTES} at most")
        if b"\0" in now:
            raise ValueError(f"the name {name!r} holds a NUL")
        if now in encoded:
            raise ValueError(f"two prints have the name {name!r}")
        encoded[now] = None
    if total > MOST_BYTES_OF_ALL_NAMES:
        raise ValueError(f"the names have {total} bytes together, {MOST_BYTES_OF_ALL_NAMES} at most go into one file")
    return list(encoded)


def pack_directory(directory: Directory) -> bytes:
    """The directory, deflated (RFC 1951). Raises ValueError for names that `encoded_names` refuses, and for sizes that
    `FullSize` does not allow."""
    shared, tails = bytearray(), bytearray()
    before = b""
    for now in encoded_names(directory.names):
        same = _n_shared(before, now)
        shared += _varint(same)
        tails += now[same:] + b"\0"
        before = now
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9)
    packed = b""
    # Heights, widths and resolutions, each in a column: those of one sensor are the same and take next to nothing.
    sizes = [] if directory.sizes is None else zip(*map(stored_size, directory.sizes), strict=True)
    numbers = (b"".join(map(_varint, column)) for column in (directory.lengths, *sizes))
    # Each column gets a block of its own, and so a Huffman code that fits it.
    for column in (*numbers, bytes(shared)):
        packed += packer.compress(column) + packer.flush(zlib.Z_BLOCK)
    return packed + packer.compress(tails) + packer.flush()


def unpack_directory(data: bytes, count: int, sized: bool = False) -> Directory:
    """The directory of `count` prints that `pack_directory` packed. Raises ValueError for anything else.

    sized: whether it holds the sizes of the prints. At most 2**26 bytes of names and 11 bytes a print (with sizes 26)
    are inflated; the Python objects take some six times as much.
    """
    most = count * ((5 if sized else 2) * MOST_NUMBER_BYTES + 1) + MOST_BYTES_OF_ALL_NAMES
    unpacker = zlib.decompressobj(_RAW_DEFLATE)
    try:
        plain = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise ValueError("it can't be inflated") from error
    if not unpacker.eof or unpacker.unused_data or len(plain) > most:
        raise ValueError("it does not end where it should")
    lengths, place = _read_varints(plain, 0, count)
    sizes = None
    if sized:
        heights, place = _read_varints(plain, place, count)
        widths, place = _read_varints(plain, place, count)
        hundredths, place = _read_varints(plain, place, count)
        sizes = list(map(full_size, heights, widths, hundredths))
    shared, place = _read_varints(plain, place, count)
    if plain.count(b"\0", place) != count or (count and plain[-1]) or (not count and place != len(plain)):
        raise ValueError("it has other names than prints")
    return Directory(lengths, list(_names(shared, plain[place:].split(b"\0"))), sizes)


def _names(shared: list[int], tails: list[bytes]) -> Iterator[str]:
    before, total, known = b"", 0, set[bytes]()
    for same, tail in zip(shared, tails, strict=False):  # after the last NUL there is one more tail, which is empty
        if same > len(before):
            raise ValueError("a name shares more than the one before has")
        before = before[:same] + tail
        total += len(before)
        if len(before) > MOST_NAME_BYTES or total > MOST_BYTES_OF_ALL_NAMES or before in known:
            raise ValueError("a name is too long, or is another's too")
        known.add(before)
        yield before.decode()  # UnicodeDecodeError is a ValueError


def _n_shared(a: bytes, b: bytes) -> int:
    """How many bytes at the beginning of `a` and `b` are equal."""
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


def _read_varints(data: bytes, place: int, count: int) -> tuple[list[int], int]:
    """`count` numbers from byte `place` on, and the place after them."""
    numbers = []
    for _ in range(count):
        number, shift = 0, 0
        while True:
            if place >= len(data) or shift >= 7 * MOST_NUMBER_BYTES:
                raise ValueError("a number does not end")
            byte = data[place]
            place += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        numbers.append(number)
    return numbers, place
