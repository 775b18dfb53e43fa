"""Directories of coded archives that are damaged, crafted or refused; test_ridge_file.py packs and unpacks good
ones."""

import tracemalloc
import zlib

import pytest

from ridgecode.codec import ridge_directory
from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_directory import Directory, pack_directory, unpack_directory


def test_a_directory_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ridge_directory, "MOST_BYTES_OF_ALL_NAMES", 2**19)
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    inflates = bomb.compress(bytes(200_000_000)) + bomb.flush()
    # Names of which each repeats 1,023 bytes of the one before: 3 kB that stand for a megabyte.
    long = (
        bytes(1000)
        + bytes([0, *[255, 7] * 999])
        + b"n" * 1023
        + b"\0"
        + b"".join(b"%d\0" % (i % 9) for i in range(999))
    )
    repeats = zlib.compressobj(9, zlib.DEFLATED, -15)
    for data, count, said in (
        (inflates, 10, "end"),
        (repeats.compress(long) + repeats.flush(), 1000, "too long"),
    ):
        tracemalloc.start()
        with pytest.raises(ValueError, match=said):
            unpack_directory(data, count)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("plain", "count"),
    [
        (b"", 1),
        (b"\1", 1),
        (b"\1\0", 1),
        (b"\1\0name", 1),
        (b"\1\0name\0", 2),
        (b"\1\0name\0more", 1),
        (b"\1\0name\0more\0", 1),
        (b"\1\0name\0", 0),
        (b"\1\1name\0", 1),
        (b"\1\1\0\4name\0\0", 2),
        (b"\1\0\xff\0", 1),
        (b"\x80\x80\x80\x80\x80\1\0name\0", 1),
    ],
)
def test_directories_that_are_none(plain: bytes, count: int) -> None:
    """Right in their CRC, as someone's own encoder may write them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(plain) + packer.flush()
    with pytest.raises(ValueError):
        unpack_directory(data, count)


@pytest.mark.parametrize(
    "plain",
    [
        b"\1\x84\3\xf6\2\x50\0name\0",  # 0.8 pixels per inch
        b"\1\0\xf6\2\xd0\x86\3\0name\0",  # no rows
        b"\1\x84\3\0\xd0\x86\3\0name\0",  # no columns
        b"\1\x84\3\xf6\2\0name\0",  # no resolution
        b"\1\xff\xff\xff\xff\x7f\xf6\2\xd0\x86\3\0name\0",  # more rows than 65,535
    ],
)
def test_directories_with_sizes_that_are_none(plain: bytes) -> None:
    def packed(data: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush()

    good = b"\1\x84\3\xf6\2\xd0\x86\3\0name\0"
    assert unpack_directory(packed(good), 1, sized=True) == Directory([1], ["name"], [FullSize(388, 374, 500)])
    with pytest.raises(ValueError):
        unpack_directory(packed(plain), 1, sized=True)


@pytest.mark.parametrize(
    ("given_names", "said"),
    [(["n" * 1025], "1024"), (["a\0b"], "NUL"), (["a", "b", "a"], "two prints"), (["\ud800"], "surrogates")],
)
def test_names_that_are_not_written(given_names: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        pack_directory(Directory([1] * len(given_names), given_names))
