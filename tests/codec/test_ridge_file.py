"""The file format against a reader written from docs/format.md alone, with damage of each kind and 100,000 mutated
files."""

import random
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.codec.ridge_file import RidgeFile, pack_archive, pack_print, write_archive
from ridgecode.errors import BadInput

MODEL = b"\xde\xad\xbe\xef"
HERE = Path("x.ridge")
FORMAT = Path(__file__).parents[2] / "docs" / "format.md"

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
prints = st.lists(st.tuples(names, st.binary(max_size=200)), max_size=30, unique_by=lambda one: one[0])


def archive(given_prints: list[tuple[str, bytes]]) -> bytes:
    return pack_archive(MODEL, 96, 96, [name for name, _ in given_prints], [data for _, data in given_prints])


SOME = [(f"Real/{i}__M_Left_index_finger", bytes([i]) * (20 + i)) for i in range(12)]


def read_by_the_document(data: bytes) -> list[tuple[str, bytes]]:
    """An archive's prints, read with struct and zlib as docs/format.md describes."""
    assert data[:4] == b"RDG\x81"
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

    lengths, shared = ([number() for _ in range(count)] for _ in range(2))
    tails = plain[place:].split(b"\0")
    assert tails.pop() == b"" and len(tails) == count
    found, name, at = [], b"", 24 + size
    for k in range(count):
        name = name[: shared[k]] + tails[k]
        payload = data[at : at + lengths[k]]
        at += lengths[k] + 4
        checked = data[:12] + data[20 + size : 24 + size] + struct.pack("<I", k) + payload
        assert data[at - 4 : at] == zlib.crc32(checked).to_bytes(4, "little")
        found.append((name.decode(), payload))
    assert data[at:] == data[24 : 24 + size] + data[:24]
    return found


@settings(max_examples=200, deadline=None)
@given(prints)
def test_archives_round_trip_and_are_as_the_document_says(given_prints: list[tuple[str, bytes]]) -> None:
    data = archive(given_prints)
    assert read_by_the_document(data) == given_prints
    file = RidgeFile(data, HERE)
    assert (file.model, file.height, file.width, len(file)) == (MODEL, 96, 96, len(given_prints))
    assert [(name, file.payload(k)) for k, name in enumerate(file.names)] == given_prints


@given(st.binary(max_size=300), st.integers(0, 65535), st.integers(0, 65535))
def test_one_print_round_trips(payload: bytes, height: int, width: int) -> None:
    data = pack_print(MODEL, height, width, payload)
    assert len(data) == len(payload) + 16
    assert data[:12] == b"RDG\x01" + MODEL + struct.pack("<HH", height, width)
    assert data[-4:] == zlib.crc32(data[:-4]).to_bytes(4, "little")
    file = RidgeFile(data, Path("folder/print.ridge"))
    assert (file.names, file.payload(0), file.height, file.width) == (["print"], payload, height, width)


def documents_example(mark: str) -> bytes:
    example = FORMAT.read_text(encoding="utf-8").partition(f"<!-- {mark} -->")[2].split("```")[1]
    return bytes.fromhex("".join(line.split("|")[0] for line in example.splitlines() if "|" in line))


def test_the_documents_example_of_one_print() -> None:
    assert documents_example("example") == pack_print(bytes.fromhex("3f8a11c0"), 32, 32, bytes.fromhex("9b6126"))


def test_the_documents_example_of_an_archive() -> None:
    """Read, not compared with what is written: another zlib deflates to other bytes."""
    expected = [("Real/7", bytes.fromhex("9b6126")), ("Real/8", bytes.fromhex("400f"))]
    data = documents_example("archive")
    assert read_by_the_document(data) == expected
    file = RidgeFile(data, HERE)
    assert (file.model.hex(), file.height, file.width) == ("3f8a11c0", 32, 32)
    assert [(name, file.payload(k)) for k, name in enumerate(file.names)] == expected
    inflated = zlib.decompress(data[24:41], -15)
    assert inflated == b"\x03\x02\x00\x05Real/7\x008\x00"


def test_a_file_on_disk_is_read_print_by_print(tmp_path: Path) -> None:
    file = tmp_path / "x.ridge"
    write_archive(file, MODEL, 32, 32, [str(i) for i in range(2000)], [bytes(5000)] * 2000)
    opened = RidgeFile.open(file)
    tracemalloc.start()
    assert opened.payload(1999) == bytes(5000)
    assert tracemalloc.get_traced_memory()[1] < 50_000
    tracemalloc.stop()


def intact(data: bytes) -> list[int]:
    """Which prints of `SOME` a damaged file still gives; none of them wrong."""
    file = RidgeFile(data, HERE)
    found = []
    for k, name in enumerate(file.names):
        try:
            payload = file.payload(k)
        except BadInput as error:
            assert name in str(error) and "damaged" in str(error)
            continue
        assert (name, payload) == SOME[k]
        found.append(k)
    return found


def test_each_damaged_byte_harms_one_print_at_most() -> None:
    data = archive(SOME)
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 0x55
        assert len(intact(bytes(spoilt))) >= len(SOME) - 1, place


def test_a_file_that_is_cut_off_gives_what_it_has() -> None:
    data = archive(SOME)
    start = len(data) - sum(len(payload) + 4 for _, payload in SOME)
    size = struct.unpack_from("<I", data, 16)[0]
    first = 24 + size
    ends = [first]
    for _, payload in SOME:
        ends.append(ends[-1] + len(payload) + 4)
    assert start > 0
    for cut in range(first, len(data)):
        assert intact(data[:cut]) == [k for k in range(len(SOME)) if ends[k + 1] <= cut]
    for cut in range(first):
        with pytest.raises(BadInput, match=r"x\.ridge"):
            RidgeFile(data[:cut], HERE)


def test_a_file_whose_beginning_is_lost() -> None:
    data = archive(SOME)
    size = struct.unpack_from("<I", data, 16)[0]
    everything = list(range(len(SOME)))
    assert intact(bytes(24 + size) + data[24 + size :]) == everything
    for lost in (1, 4, 24, 24 + size):
        assert intact(data[lost:]) == everything
    assert intact(data[24 + size + 3 :]) == everything[1:]


def test_bytes_that_are_lost_or_put_in_harm_one_print() -> None:
    """What lies behind them is found by its distance from the end."""
    data = archive(SOME)
    for place in range(len(data)):
        for spoilt in (data[:place] + data[place + 5 :], data[:place] + b"\0\1\2" + data[place:]):
            assert len(intact(spoilt)) >= len(SOME) - 2, place  # five lost bytes may be of two prints


def test_prints_that_changed_places_are_found_out() -> None:
    same = [("a", b"12345678"), ("b", b"87654321"), ("c", b"33333333")]
    data = archive(same)
    first = 24 + struct.unpack_from("<I", data, 16)[0]
    swapped = data[:first] + data[first + 12 : first + 24] + data[first : first + 12] + data[first + 24 :]
    file = RidgeFile(swapped, HERE)
    for k in (0, 1):
        with pytest.raises(BadInput, match="damaged"):
            file.payload(k)
    assert file.payload(2) == b"33333333"


def test_prints_of_another_archive_of_the_model_are_found_out() -> None:
    """The same numbers of bytes at the same places, under other names: no print may go by another's name."""
    ours, theirs = archive([("a", b"12345678"), ("b", b"87654321")]), archive([("a", b"12345678"), ("c", b"44444444")])
    first = 24 + struct.unpack_from("<I", ours, 16)[0]
    assert len(ours) == len(theirs)
    file = RidgeFile(ours[:first] + theirs[first : first + 24] + ours[first + 24 :], HERE)
    for k in (0, 1):
        with pytest.raises(BadInput, match="damaged"):
            file.payload(k)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "too few"),
        (b"RDG\x01", "too few"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no coded file"),
        (b"RDG\x02" + bytes(100), "format version 2"),
        (b"RDG\x82" + bytes(100), "format version 2"),
        (b"RDG\x01" + bytes(100), "damaged or cut off"),
        (b"RDG\x81" + bytes(100), "damaged at both ends"),
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


def test_names_for_all_prints() -> None:
    with pytest.raises(ValueError, match="2 names for 1"):
        pack_archive(MODEL, 1, 1, ["a", "b"], [b""])


def mutated(data: bytes, rng: random.Random) -> bytes:
    """One to three changes: flipped bits, lost or added bytes, ranges that are cut, doubled, turned or
    swapped."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        i, j = sorted(rng.randrange(len(out) + 1) for _ in range(2))
        kind = rng.randrange(7)
        if kind == 0 and out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[i : i + rng.randint(1, 8)]
        elif kind == 2:
            out[i:i] = rng.randbytes(rng.randint(1, 8))
        elif kind == 3:
            del out[i:]
        elif kind == 4:
            out[i:i] = out[i:j]
        elif kind == 5:
            out[i:j] = out[i:j][::-1]
        else:
            size = rng.randint(1, 30)
            first, second = out[i : i + size], out[j : j + size]
            out[i : i + size], out[j : j + size] = second, first
    return bytes(out)


def test_a_hundred_thousand_mutated_files() -> None:
    rng = random.Random(0)
    alone = pack_print(MODEL, 96, 96, bytes(range(90)))
    many = archive(SOME)
    read = refused = 0
    for number in range(100_000):
        if number == 98_000:  # tracing makes everything some times slower
            tracemalloc.start()
        whole = alone if number % 2 else many
        data = mutated(whole, rng)
        try:
            file = RidgeFile(data, HERE)
        except BadInput:
            refused += 1
            continue
        for k in range(len(file)):
            try:
                payload = file.payload(k)
            except BadInput:
                continue
            assert (file.names[k], payload) == (SOME[k] if whole is many else ("x", bytes(range(90))))
            read += 1
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert read > 10_000 and refused > 10_000
