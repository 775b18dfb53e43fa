"""Templates compared a second, on one thread: integers of each format, beside NumPy's and faiss' products of floats.

    python benchmarks/templates.py [--probes 1024] [--references 100000] [--bytes 64] [--seconds 2]

One run prints the machine and a table, and takes half a minute. The rows take turns, and each figure is that of the
fastest of a row's turns, so that other work on a shared machine slows no row alone. Each probe is compared with each
reference; a comparison is one score. The templates are of random unit vectors.

- "8 bits" and so on: templates of `--bytes`, unpacked to int8 before the search. The time is that of the search; how
  many templates are unpacked a second has a column of its own.
- "float32": NumPy's product of as many floats, four bytes each.
- "faiss IndexFlatIP": faiss makes the same products, but keeps the best reference of each probe alone. It has no rows
  where it is not installed.

Measured on one core of a 2-core machine with a load of 9: 153, 96 and 35 million comparisons a second with 8, 4 and 1
bit in 64 bytes; NumPy 243, 190 and 53 million.

The target is 20 million comparisons a second.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib.util import find_spec  # noqa: E402

import numpy as np  # noqa: E402

from ridgecode.matching.templates.format import BYTES, TemplateFormat  # noqa: E402
from ridgecode.matching.templates.scoring import all_scores  # noqa: E402
from ridgecode.matching.vectors import unit_vectors  # noqa: E402
from ridgecode.runs.environment import environment  # noqa: E402

TARGET = 20_000_000


def rates(works: dict[str, Callable[[], object]], n: int, seconds: float) -> dict[str, float]:
    """`n` over the seconds of the fastest call of each work; the works take turns until each has run for `seconds`."""
    best, used = dict.fromkeys(works, 0.0), dict.fromkeys(works, 0.0)
    for work in works.values():
        work()
    while min(used.values()) < seconds:
        for key, work in works.items():
            began = time.perf_counter()
            work()
            took = time.perf_counter() - began
            best[key], used[key] = max(best[key], n / took), used[key] + took
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, default=1024, help="default 1024")
    parser.add_argument("--references", type=int, default=100_000, help="default 100,000")
    parser.add_argument("--bytes", type=int, choices=BYTES, default=64, help="of a template (default 64)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each row at least (default 2)")
    arguments = parser.parse_args()
    random, n = np.random.default_rng(0), arguments.probes * arguments.references
    works: dict[str, Callable[[], object]] = {}
    unpacking: dict[str, Callable[[], object]] = {}
    sizes: dict[str, int] = {}
    for bits in (8, 4, 1):
        format = TemplateFormat(arguments.bytes, bits)
        floats = [
            unit_vectors(random.standard_normal((count, format.dims)))
            for count in (arguments.probes, arguments.references)
        ]
        probes, references = (format.pack(format.quantise(one)) for one in floats)
        integers = [format.unpack(one) for one in (probes, references)]
        name = f"{bits} bit{'s' * (bits > 1)}, {format.dims} numbers"
        works[name] = lambda format=format, integers=integers: all_scores(format, *integers)
        unpacking[name] = lambda format=format, references=references: format.unpack(references)
        sizes[name] = format.bytes
        other = f"float32, {format.dims} numbers"
        works[other] = lambda floats=floats: floats[0] @ floats[1].T
        sizes[other] = 4 * format.dims
        if find_spec("faiss"):
            import faiss

            faiss.omp_set_num_threads(1)
            index = faiss.IndexFlatIP(format.dims)
            index.add(floats[1])
            found = f"faiss IndexFlatIP, {format.dims} numbers"
            works[found] = lambda index=index, floats=floats: index.search(floats[0], 1)
            sizes[found] = 4 * format.dims
    best = rates(works, n, arguments.seconds)
    unpacked = rates(unpacking, arguments.references, arguments.seconds / 4)
    machine = environment()["machine"]
    print(
        f"{machine['cpu']}, 1 thread, NumPy {np.__version__}, {arguments.probes:,} probes with "
        f"{arguments.references:,} references\n"
    )
    print("| templates | bytes | comparisons a second, millions | of the target | unpacked a second, millions |")
    print("|---|---|---|---|---|")
    for name, rate in best.items():
        share = f"{rate / TARGET:.1f} x {TARGET // 10**6}" if name in unpacked else ""
        rest = f"{unpacked[name] / 1e6:.1f}" if name in unpacked else ""
        print(f"| {name} | {sizes[name]} | {rate / 1e6:.0f} | {share} | {rest} |")


if __name__ == "__main__":
    main()
