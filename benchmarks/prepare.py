"""The speed and memory of `ridgecode prepare` beside plain loops over the same files.

    python benchmarks/prepare.py --root SOCOFING

Each row of the table runs in a process of its own. All files are read once before, so that every row finds them in the
page cache. The plain loops do the least that a script must do: decode, make grey, cut the frame, collect in memory, and
save with numpy. They make no index, find no duplicates and leave out the 241 x 298 files. Without --root, the script
makes 4,000 random prints in SOCOFing's format.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.store import PrintStore


def ridgecode_prepare(root: Path, out: Path, threads: int) -> None:
    prepare("socofing", root, out / f"store{threads}", threads=threads, progress=False)


def pillow_loop(root: Path, out: Path, _: int) -> None:
    plain_loop(root, out, lambda path: np.asarray(Image.open(path).convert("L")))


def skimage_loop(root: Path, out: Path, _: int) -> None:
    from skimage import io

    def grey(path: Path) -> np.ndarray:
        image = io.imread(path)
        return image if image.ndim == 2 else image[..., 0]  # R=G=B

    plain_loop(root, out, grey)


def plain_loop(root: Path, out: Path, grey: Callable[[Path], np.ndarray]) -> None:
    prints = []
    for path in sorted(root.rglob("*.BMP")):
        image = grey(path)
        if image.shape == (103, 96):
            prints.append(image[2:99, 2:92].copy())
    np.save(out / "prints.npy", np.stack(prints))


def measured(work: Callable[[Path, Path, int], None], root: Path, out: Path, threads: int) -> tuple[float, float]:
    """Seconds and peak resident MiB of `work` in a fresh process. The time does not include imports."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, root, out, threads, sender))
    process.start()
    sender.close()
    try:
        seconds, peak = receiver.recv()
    except EOFError:
        sys.exit("a measured process ended without a result: see its message above")
    process.join()
    return seconds, peak


def _run(work: Callable[[Path, Path, int], None], root: Path, out: Path, threads: int, sender: Connection) -> None:
    began = time.perf_counter()
    work(root, out, threads)
    seconds = time.perf_counter() - began
    unit = 2**20 if sys.platform == "darwin" else 2**10
    # No row starts further processes, so the peak of this one is the peak of all.
    sender.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit))


def make_files(root: Path, n: int) -> None:
    (root / "Real").mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(n):
        grey = generator.integers(0, 256, (103, 96), dtype=np.uint8)
        alpha = np.full((103, 96), 255, np.uint8)
        finger = ("thumb", "index", "middle", "ring", "little")[number % 5]
        path = root / "Real" / f"{number // 5 + 1}__M_Left_{finger}_finger.BMP"
        Image.fromarray(np.dstack([grey, grey, grey, alpha])).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="SOCOFing's folder; without it, random prints are made")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each row; the fastest counts (default 1)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        root = arguments.root or out / "SOCOFing"
        if not arguments.root:
            make_files(root, 4000)
        files = list_socofing(root).files
        for file in files:
            file.path.read_bytes()
        rows = [
            ("prepare, 2 threads", ridgecode_prepare, 2),
            ("prepare, 1 thread", ridgecode_prepare, 1),
            ("loop with Pillow", pillow_loop, 1),
            ("loop with skimage.io", skimage_loop, 1),
        ]
        results = {}
        for name, work, threads in rows:
            runs = []
            for repeat in range(arguments.repeats):
                (out / str(repeat)).mkdir(exist_ok=True)
                runs.append(measured(work, root, out / f"{repeat}", threads))
            results[name] = min(runs)
        opened = time.perf_counter()
        PrintStore.open(out / "0/store2")
        opened = time.perf_counter() - opened
    table = Table(title=f"Preparing {len(files):,} files on {len(os.sched_getaffinity(0))} cores")
    for heading in ("", "seconds", "files/s", "x Pillow", "peak MiB"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, (seconds, peak) in results.items():
        ratio = results["loop with Pillow"][0] / seconds
        table.add_row(name, f"{seconds:.1f}", f"{len(files) / seconds:,.0f}", f"{ratio:.2f}", f"{peak:,.0f}")
    Console().print(table)
    print(f"Opening the store: {1000 * opened:.0f} ms")


if __name__ == "__main__":
    main()
