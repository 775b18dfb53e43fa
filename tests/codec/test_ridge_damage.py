"""Damaged `.ridge` files of both versions: each print that is read is right, and only few are lost."""

import random
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import RidgeFile, pack_full_print, pack_print
from ridgecode.errors import BadInput
from support.ridge_files import HERE, MODEL, SOME, SQUARE, Print, archive, of_version, prints, versions


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
        assert (name, payload, file.size(k)) == of_version(SOME, file.version)[k]
        found.append(k)
    return found


@versions
def test_each_damaged_byte_harms_one_print_at_most(version: int) -> None:
    data = archive(SOME, version)
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 0x55
        assert len(intact(bytes(spoilt))) >= len(SOME) - 1, place


@versions
def test_a_file_that_is_cut_off_gives_what_it_has(version: int) -> None:
    data = archive(SOME, version)
    start = len(data) - sum(len(payload) + 4 for _, payload, _ in SOME)
    size = struct.unpack_from("<I", data, 16)[0]
    first = 24 + size
    ends = [first]
    for _, payload, _ in SOME:
        ends.append(ends[-1] + len(payload) + 4)
    assert start > 0
    for cut in range(first, len(data)):
        assert intact(data[:cut]) == [k for k in range(len(SOME)) if ends[k + 1] <= cut]
    for cut in range(first):
        with pytest.raises(BadInput, match=r"x\.ridge"):
            RidgeFile(data[:cut], HERE)


@versions
def test_a_file_whose_beginning_is_lost(version: int) -> None:
    data = archive(SOME, version)
    size = struct.unpack_from("<I", data, 16)[0]
    everything = list(range(len(SOME)))
    assert intact(bytes(24 + size) + data[24 + size :]) == everything
    for lost in (1, 4, 24, 24 + size):
        assert intact(data[lost:]) == everything
    assert intact(data[24 + size + 3 :]) == everything[1:]


@versions
def test_bytes_that_are_lost_or_put_in_harm_one_print(version: int) -> None:
    """What lies behind them is found by its distance from the end."""
    data = archive(SOME, version)
    for place in range(len(data)):
        for spoilt in (data[:place] + data[place + 5 :], data[:place] + b"\0\1\2" + data[place:]):
            assert len(intact(spoilt)) >= len(SOME) - 2, place  # five lost bytes may be of two prints


@versions
def test_prints_that_changed_places_are_found_out(version: int) -> None:
    same = [("a", b"12345678", SQUARE), ("b", b"87654321", SQUARE), ("c", b"33333333", SQUARE)]
    data = archive(same, version)
    first = 24 + struct.unpack_from("<I", data, 16)[0]
    swapped = data[:first] + data[first + 12 : first + 24] + data[first : first + 12] + data[first + 24 :]
    file = RidgeFile(swapped, HERE)
    for k in (0, 1):
        with pytest.raises(BadInput, match="damaged"):
            file.payload(k)
    assert file.payload(2) == b"33333333"


@pytest.mark.parametrize(
    ("version", "other"), [(1, ("c", SQUARE)), (2, ("c", SQUARE)), (2, ("b", FullSize(300, 301, 500.0)))]
)
def test_prints_of_another_archive_of_the_model_are_found_out(version: int, other: tuple[str, FullSize]) -> None:
    """The same numbers of bytes at the same places, under another name or size: no print may go by another's."""
    ours = archive([("a", b"12345678", SQUARE), ("b", b"87654321", SQUARE)], version)
    theirs = archive([("a", b"12345678", SQUARE), (other[0], b"44444444", other[1])], version)
    first, first_of_theirs = (24 + struct.unpack_from("<I", data, 16)[0] for data in (ours, theirs))
    records = theirs[first_of_theirs : first_of_theirs + 24]
    file = RidgeFile(ours[:first] + records + ours[first + 24 :], HERE)
    for k in (0, 1):
        with pytest.raises(BadInput, match="damaged"):
            file.payload(k)


def test_each_flipped_bit_of_one_print_is_found_out() -> None:
    data = pack_full_print(MODEL, SQUARE, b"payload")
    for bit in range(8 * len(data)):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadInput, match=r"x\.ridge"):
            RidgeFile(bytes(spoilt), HERE)


@settings(max_examples=150, deadline=None)
@given(prints, st.data())
def test_damage_of_any_archive_gives_no_wrong_print(given_prints: list[Print], draw: st.DataObject) -> None:
    """A bit is flipped, or a range of bytes is replaced by others, none or more. Half of the files are cut too."""
    data = bytearray(archive(given_prints, 2))
    start, lost = draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(0, 40))
    if flipped := draw.draw(st.booleans()):
        data[start] ^= 1 << draw.draw(st.integers(0, 7))
    else:
        data[start : start + lost] = draw.draw(st.binary(max_size=40))
    cut = draw.draw(st.booleans())
    whole = bytes(data[: draw.draw(st.integers(0, len(data)))] if cut else data)
    right = {name: (payload, size) for name, payload, size in given_prints}
    read = 0
    try:
        file = RidgeFile(whole, HERE)
    except BadInput:
        assert cut or not flipped  # a flipped bit harms one of two headers or directories, or one print
        return
    for k, name in enumerate(file.names):
        try:
            payload = file.payload(k)
        except BadInput:
            continue
        assert (payload, file.size(k)) == right[name]
        read += 1
    assert cut or not flipped or read >= len(given_prints) - 1


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
    payload = bytes(range(90))
    files = [
        (pack_print(MODEL, 96, 96, payload), [("x", payload, None)]),
        (archive(SOME), of_version(SOME, 1)),
        (pack_full_print(MODEL, SQUARE, payload), [("x", payload, SQUARE)]),
        (archive(SOME, 2), of_version(SOME, 2)),
    ]
    read = refused = 0
    for turn in range(100_000):
        if turn == 98_000:  # tracing makes everything some times slower
            tracemalloc.start()
        whole, right = files[turn % len(files)]
        data = mutated(whole, rng)
        try:
            file = RidgeFile(data, HERE)
        except BadInput:
            refused += 1
            continue
        for k in range(len(file)):
            try:
                found = file.payload(k)
            except BadInput:
                continue
            assert (file.names[k], found, file.size(k)) == right[k]
            read += 1
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert read > 10_000 and refused > 10_000
