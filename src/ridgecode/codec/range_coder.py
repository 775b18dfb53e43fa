"""Whole numbers to the shortest bytes and back: constriction's range coder with a model's tables.

Range coding: Martin, "Range encoding: an algorithm for removing redundancy from a digitised message" (1979).
"""

import functools
from collections.abc import Sequence

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from ridgecode.codec.tables import ESCAPE, LARGEST, TOTAL, column_of

CHUNK = 64
"""Prints that a codec codes side by side: enough to share the work, few enough for little memory."""
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

    def encoder(self, prints: int) -> "GroupEncoder":
        """For so many prints, side by side."""
        return GroupEncoder(self._models, prints)

    def decoder(self, payloads: Sequence[bytes]) -> "GroupDecoder":
        """For what one `GroupEncoder` gave."""
        return GroupDecoder(self._models, payloads)


class GroupEncoder:
    """Takes the numbers of N prints group by group; each print has bytes of its own."""

    def __init__(self, models: list[stream.model.Categorical], prints: int) -> None:
        self._models, self._coders = models, [stream.queue.RangeEncoder() for _ in range(prints)]

    def encode(self, numbers: Numbers, indices: Numbers) -> None:
        """One group: numbers and their tables, both (N, n). Raises ValueError for a number of more than 24 bits."""
        order, runs = _table_runs(indices)
        columns = column_of(numbers)
        in_order = np.take_along_axis(columns, order, 1).astype(np.int32)
        for coder, row, tables in zip(self._coders, in_order, runs, strict=True):
            for table, start, end in tables:
                coder.encode(row[start:end], self._models[table])
        for i, place in np.argwhere(columns == ESCAPE).tolist():
            _encode_beyond(self._coders[i], int(numbers[i, place]))

    def bytes(self) -> list[bytes]:
        """Of each print the shortest bytes that decode to the numbers; bytes of 0 behind them would change nothing."""
        return [_shortest(coder) for coder in self._coders]


class GroupDecoder:
    """Gives N prints' numbers back group by group. Bytes that no encoder wrote decode to some numbers too."""

    def __init__(self, models: list[stream.model.Categorical], payloads: Sequence[bytes]) -> None:
        self._models = models
        padded = [data.ljust(-(-len(data) // 4) * 4 + 8, b"\0") for data in payloads]
        self._coders = [stream.queue.RangeDecoder(np.frombuffer(data, ">u4").astype(np.uint32)) for data in padded]

    def decode(self, indices: Numbers) -> Numbers:
        """One group: the tables of its numbers (N, n) -> the numbers (N, n). Raises ValueError where bytes can't be
        read on."""
        order, runs = _table_runs(indices)
        in_order = np.empty(indices.shape, np.int64)
        try:
            for coder, row, tables in zip(self._coders, in_order, runs, strict=True):
                for table, start, end in tables:
                    row[start:end] = coder.decode(self._models[table], end - start)
            numbers = np.empty_like(in_order)
            np.put_along_axis(numbers, order, in_order - LARGEST, 1)
            for i, place in np.argwhere(numbers == ESCAPE - LARGEST).tolist():
                numbers[i, place] = _decode_beyond(self._coders[i])
        except AssertionError as error:
            raise ValueError("not what a range coder wrote") from error
        return numbers


def _table_runs(indices: Numbers) -> tuple[Numbers, list[list[tuple[int, int, int]]]]:
    """(N, n) tables -> (N, n) the order in which each row's numbers are coded, and of each row the tables in it, with
    where in that order their numbers begin and end. Of all rows at once: row by row most of the time would go here."""
    n = indices.shape[1]
    runs: list[list[tuple[int, int, int]]] = [[] for _ in indices]
    order = indices.argsort(axis=1, kind="stable")
    in_order = np.take_along_axis(indices, order, 1)
    first = np.ones(in_order.shape, bool)
    first[:, 1:] = in_order[:, 1:] != in_order[:, :-1]
    rows, starts = np.nonzero(first)
    # A run ends where the next one begins, which at the end of a row is at 0 of the next.
    ends = np.append(starts, 0)[1:]
    ends[ends == 0] = n
    for row, table, start, end in zip(
        rows.tolist(), in_order[first].tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        runs[row].append((table, start, end))
    return order, runs


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
