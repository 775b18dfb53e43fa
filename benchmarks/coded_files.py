"""Prints a second that are encoded to an archive and decoded from it, with one thread and with all, beside WebP.

    python benchmarks/coded_files.py [--model RUN] [--data STORE] [--prints 1000] [--threads 2]

The times are those of `ridgecode encode` and `decode`, less that of one print, which is mostly the loading of the
model. Encoding reads the prints, runs network and entropy coder, and writes the archive; decoding reads the archive,
runs entropy coder and network, and writes a PNG for each print. WebP (quality 0) encodes images in memory to a file
each; decoding reads each file and writes a PNG. Without --data 10 synthetic subjects are made.
"""

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.images.classical import classical_codec
from ridgecode.commands.decode import decode
from ridgecode.commands.decoded_images import write_images
from ridgecode.commands.encode import encode
from ridgecode.commands.settings.decode import Decode
from ridgecode.commands.settings.encode import Encode
from ridgecode.evaluation.codec_figures import without_margin
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.runs.environment import environment


def seconds(work: Callable[[], None]) -> float:
    """The shorter time of two runs of `work`, whose output is hidden."""
    found = []
    for _ in range(2):
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            work()
        found.append(time.perf_counter() - began)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default="ridge-whole-512", help="run or model with a codec (default ridge-whole-512)"
    )
    parser.add_argument("--data", type=Path, help="prepared store (default: 10 synthetic subjects, made for this run)")
    parser.add_argument("--prints", type=int, default=1000, help="at most (default 1000)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="most of them (default: all)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(10, 1, Path(folder) / "images", alterations=False, progress=False)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        table(PrintStore.open(path), arguments)


def table(store: PrintStore, arguments: argparse.Namespace) -> None:
    saved = load_autoencoder(arguments.model)
    rows = store.rows("all", levels=None)[: arguments.prints]
    machine, n = environment()["machine"], len(rows)
    print(f"{machine['cpu']}; {n} prints of {store.source}, {arguments.model}, {saved.spec.view}\n")
    print("| | threads | encode, prints/s | decode, prints/s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path, images = Path(folder) / "x.ridge", Path(folder) / "images"
        model = Path(arguments.model)
        for threads in sorted({1, arguments.threads}):

            def encode_some(some: str, threads: int = threads) -> None:
                encode(Encode(store.path, path, model, "all", some, threads=threads))

            def decode_some(some: str, threads: int = threads) -> None:
                decode(Decode(path, images, model, select=some, threads=threads))

            into = -seconds(lambda: encode_some("0"))
            into += seconds(lambda: encode_some(f"0-{n - 1}"))
            out = seconds(lambda: decode_some("")) - seconds(lambda: decode_some("0"))
            print(f"| coded | {threads} | {n / into:.0f} | {n / out:.0f} |", flush=True)
        print(webp_row(Path(folder), without_margin(saved.spec.window, store.stack(rows))))


def webp_row(folder: Path, images: np.ndarray) -> str:
    codec, names = classical_codec("webp"), [f"{k}" for k in range(len(images))]

    def encode() -> None:
        for name, image in zip(names, images, strict=True):
            (folder / f"{name}.webp").write_bytes(codec.encode(image, 0))

    def decode() -> None:
        for name in names:
            image = codec.decode((folder / f"{name}.webp").read_bytes())
            write_images(folder / "webp", [name], image[None] / 255)

    return f"| webp | 1 | {len(images) / seconds(encode):.0f} | {len(images) / seconds(decode):.0f} |"


if __name__ == "__main__":
    main()
