"""Whole numbers to the shortest bytes and back: constriction's range coder with a model's tables.

Range coding: Martin, "Range encoding: an algorithm for removing redundancy from a digitised message" (1979).
"""

import functools
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from ridgecode.codec.tables import ESCAPE, LARGEST, TOTAL, column_of

WORD = 32
BEYOND = 24
"""A number beyond the tables has at most so many bits more than LARGEST."""
Numbers = NDArray[np.int64]


class TableCoder:
    """Codes whole numbers with tables (rows, COLUMNS) of frequencies, by the index of a row for each number.

    Numbers of a group are coded table by table in rising order of the index, in their own order within a table; then
    come those beyond the tables, in the group's order.
    """

    def __init__(self, tables: NDArray[np.int32]) -> None:
        # Frequencies are whole and below 2^53, so the library's own rounding of them is the same everywhere.
        self._models = [stream.model.Categorical(row.astype(np.float64), perfect=False) for row in tables]
        self._costs = np.log2(TOTAL) - np.log2(tables)

    def bits(self, numbers: Numbers, indices: Numbers) -> NDArray[np.float64]:
        """What each number costs by its table, of any shape."""
        rest = np.maximum(np.abs(numbers) - LARGEST, 1)
        beyond = np.where(np.abs(numbers) > LARGEST, np.log2(BEYOND + 1) + np.floor(np.log2(rest)) + 1, 0)
        return self._costs[indices, column_of(numbers)] + beyond

    def encoder(self) -> "GroupEncoder":
        """For one print."""
        return GroupEncoder(self._models)

    def decoder(self, data: bytes) -> "GroupDecoder":
        """For what one `GroupEncoder` gave."""
        return GroupDecoder(self._models, data)


class GroupEncoder:
    """Takes a print's numbers group by group."""

    def __init__(self, models: list[stream.model.Categorical]) -> None:
        self._models, self._coder = models, stream.queue.RangeEncoder()

    def encode(self, numbers: Numbers, indices: Numbers) -> None:
        """One group: numbers and their tables, both (n,). Raises ValueError for a number of more than 24 bits."""
        columns = column_of(numbers).astype(np.int32)
        for index, members in _by_table(indices):
            self._coder.encode(columns[members], self._models[index])
        for number in numbers[columns == ESCAPE].tolist():
            _encode_beyond(self._coder, number)

    def bytes(self) -> bytes:
        """The shortest bytes that decode to the numbers; bytes of 0 behind them would change nothing."""
        return _shortest(self._coder)


class GroupDecoder:
    """Gives a print's numbers back group by group. Bytes that no encoder wrote decode to some numbers too."""

    def __init__(self, models: list[stream.model.Categorical], data: bytes) -> None:
        padded = data.ljust(-(-len(data) // 4) * 4 + 8, b"\0")
        self._models, self._coder = models, stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))

    def decode(self, indices: Numbers) -> Numbers:
        """One group: the tables of its numbers (n,) -> the numbers (n,). Raises ValueError where bytes can't be read
        on."""
        columns = np.empty(len(indices), np.int64)
        try:
            for index, members in _by_table(indices):
                columns[members] = self._coder.decode(self._models[index], len(members))
            numbers = columns - LARGEST
            for i in np.flatnonzero(columns == ESCAPE):
                numbers[i] = _decode_beyond(self._coder)
        except AssertionError as error:
            raise ValueError("not what a range coder wrote") from error
        return numbers


def _by_table(indices: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Each table that is used, and which numbers it codes."""
    order = indices.argsort(kind="stable")
    in_order = indices[order]
    changes = (np.flatnonzero(np.diff(in_order)) + 1).tolist()
    for start, end in pairwise([0, *changes, len(order)] if len(order) else []):
        yield int(in_order[start]), order[start:end]


@functools.cache
def _uniform(values: int) -> stream.model.Uniform:
    return stream.model.Uniform(values)


def _encode_beyond(coder: stream.queue.RangeEncoder, number: int) -> None:
    """An Elias gamma code of |number| - LARGEST, then the sign, all in equally likely bits."""
    rest = abs(number) - LARGEST
    length = rest.bit_length() - 1
    if length > BEYOND:
        raise ValueError(f"a latent vector has the value {number} steps, beyond what can be coded")
    coder.encode(length, _uniform(BEYOND + 1))
    for i in range(length):
        coder.encode(rest >> i & 1, _uniform(2))
    coder.encode(int(number < 0), _uniform(2))


def _decode_beyond(coder: stream.queue.RangeDecoder) -> int:
    length = coder.decode(_uniform(BEYOND + 1))
    rest = 1 << length
    for i in range(length):
        rest |= coder.decode(_uniform(2)) << i
    size = rest + LARGEST
    return -size if coder.decode(_uniform(2)) else size


def _shortest(coder: stream.queue.RangeEncoder) -> bytes:
    """The shortest bytes that, with endless 0 behind them, lie in the coder's last interval."""
    words = coder.get_compressed()
    done, (low, width) = coder.pos()
    # The library gives one point of the interval; its lower end is known but for what was carried into earlier words.
    bits = max(len(words), done + 2) * WORD
    point = int.from_bytes(words.astype(">u4").tobytes(), "big") << (bits - len(words) * WORD)
    free = bits - (done + 2) * WORD  # bits behind the coder's 64 of state
    lowest = (point >> free) - (((point >> free) - low) & (2**64 - 1))
    # Before the interval, and its last point: the highest bit in which they differ is the coarsest that names a point
    # between, the last one with nothing but 0 behind that bit.
    before, last = (lowest << free) - 1, (lowest + width << free) - 1
    if before < 0:
        return b""
    size = -(-(bits - (before ^ last).bit_length() + 1) // 8)
    return (last >> bits - 8 * size).to_bytes(size, "big")
