"""Milliseconds, bytes and memory of a print at 500 ppi: ridge-full-500 beside WSQ, JPEG 2000 and JPEG XL, in one run.

    python benchmarks/full_size.py [--data STORE] [--model ridge-full-500] [--repeats 3]

A print of 300x300 pixels and a card of 2,000x2,000 with several prints on white, in one thread; each codec in a process
of its own. The times are the shortest of some repeats, wall time of one image in memory to bytes and back. Memory is
the process's most resident memory, Python and libraries included (for ridgecode that is torch). Without --data
synthetic prints are made. The targets: 80 ms each way at 300x300, 4 s and 1.5 GiB at 2,000x2,000.
"""

import argparse
import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print

PPI = 500
QUALITIES = {"jpeg2000": 25.0, "jpegxl": 8.0}
"""Some 3,000 bytes of a print of 388x374 pixels; the times hardly depend on it."""


class Cost(NamedTuple):
    encode_ms: float
    decode_ms: float
    size: int
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a store at 500 ppi; without it, synthetic prints")
    parser.add_argument("--model", default="ridge-full-500", help="run or model of the view full")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    prints = some_prints(given.data)
    images = {"300x300": middle(prints[0], 300), "2,000x2,000": card(prints, 2000)}
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that are started below
    print("| image | codec | encode, ms | decode, ms | bytes | peak memory, MB |\n|---|---|---|---|---|---|")
    for size, image in images.items():
        for codec in (given.model, "wsq", *QUALITIES):
            # Spawned, so that a process holds no memory of this one or of another codec.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                cost = pool.apply(measure, (codec, image, given.repeats))
            name = f"{codec} {QUALITIES[codec]:g}" if codec in QUALITIES else codec
            times = f"{cost.encode_ms:.1f} | {cost.decode_ms:.1f}"
            print(f"| {size} | {name} | {times} | {cost.size:,} | {cost.peak_mb:,.0f} |", flush=True)


def some_prints(store: Path | None) -> list[NDArray[np.uint8]]:
    if store is None:
        return [impression(master_print(seed, field_of_view=1.25, ppi=PPI), seed) for seed in range(8)]
    opened = PrintStore.open(store).at_ppi(PPI)
    return [np.asarray(opened.image(row)) for row in range(min(8, len(opened)))]


def middle(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """uint8 (H, W) -> (side, side), the middle; what is missing is white."""
    room = np.full((max(side, image.shape[0]), max(side, image.shape[1])), 255, np.uint8)
    room[: image.shape[0], : image.shape[1]] = image
    top, left = ((n - side) // 2 for n in room.shape)
    return np.ascontiguousarray(room[top : top + side, left : left + side])


def card(prints: list[NDArray[np.uint8]], side: int) -> NDArray[np.uint8]:
    """A card, uint8 (side, side), with as many prints as have room in rows and columns."""
    white, cell = np.full((side, side), 255, np.uint8), 400
    places = [(row, column) for row in range(0, side, cell) for column in range(0, side, cell)]
    for k, (row, column) in enumerate(places):
        white[row : row + cell, column : column + cell] = middle(prints[k % len(prints)], cell)
    return white


def measure(codec: str, image: NDArray[np.uint8], repeats: int) -> Cost:
    """Imports what this codec needs alone."""
    if codec == "wsq":
        from ridgecode.prints.images.read import decode as read
        from ridgecode.prints.images.write import wsq_bytes

        def encode(one: NDArray[np.uint8]) -> bytes:
            return wsq_bytes(one, PPI)

        def decode(data: bytes) -> NDArray[np.uint8]:
            return read(data).grey

    elif codec in QUALITIES:
        from ridgecode.codec.images.classical import classical_codec

        classical = classical_codec(codec)

        def encode(one: NDArray[np.uint8]) -> bytes:
            return bytes(classical.encode(one, QUALITIES[codec]))

        decode = classical.decode
    else:
        import torch

        from ridgecode.codec.full_codec import FullCodec

        torch.set_num_threads(1)
        full = FullCodec.load(codec)

        def encode(one: NDArray[np.uint8]) -> bytes:
            return full.encode(one)[0]

        def decode(data: bytes) -> NDArray[np.uint8]:
            return full.decode([data])[0]

    into, out = [], []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        data = encode(image)
        between = time.perf_counter()
        back = decode(data)
        into.append(between - began)
        out.append(time.perf_counter() - between)
        assert back.shape == image.shape
    # The first repeat builds tables.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(1000 * min(into[1:]), 1000 * min(out[1:]), len(data), peak)


if __name__ == "__main__":
    main()
