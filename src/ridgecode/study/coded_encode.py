"""`ridgecode encode --out x.ridge`: prints to a coded file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.latent_codec import LatentCodec, latent_codec
from ridgecode.codec.ridge_directory import encoded_names
from ridgecode.codec.ridge_file import HASH_BYTES, pack_print, write_archive
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.canonical import canonical_socofing, to_canonical_scale
from ridgecode.prints.images import load_grey
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import PRINT_SHAPE, View, stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.in_threads import in_threads
from ridgecode.study.progress import tracked
from ridgecode.study.reconstruction_figures import encode_windows

CHUNK = 64
"""Prints that one thread codes at once."""


def write_coded(saved: SavedAutoencoder, store: PrintStore, rows: np.ndarray, out: Path) -> None:
    """The prints of `rows` as one `.ridge` file, written whole: an archive, or where it is one print the short form.

    Raises BadInput for a model without a codec, or names that no archive holds.
    """
    codec, names = latent_codec(saved), store.column("name")[rows].tolist()
    try:
        encoded_names(names)  # before the work, not behind it
    except ValueError as error:
        raise BadInput(f"{store.path} can't be put into one coded file: {error}") from error
    saved = replace(saved, net=for_inference(saved.net))  # once, not for every chunk
    parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    coded = in_threads(lambda part: _payloads(saved, codec, stack_prints(store, part)), parts)
    payloads = [payload for part in tracked(coded, "encoding", len(parts)) for payload in part]
    _write(saved, names, payloads, out)
    _tell(out, payloads, saved.spec.window, stack_prints(store, rows[:1]))


def write_coded_image(saved: SavedAutoencoder, image: Path, ppi: float, out: Path) -> None:
    """One image file as a `.ridge` file of one print. ppi: its pixels per inch; 0 where it is a SOCOFing file or an
    image that `ridgecode decode` drew.

    Raises BadInput for a model without a codec, or an image that can't be read or whose resolution is not known.
    """
    codec, prints = latent_codec(saved), _canonical(image, ppi, saved.spec.window)[None]
    payloads = _payloads(saved, codec, prints)
    _write(saved, [image.stem], payloads, out)
    _tell(out, payloads, saved.spec.window, prints)


def _canonical(image: Path, ppi: float, view: View) -> np.ndarray:
    if not (ppi >= 0 and np.isfinite(ppi)):
        raise BadInput(f"--ppi {ppi} is no resolution; give pixels per inch, such as 500")
    grey = load_grey(image)
    if ppi:
        return to_canonical_scale(grey, ppi)
    if grey.shape in (PRINT_SHAPE, (view.height, view.width)):
        return grey
    try:
        return canonical_socofing(grey)
    except BadInput as error:
        raise BadInput(f"{image} {error}; give its pixels per inch with --ppi") from error


def _payloads(saved: SavedAutoencoder, codec: LatentCodec, prints: np.ndarray) -> list[bytes]:
    try:
        return codec.encode(encode_windows(saved.net, windows(prints, saved.spec)))
    except ValueError as error:
        raise BadInput(f"the prints can't be coded with this model ({error}); take another model") from error


def _write(saved: SavedAutoencoder, names: Sequence[str], payloads: Sequence[bytes], out: Path) -> None:
    model, view = bytes.fromhex(saved.sha256)[:HASH_BYTES], saved.spec.window
    if len(payloads) == 1:
        with whole_file(out) as temporary:
            temporary.write_bytes(pack_print(model, view.height, view.width, payloads[0]))
    else:
        write_archive(out, model, view.height, view.width, names, payloads)


def _tell(out: Path, payloads: Sequence[bytes], view: View, prints: np.ndarray) -> None:
    """The file's size beside that of the pixels; `prints`: one or more of those that were coded."""
    n, size, inside = len(payloads), out.stat().st_size, sum(map(len, payloads))
    rows, columns = view.kept(prints).shape[1:]
    print(
        f"{out}: {n} {'print' if n == 1 else 'prints'} in {size} bytes, {size / n:.1f} a print, of which its code is "
        f"{inside / n:.1f}; its pixels are {rows * columns} bytes, {rows * columns * n / size:.0f} times as many"
    )
