"""The file format against a reader written from docs/format.md alone, and files that are refused."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import (
    RidgeFile,
    pack_archive,
    pack_full_archive,
    pack_full_print,
    pack_print,
    write_archive,
)
from ridgecode.errors import BadInput
from support.ridge_files import HERE, MODEL, SQUARE, Print, archive, of_version, prints, sizes, versions

FORMAT = Path(__file__).parents[2] / "docs" / "format.md"


def read_by_the_document(data: bytes) -> list[tuple[str, bytes, FullSize | None]]:
    """An archive's prints, read with struct and zlib as docs/format.md describes."""
    assert data[:4] in (b"RDG\x81", b"RDG\x82")
    n_columns = {0x81: 2, 0x82: 5}[data[3]]
    assert n_columns == 2 or data[8:12] == bytes(4)
    count, size, crc = struct.unpack_from("<III", data, 12)
    assert crc == zlib.crc32(data[:20])
    packed = data[24 : 24 + size - 4]
    assert data[24 + size - 4 : 24 + size] == zlib.crc32(packed).to_bytes(4, "little")
    plain, place = zlib.decompress(packed, -15), 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = plain[place]
            place += 1
            value += (byte % 128) << shift
            shift += 7
            if byte < 128:
                return value

    lengths, *stored, shared = ([number() for _ in range(count)] for _ in range(n_columns))
    tails = plain[place:].split(b"\0")
    assert tails.pop() == b"" and len(tails) == count
    found, name, at = [], b"", 24 + size
    for k in range(count):
        name = name[: shared[k]] + tails[k]
        payload = data[at : at + lengths[k]]
        at += lengths[k] + 4
        checked = data[:12] + data[20 + size : 24 + size] + struct.pack("<I", k) + payload
        assert data[at - 4 : at] == zlib.crc32(checked).to_bytes(4, "little")
        height, width, hundredths = (column[k] for column in stored) if stored else (0, 0, 0)
        found.append((name.decode(), payload, FullSize(height, width, hundredths / 100) if stored else None))
    assert data[at:] == data[24 : 24 + size] + data[:24]
    return found


@versions
@settings(max_examples=150, deadline=None)
@given(given_prints=prints)
def test_archives_round_trip_and_are_as_the_document_says(version: int, given_prints: list[Print]) -> None:
    data, expected = archive(given_prints, version), of_version(given_prints, version)
    assert read_by_the_document(data) == expected
    file = RidgeFile(data, HERE)
    side = 96 if version == 1 else 0
    assert (file.version, file.model, file.height, file.width) == (version, MODEL, side, side)
    assert (len(file), file.is_archive) == (len(given_prints), True)
    assert [(name, file.payload(k), file.size(k)) for k, name in enumerate(file.names)] == expected


@given(st.binary(max_size=300), st.integers(0, 65535), st.integers(0, 65535))
def test_one_print_round_trips(payload: bytes, height: int, width: int) -> None:
    data = pack_print(MODEL, height, width, payload)
    assert len(data) == len(payload) + 16
    assert data[:12] == b"RDG\x01" + MODEL + struct.pack("<HH", height, width)
    assert data[-4:] == zlib.crc32(data[:-4]).to_bytes(4, "little")
    file = RidgeFile(data, Path("folder/print.ridge"))
    assert (file.names, file.payload(0), file.height, file.width) == (["print"], payload, height, width)
    assert (file.version, file.size(0), file.is_archive) == (1, None, False)


@given(st.binary(max_size=300), sizes)
def test_one_print_of_any_size_round_trips(payload: bytes, size: FullSize) -> None:
    data = pack_full_print(MODEL, size, payload)
    assert len(data) == len(payload) + 20
    stored = struct.pack("<HHI", size.height, size.width, round(size.ppi * 100))
    assert data[:16] == b"RDG\x02" + MODEL + stored
    assert data[-4:] == zlib.crc32(data[:-4]).to_bytes(4, "little")
    file = RidgeFile(data, Path("folder/print.ridge"))
    assert (file.names, file.payload(0), file.size(0)) == (["print"], payload, size)
    assert (file.version, file.model, file.is_archive, file.height, file.width) == (2, MODEL, False, 0, 0)


def documents_example(mark: str) -> bytes:
    example = FORMAT.read_text(encoding="utf-8").partition(f"<!-- {mark} -->")[2].split("```")[1]
    return bytes.fromhex("".join(line.split("|")[0] for line in example.splitlines() if "|" in line))


def test_the_documents_example_of_one_print() -> None:
    assert documents_example("example") == pack_print(bytes.fromhex("3f8a11c0"), 32, 32, bytes.fromhex("9b6126"))


def test_the_documents_example_of_an_archive() -> None:
    """Read, not compared with what is written: another zlib deflates to other bytes."""
    expected = [("Real/7", bytes.fromhex("9b6126"), None), ("Real/8", bytes.fromhex("400f"), None)]
    data = documents_example("archive")
    assert read_by_the_document(data) == expected
    file = RidgeFile(data, HERE)
    assert (file.model.hex(), file.height, file.width) == ("3f8a11c0", 32, 32)
    assert [(name, file.payload(k), file.size(k)) for k, name in enumerate(file.names)] == expected
    inflated = zlib.decompress(data[24:41], -15)
    assert inflated == b"\x03\x02\x00\x05Real/7\x008\x00"


def test_the_documents_example_of_one_print_of_any_size() -> None:
    packed = pack_full_print(bytes.fromhex("3f8a11c0"), FullSize(388, 374, 500), bytes.fromhex("9b6126"))
    assert documents_example("example of version 2") == packed


def test_the_documents_example_of_an_archive_of_prints_of_any_size() -> None:
    expected = [
        ("Real/7", bytes.fromhex("9b6126"), FullSize(388, 374, 500)),
        ("Real/8", bytes.fromhex("400f"), FullSize(300, 300, 393.7)),
    ]
    data = documents_example("archive of version 2")
    assert read_by_the_document(data) == expected
    file = RidgeFile(data, HERE)
    assert (file.version, file.model.hex(), len(file)) == (2, "3f8a11c0", 2)
    assert [(name, file.payload(k), file.size(k)) for k, name in enumerate(file.names)] == expected
    inflated = zlib.decompress(data[24:60], -15)
    numbers = bytes.fromhex("0302 8403ac02 f602ac02 d08603cab302 0005")
    assert inflated == numbers + b"Real/7\x008\x00"


def test_a_file_on_disk_is_read_print_by_print(tmp_path: Path) -> None:
    file = tmp_path / "x.ridge"
    write_archive(file, MODEL, 32, 32, [str(i) for i in range(2000)], [bytes(5000)] * 2000)
    opened = RidgeFile.open(file)
    tracemalloc.start()
    assert opened.payload(1999) == bytes(5000)
    assert tracemalloc.get_traced_memory()[1] < 50_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "too few"),
        (b"RDG\x01", "too few"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no coded file"),
        (b"RDG\x03" + bytes(100), "format version 3"),
        (b"RDG\x83" + bytes(100), "format version 3"),
        (b"RDG\x00" + bytes(100), "format version 0"),
        (b"RDG\x01" + bytes(100), "damaged or cut off"),
        (b"RDG\x81" + bytes(100), "damaged at both ends"),
        (b"RDG\x02" + bytes(100), "damaged or cut off"),
        (b"RDG\x82" + bytes(100), "damaged at both ends"),
    ],
)
def test_sentences(data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        RidgeFile(data, HERE)
    assert "\n" not in str(caught.value) and "x.ridge" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ridge", tmp_path):
        with pytest.raises(BadInput, match="can't be read"):
            RidgeFile.open(path)
    (tmp_path / "empty.ridge").touch()
    with pytest.raises(BadInput, match="too few"):
        RidgeFile.open(tmp_path / "empty.ridge")


def test_names_and_sizes_for_all_prints() -> None:
    with pytest.raises(ValueError, match="2 names for 1"):
        pack_archive(MODEL, 1, 1, ["a", "b"], [b""])
    with pytest.raises(ValueError, match="2 names for 1"):
        pack_full_archive(MODEL, ["a", "b"], [SQUARE], [b""])
    with pytest.raises(ValueError, match="2 sizes for 1"):
        pack_full_archive(MODEL, ["a"], [SQUARE, SQUARE], [b""])


def test_sizes_of_one_sensor_take_few_bytes_of_an_archive() -> None:
    some = [(f"{i // 8}_{i % 8}", b"", FullSize(388, 374, 500.0)) for i in range(800)]
    assert len(archive(some, 2)) - len(archive(some, 1)) < 120
    assert len(archive(some[:80], 2)) - len(archive(some[:80], 1)) < 40


def checked(data: bytes) -> bytes:
    """With its right CRC, as someone's own program may write it."""
    return data + zlib.crc32(data).to_bytes(4, "little")


def deflated(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


IMPOSSIBLE = pytest.mark.parametrize(
    ("height", "width", "hundredths"),
    [
        (0, 300, 50_000),
        (300, 0, 50_000),
        (65_535, 65_535, 50_000),
        (8_192, 8_193, 50_000),
        (300, 300, 0),
        (300, 300, 99),
        (300, 300, 2**32 - 1),
    ],
)


@IMPOSSIBLE
def test_one_print_of_an_impossible_size(height: int, width: int, hundredths: int) -> None:
    data = checked(b"RDG\x02" + MODEL + struct.pack("<HHI", height, width, hundredths) + b"payload")
    with pytest.raises(BadInput, match=r"x\.ridge states an impossible size") as caught:
        RidgeFile(data, HERE)
    assert "\n" not in str(caught.value)


def leb128(value: int) -> bytes:
    return bytes([value % 128 + 128]) + leb128(value // 128) if value > 127 else bytes([value])


def crafted_archive(height: int, width: int, hundredths: int) -> bytes:
    """Of two prints, the second of this size."""
    columns = [0, 0, 300, height, 300, width, 50_000, hundredths, 0, 0]
    directory = checked(deflated(b"".join(map(leb128, columns)) + b"a\0b\0"))
    header = checked(b"RDG\x82" + MODEL + bytes(4) + struct.pack("<II", 2, len(directory)))
    return header + directory + bytes(8) + directory + header


@IMPOSSIBLE
def test_an_archive_with_an_impossible_size(height: int, width: int, hundredths: int) -> None:
    assert RidgeFile(crafted_archive(8_192, 8_192, 6_553_500), HERE).size(1) == (8_192, 8_192, 65_535.0)
    with pytest.raises(BadInput, match=r"x\.ridge is damaged at both ends"):
        RidgeFile(crafted_archive(height, width, hundredths), HERE)


@pytest.mark.parametrize("short", range(4))
def test_one_print_of_any_size_that_is_too_short_though_its_crc_is_right(short: int) -> None:
    with pytest.raises(BadInput, match="too few"):
        RidgeFile(checked(b"RDG\x02" + MODEL + struct.pack("<HH", 300, 300) + bytes(short)), HERE)
