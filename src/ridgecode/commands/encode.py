"""`ridgecode encode`: prints to latent vectors or a coded file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.ridge_directory import encoded_names
from ridgecode.codec.ridge_file import pack_print, write_archive
from ridgecode.commands.full.encode import encode_full
from ridgecode.commands.selected_rows import selected_rows
from ridgecode.commands.settings.encode import Encode
from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_array
from ridgecode.prints.canonical import CANONICAL_PPI, PRINT_SHAPE
from ridgecode.prints.one_image import canonical_image
from ridgecode.prints.store import INDEX_SCHEMA, PrintStore
from ridgecode.prints.views import View
from ridgecode.runs.hardware import Hardware, use_threads
from ridgecode.runs.in_threads import in_threads
from ridgecode.runs.progress import with_progress

CHUNK = 2048
"""Prints that are read and encoded at once."""
CODED_CHUNK = 64
"""Prints that one thread codes at once."""


def encode(settings: Encode) -> None:
    """Raises BadInput for a store, image or model that can't be used, or a split without prints."""
    out = settings.out
    use_threads(settings.threads)
    hardware = Hardware(settings.device)
    hardware.check()
    coded = out.suffix == ".ridge"
    if coded and out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file, or a folder that does not end in .ridge")
    if not settings.store.exists():
        raise BadInput(f"{settings.store} does not exist: give a prepared store, an image file or a folder of images")
    saved = load_autoencoder(settings.model)
    if saved.spec.view == "full":
        encode_full(settings, FullCodec(saved, hardware.torch_device))
        return
    if settings.store.is_file():
        _check_image(settings, coded)
        _encode_image(Codec(Autoencoder(saved, hardware.torch_device)), settings.store, settings.ppi, out)
        return
    if settings.ppi:
        raise BadInput(f"--ppi is for an image file, and {settings.store} is a store; leave it out")
    store = PrintStore.open(settings.store).at_ppi(CANONICAL_PPI)
    autoencoder = Autoencoder(saved, hardware.torch_device)
    rows = store.rows(split=settings.split, levels=None)
    if not len(rows):
        raise BadInput(f"{settings.store} has no prints in the split {settings.split}; choose another --split")
    rows = rows[selected_rows(settings.select, len(rows))]
    if coded:
        _encode_store(Codec(autoencoder), store, rows, out)
        return
    if out.is_file():
        raise BadInput(f"--out {out} is a file; give a folder, or a file that ends in .ridge")
    _write_latents(autoencoder.for_inference(), store, rows, out)


def _write_latents(autoencoder: Autoencoder, store: PrintStore, rows: np.ndarray, out: Path) -> None:
    """Writes latents.npy, float32 (N, latent_dim), and index.parquet, a row a print, into the folder `out`."""
    chunks = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    z = np.concatenate([autoencoder.encode(store.stack(chunk)) for chunk in with_progress(chunks, "encoding")])
    index = {name: store.column(name)[rows] for name in INDEX_SCHEMA.names if name != "offset"}
    write_array(out / "latents.npy", z)
    with whole_file(out / "index.parquet") as temporary:
        pq.write_table(pa.table(index), temporary)
    print(f"{out}: {len(z)} latent vectors of {z.shape[1]} dims, {z.nbytes / 1e6:.1f} MB as float32")


def _encode_store(codec: Codec, store: PrintStore, rows: np.ndarray, out: Path) -> None:
    """Writes the prints of `rows` as one `.ridge` file: an archive, or the short form where it is one print."""
    names = store.column("name")[rows].tolist()
    try:
        encoded_names(names)  # before the work, so that a name that no archive holds is refused at once
    except ValueError as error:
        raise BadInput(f"{store.path} can't be put into one coded file: {error}") from error
    chunks = [rows[i : i + CODED_CHUNK] for i in range(0, len(rows), CODED_CHUNK)]
    coded = in_threads(lambda chunk: codec.payloads(store.stack(chunk)), chunks)
    payloads = [payload for chunk in with_progress(coded, "encoding", len(chunks)) for payload in chunk]
    _write(codec, names, payloads, out)
    _print_sizes(out, payloads, codec.autoencoder.view, store.stack(rows[:1]))


def _encode_image(codec: Codec, image: Path, ppi: float, out: Path) -> None:
    """Writes one image file as a `.ridge` file of one print."""
    view = codec.autoencoder.view
    prints = canonical_image(image, ppi, drawn={PRINT_SHAPE, (view.height, view.width)})[None]
    payloads = codec.payloads(prints)
    _write(codec, [image.stem], payloads, out)
    _print_sizes(out, payloads, view, prints)


def _check_image(settings: Encode, coded: bool) -> None:
    image = settings.store
    if not coded:
        raise BadInput(f"{image} is one image, which becomes a coded file; give an --out that ends in .ridge")
    if settings.split != "all" or settings.select:
        raise BadInput(f"--split and --select are of a store, and {image} is a file; leave them out")


def _write(codec: Codec, names: Sequence[str], payloads: Sequence[bytes], out: Path) -> None:
    view = codec.autoencoder.view
    if len(payloads) == 1:
        with whole_file(out) as temporary:
            temporary.write_bytes(pack_print(codec.model, view.height, view.width, payloads[0]))
    else:
        write_archive(out, codec.model, view.height, view.width, names, payloads)


def _print_sizes(out: Path, payloads: Sequence[bytes], view: View, prints: np.ndarray) -> None:
    """The file's size beside that of the pixels; `prints`: one or more of those that were coded."""
    n, size, inside = len(payloads), out.stat().st_size, sum(map(len, payloads))
    rows, columns = view.target(prints).shape[1:]
    print(
        f"{out}: {n} {'print' if n == 1 else 'prints'} in {size} bytes, {size / n:.1f} a print, {inside / n:.1f} of "
        f"them coded data; its pixels are {rows * columns} bytes, {rows * columns * n / size:.0f} times as many"
    )
