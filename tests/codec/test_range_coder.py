"""The range coder against the format's rules, written down slowly with the library's own coder."""

import numpy as np
import pytest
from constriction import stream
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.codec.range_coder import TableCoder
from ridgecode.codec.scales import SCALE_COUNT
from ridgecode.codec.tables import COLUMNS, ESCAPE, LARGEST, TOTAL, fit_tables

NONE = np.empty(0, np.int64)
TABLES = fit_tables(NONE, NONE)
CODER = TableCoder(TABLES)

number = st.one_of(st.integers(-3, 3), st.integers(-70, 70), st.integers(-(2**24), 2**24))
groups = st.lists(st.lists(st.tuples(number, st.integers(0, SCALE_COUNT - 1)), max_size=40), max_size=5)


def split(group):
    """One print's numbers and tables, (1, n) each."""
    pairs = np.array(group, np.int64).reshape(1, -1, 2)
    return pairs[..., 0], pairs[..., 1]


def coded(numbers, indices) -> bytes:
    encoder = CODER.encoder(1)
    encoder.encode(np.atleast_2d(numbers), np.atleast_2d(indices))
    return encoder.bytes()[0]


@settings(max_examples=300, deadline=None)
@given(groups)
def test_numbers_come_back(given_groups) -> None:
    encoder = CODER.encoder(1)
    for group in given_groups:
        encoder.encode(*split(group))
    decoder = CODER.decoder(encoder.bytes())
    for group in given_groups:
        numbers, indices = split(group)
        np.testing.assert_array_equal(decoder.decode(indices), numbers)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_prints_side_by_side_are_coded_each_by_itself(prints, n, seed) -> None:
    """Bytes are those of the rule itself: table by table, each in the numbers' own order, then what is beyond."""
    rng = np.random.default_rng(seed)
    numbers = np.rint(rng.standard_t(1, (prints, n)) * 20).clip(-(2**20), 2**20).astype(np.int64)
    indices = rng.integers(0, SCALE_COUNT, (prints, n)) // rng.integers(1, 20)
    encoder = CODER.encoder(prints)
    encoder.encode(numbers, indices)
    payloads = encoder.bytes()
    np.testing.assert_array_equal(CODER.decoder(payloads).decode(indices), numbers)
    for payload, row, tables in zip(payloads, numbers, indices, strict=True):
        slow = stream.queue.RangeEncoder()
        for table in range(SCALE_COUNT):
            for one in row[tables == table]:
                model = stream.model.Categorical(TABLES[table].astype(np.float64), perfect=False)
                slow.encode(int(one) + LARGEST if abs(one) <= LARGEST else ESCAPE, model)
        for one in row[np.abs(row) > LARGEST].tolist():
            rest = abs(one) - LARGEST
            slow.encode(rest.bit_length() - 1, stream.model.Uniform(25))
            for i in range(rest.bit_length() - 1):
                slow.encode(rest >> i & 1, stream.model.Uniform(2))
            slow.encode(int(one < 0), stream.model.Uniform(2))
        # The library's own bytes may be longer, never other: ours name another point of the same interval.
        written = slow.get_compressed().astype(">u4").tobytes()
        assert len(payload) <= len(written)
        assert CODER.decoder([written]).decode(tables[None]).tolist() == [row.tolist()]


@settings(max_examples=200, deadline=None)
@given(groups)
def test_bytes_are_the_information_of_the_numbers_and_at_most_a_byte_and_a_half_more(given_groups) -> None:
    encoder = CODER.encoder(1)
    information = 0.0
    for group in given_groups:
        numbers, indices = split(group)
        encoder.encode(numbers, indices)
        for one, index in zip(numbers[0].tolist(), indices[0].tolist(), strict=True):
            information -= np.log2(TABLES[index, one + LARGEST if abs(one) <= LARGEST else ESCAPE] / TOTAL)
            if abs(one) > LARGEST:
                # One of 25 lengths, the bits behind the first, a sign.
                information += np.log2(25) + (abs(one) - LARGEST).bit_length()
    size = 8 * len(encoder.bytes()[0])
    # The library rounds frequencies again, by up to 128 in 2^24; that is nothing unless a rare number is coded.
    assert size <= information * 1.001 + 12


def test_the_bytes_of_a_known_payload_stay_what_they_are() -> None:
    """Whole numbers in, bytes out: files that are written today are read for ever."""
    tables = np.full((2, COLUMNS), 1000, np.int32)
    tables[0, LARGEST], tables[1, LARGEST - 3 : LARGEST + 4] = 2**23, 2**20
    tables[:, ESCAPE] += TOTAL - tables.sum(1)
    coder = TableCoder(tables)
    numbers = np.array([[0, 2, 0, -3, 0, 0, 1, 700, 0, -64], [0] * 10])
    encoder = coder.encoder(2)
    encoder.encode(numbers, np.array([[0, 1, 0, 1, 0, 0, 1, 1, 0, 0]] * 2))
    payloads = encoder.bytes()
    assert [payload.hex() for payload in payloads] == ["072ccc2135", "02b5ae"]


def test_bytes_end_where_zeros_would_follow() -> None:
    rng = np.random.default_rng(0)
    sizes = []
    for _ in range(200):
        numbers, indices = rng.integers(-2, 3, (1, 50)), np.full((1, 50), 26)
        data = coded(numbers, indices)
        assert not data.endswith(b"\0")
        np.testing.assert_array_equal(CODER.decoder([data + bytes(5)]).decode(indices), numbers)
        sizes.append(8 * len(data) - CODER.bits(numbers, indices).sum())
    # Ending on a whole byte costs half a byte in the mean, and naming a point of the interval up to a bit or two.
    assert 2 < np.mean(sizes) < 7
    assert max(sizes) < 12


def test_bits_are_those_of_the_tables() -> None:
    numbers, indices = np.array([0, 5, -63, 64, -1000]), np.array([3, 30, 40, 60, 63])
    expected = [-np.log2(TABLES[i, c] / TOTAL) for i, c in zip(indices, [63, 68, 0, 127, 127], strict=True)]
    expected[3] += np.log2(25) + 1
    expected[4] += np.log2(25) + 10  # 937 has 10 bits; the first is known, the sign takes its place
    np.testing.assert_allclose(CODER.bits(numbers, indices), expected)


def test_a_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond what can be coded"):
        coded(np.array([2**40]), np.array([63]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.lists(st.integers(0, SCALE_COUNT - 1), max_size=50))
def test_any_bytes_decode_to_something_or_are_refused(data, indices) -> None:
    try:
        numbers = CODER.decoder([data]).decode(np.array(indices, np.int64)[None])
    except ValueError:
        return
    assert numbers.shape == (1, len(indices))
    assert (np.abs(numbers) < 2**26).all()


def test_the_librarys_frequencies_are_as_the_format_says() -> None:
    """docs/format.md: another decoder has to know how the library rounds a table's frequencies."""
    rng = np.random.default_rng(0)
    table = fit_tables(rng.integers(-60, 61, 5000), np.full(5000, 40))[40]
    model = stream.model.Categorical(table.astype(np.float64), perfect=False)
    sums = np.concatenate([[0], np.cumsum(table.astype(np.int64))])
    for i in range(COLUMNS):
        coder = stream.queue.RangeEncoder()
        coder.encode(i, model)
        _, (low, width) = coder.pos()
        scale = (2**64 - 1) >> 24  # of the first number's interval
        left = [j + int(sums[j]) * (TOTAL - COLUMNS) // TOTAL for j in (i, i + 1)]
        # The library carries on with a word more once the interval is below 32 bits.
        more = 2**32 if width >= 2**32 and (left[1] - left[0]) * scale < 2**32 else 1
        assert low == left[0] * scale * more % 2**64, i
        assert i == COLUMNS - 1 or width == (left[1] - left[0]) * scale * more, i
