"""Whole numbers to as few bytes as possible and back: constriction's range coder with the tables of a model.

Range coding: Martin, "Range encoding: an algorithm for removing redundancy from a digitised message" (1979).
"""

import functools
from collections.abc import Sequence

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from ridgecode.codec.tables import ESCAPE, LARGEST, TOTAL, column_of

CHUNK = 64
"""Prints that a codec codes together: many share the work of numpy and torch, few need little memory."""
WORD = 32
"""Bits of the words that constriction writes."""
ESCAPE_BITS = 24
"""What a number has beyond LARGEST is below 2^(ESCAPE_BITS + 1)."""
Numbers = NDArray[np.int64]


class TableCoder:
    """Codes whole numbers with `tables` (rows, COLUMNS) of frequencies; an index tells the row for each number.

    The numbers of a group are coded in rising order of their index, those of equal index in the group's order. Then
    follow the numbers beyond the tables, in the group's order.
    """

    def __init__(self, tables: NDArray[np.int32]) -> None:
        # Frequencies are whole and below 2^53, so the library's own rounding of them is the same everywhere.
        self._models = [stream.model.Categorical(row.astype(np.float64), perfect=False) for row in tables]
        self._costs = np.log2(TOTAL) - np.log2(tables)

    def bits(self, numbers: Numbers, indices: Numbers) -> NDArray[np.float64]:
        """Bits that each number costs by its table. numbers, indices: of any shape, which the result has too."""
        rest = np.maximum(np.abs(numbers) - LARGEST, 1)
        beyond = np.where(np.abs(numbers) > LARGEST, np.log2(ESCAPE_BITS + 1) + np.floor(np.log2(rest)) + 1, 0)
        return self._costs[indices, column_of(numbers)] + beyond

    def encoder(self, prints: int) -> "GroupEncoder":
        """An encoder for so many prints."""
        return GroupEncoder(self._models, prints)

    def decoder(self, payloads: Sequence[bytes]) -> "GroupDecoder":
        """A decoder for the payloads of one `GroupEncoder`."""
        return GroupDecoder(self._models, payloads)


class GroupEncoder:
    """Takes the numbers of N prints group by group, and gives a payload for each print."""

    def __init__(self, models: list[stream.model.Categorical], prints: int) -> None:
        self._models, self._coders = models, [stream.queue.RangeEncoder() for _ in range(prints)]

    def encode(self, numbers: Numbers, indices: Numbers) -> None:
        """Adds a group: numbers and the table index of each, both (N, n). Raises ValueError for a number of more than
        24 bits."""
        order, runs = _table_runs(indices)
        columns = column_of(numbers)
        in_order = np.take_along_axis(columns, order, 1).astype(np.int32)
        for coder, row, tables in zip(self._coders, in_order, runs, strict=True):
            for table, start, end in tables:
                coder.encode(row[start:end], self._models[table])
        for i, place in np.argwhere(columns == ESCAPE).tolist():
            _encode_escaped(self._coders[i], int(numbers[i, place]))

    def bytes(self) -> list[bytes]:
        """For each print the shortest bytes that decode to its numbers. The decoder reads zeros after their end."""
        return [_shortest(coder) for coder in self._coders]


class GroupDecoder:
    """Gives the numbers of N prints back, group by group. Bytes that no encoder wrote may decode to numbers too."""

    def __init__(self, models: list[stream.model.Categorical], payloads: Sequence[bytes]) -> None:
        self._models = models
        padded = [data.ljust(-(-len(data) // 4) * 4 + 8, b"\0") for data in payloads]
        self._coders = [stream.queue.RangeDecoder(np.frombuffer(data, ">u4").astype(np.uint32)) for data in padded]

    def decode(self, indices: Numbers) -> Numbers:
        """The table index of each number in a group, (N, n) -> the numbers (N, n). Raises ValueError where bytes can't
        be read on."""
        order, runs = _table_runs(indices)
        in_order = np.empty(indices.shape, np.int64)
        try:
            for coder, row, tables in zip(self._coders, in_order, runs, strict=True):
                for table, start, end in tables:
                    row[start:end] = coder.decode(self._models[table], end - start)
            numbers = np.empty_like(in_order)
            np.put_along_axis(numbers, order, in_order - LARGEST, 1)
            for i, place in np.argwhere(numbers == ESCAPE - LARGEST).tolist():
                numbers[i, place] = _decode_escaped(self._coders[i])
        except AssertionError as error:
            raise ValueError("not what a range coder wrote") from error
        return numbers


def _table_runs(indices: Numbers) -> tuple[Numbers, list[list[tuple[int, int, int]]]]:
    """Groups the numbers of each print by table.

    indices: (N, n) table indices -> (N, n) the order in which the numbers of each row are coded; and for each row a
    list of (table, start, end), where start and end lie in that order. All rows are sorted together: a loop over rows
    would take most of the coding time.
    """
    n = indices.shape[1]
    runs: list[list[tuple[int, int, int]]] = [[] for _ in indices]
    order = indices.argsort(axis=1, kind="stable")
    in_order = np.take_along_axis(indices, order, 1)
    first = np.ones(in_order.shape, bool)
    first[:, 1:] = in_order[:, 1:] != in_order[:, :-1]
    rows, starts = np.nonzero(first)
    # A run ends where the next one begins; the last run of a row ends at n, where the next row begins at 0.
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


def _encode_escaped(coder: stream.queue.RangeEncoder, number: int) -> None:
    """Codes |number| - LARGEST in an Elias gamma code, then the sign, all in equally likely bits."""
    rest = abs(number) - LARGEST
    length = rest.bit_length() - 1
    if length > ESCAPE_BITS:
        raise ValueError(f"a latent vector has the value {number} steps, beyond what can be coded")
    coder.encode(length, _uniform(ESCAPE_BITS + 1))
    for i in range(length):
        coder.encode(rest >> i & 1, _uniform(2))
    coder.encode(int(number < 0), _uniform(2))


def _decode_escaped(coder: stream.queue.RangeDecoder) -> int:
    length = coder.decode(_uniform(ESCAPE_BITS + 1))
    rest = 1 << length
    for i in range(length):
        rest |= coder.decode(_uniform(2)) << i
    size = rest + LARGEST
    return -size if coder.decode(_uniform(2)) else size


def _shortest(coder: stream.queue.RangeEncoder) -> bytes:
    """The shortest bytes that lie in the coder's last interval when zeros follow them without end."""
    words = coder.get_compressed()
    done, (low, width) = coder.pos()
    # The library gives one point of the interval and the low 64 bits of its lower end. The interval is shorter than
    # 2^64, so this tells all of its lower end.
    bits = max(len(words), done + 2) * WORD
    point = int.from_bytes(words.astype(">u4").tobytes(), "big") << (bits - len(words) * WORD)
    free = bits - (done + 2) * WORD  # bits behind the coder's 64 of state
    lowest = (point >> free) - (((point >> free) - low) & (2**64 - 1))
    # `before` is the last point before the interval, `last` the last point in it. Of `last` all bits behind the highest
    # one in which the two differ can be 0, and the point still lies in the interval.
    before, last = (lowest << free) - 1, (lowest + width << free) - 1
    if before < 0:
        return b""
    size = -(-(bits - (before ^ last).bit_length() + 1) // 8)
    return (last >> bits - 8 * size).to_bytes(size, "big")
