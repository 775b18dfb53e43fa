"""Bytes, MSE and milliseconds of learned codes and of every image codec, side by side on the same prints.

    OMP_NUM_THREADS=1 python benchmarks/codecs.py [--data STORE] [--view whole] [--models RUN ...] [--codecs jpeg,webp]
        [--prints 800]

Each codec codes the pixels that an autoencoder of the view gets, and its MSE is measured on the pixels that the
autoencoder restores. `bytes` is the size of a file of one print, `no header` the same without container and headers.
Milliseconds are the processor time of one core for a print, coded alone, with network and entropy coding. `klt` and
`pca` are fitted to the store's train prints. Without --data 10 synthetic subjects are made; figures of these do not
hold for real prints.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode import Codec
from ridgecode.codec.images.image_codec import ImageCodec
from ridgecode.codec.images.names import CLASSICAL, FITTED
from ridgecode.codec.ridge_file import ONE_PRINT_OVERHEAD
from ridgecode.errors import BadInput
from ridgecode.evaluation.codec_figures import measure_codec
from ridgecode.evaluation.image_codecs import image_codec
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.prints.views import VIEWS, View
from ridgecode.runs.environment import environment

HEAD = "| codec | quality | bytes | no header | MSE | encode ms | decode ms |\n|---|---|---|---|---|---|---|"


class Row(NamedTuple):
    """One line of the table; all figures are means over the prints."""

    codec: str
    quality: str
    bytes: float
    without_header: float
    mse: float
    encode_ms: float
    decode_ms: float

    def __str__(self) -> str:
        return (
            f"| {self.codec} | {self.quality} | {self.bytes:,.1f} | {self.without_header:,.1f} | {self.mse:.5f} "
            f"| {self.encode_ms:.2f} | {self.decode_ms:.2f} |"
        )


def image_codec_rows(codec: ImageCodec, view: View, prints: NDArray[np.uint8]) -> Iterator[Row]:
    for quality in codec.qualities:
        found = measure_codec(codec, quality, view, prints)
        yield Row(
            codec.name,
            f"{quality:g}",
            found.bytes.mean(),
            found.bytes_without_header.mean(),
            found.pixels.mse.mean(),
            found.encode_ms,
            found.decode_ms,
        )


def model_row(model: str, view: View, prints: NDArray[np.uint8]) -> Row:
    """The line of one model. Raises BadInput for a model without a codec, or of another view."""
    codec = Codec.load(model)
    if codec.autoencoder.view is not view:
        raise BadInput(f"its view is {codec.autoencoder.view.name}, not {view.name}; give another --view")
    codec.decode(codec.encode(prints[0]))  # the first call is slower
    files: list[bytes] = []
    errors, encode_s, decode_s = [], 0.0, 0.0
    for one in prints:
        began = time.process_time()
        files += codec.encode(one)
        between = time.process_time()
        (x_hat,) = codec.decode(files[-1:])
        encode_s, decode_s = encode_s + between - began, decode_s + time.process_time() - between
        errors.append(((x_hat - codec.autoencoder.target(one)) ** 2).mean())
    size = float(np.mean([len(data) for data in files]))
    ms = 1000 / len(prints)
    name = Path(model).name
    return Row(name, "learned", size, size - ONE_PRINT_OVERHEAD, float(np.mean(errors)), ms * encode_s, ms * decode_s)


def table(store: PrintStore, arguments: argparse.Namespace) -> None:
    rows = store.rows(arguments.split)
    rows = rows[np.linspace(0, len(rows) - 1, min(arguments.prints, len(rows))).astype(int)]
    prints, view = store.stack(rows), VIEWS[arguments.view]
    machine = environment()["machine"]
    print(f"{machine['cpu']}, one core; {len(prints)} prints of {store.source}, split {arguments.split}, {view.name}\n")
    print(HEAD)
    refused = []
    torch.set_num_threads(1)
    for model in arguments.models:
        try:
            print(model_row(model, view, prints), flush=True)
        except BadInput as error:
            refused.append(f"{model}: {error}")
    for name in arguments.codecs.split(","):
        try:
            for row in image_codec_rows(image_codec(name, view, store.path), view, prints):
                print(row, flush=True)
        except BadInput as error:
            refused.append(f"{name}: {error}")
    print("\n".join(["", *refused]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="prepared store (default: 10 synthetic subjects, made for this run)")
    parser.add_argument("--view", choices=tuple(VIEWS), default="whole")
    parser.add_argument("--split", choices=("train", "val", "test", "all"), default="val")
    parser.add_argument("--models", nargs="*", default=[], help="runs or models with a codec (default: none)")
    parser.add_argument("--codecs", default=",".join((*CLASSICAL, *FITTED)), help="separated by commas (default: all)")
    parser.add_argument("--prints", type=int, default=800, help="at most, spread over the split (default 800)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(10, 1, Path(folder) / "images", alterations=False, progress=False)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        table(PrintStore.open(path), arguments)


if __name__ == "__main__":
    main()
