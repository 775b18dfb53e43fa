"""`ridgecode encode --out x.ridge`: prints to a coded file."""

from pathlib import Path

import numpy as np

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.latent_codec import LatentCodec
from ridgecode.codec.ridge_file import pack_print, write_archive
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.progress import tracked
from ridgecode.study.reconstruction_figures import encode_windows

CHUNK = 256
HASH_BYTES = 4
"""How many bytes of a model file's SHA-256 a coded file has."""


def write_coded(saved: SavedAutoencoder, store: PrintStore, rows: np.ndarray, out: Path) -> None:
    """The prints of `rows` as one `.ridge` file, written whole: an archive, or where it is one print the short form.

    Raises BadInput for a model without a codec.
    """
    codec = LatentCodec.of(saved)
    parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    payloads: list[bytes] = []
    for part in tracked(parts, "encoding"):
        payloads += _payloads(saved, codec, stack_prints(store, part))
    model, view = bytes.fromhex(saved.sha256)[:HASH_BYTES], saved.spec.window
    if len(rows) == 1:
        with whole_file(out) as temporary:
            temporary.write_bytes(pack_print(model, view.height, view.width, payloads[0]))
    else:
        names = store.column("name")[rows].astype(str).tolist()
        write_archive(out, model, view.height, view.width, names, payloads)
    size, inside = out.stat().st_size, sum(len(payload) for payload in payloads)
    rows_kept, columns_kept = view.kept(stack_prints(store, rows[:1])).shape[1:]
    pixels = rows_kept * columns_kept
    print(
        f"{out}: {len(rows)} prints in {size} bytes, {size / len(rows):.1f} a print, of which its code is "
        f"{inside / len(rows):.1f}; its pixels are {pixels} bytes, {pixels * len(rows) / size:.0f} times as many"
    )


def _payloads(saved: SavedAutoencoder, codec: LatentCodec, prints: np.ndarray) -> list[bytes]:
    try:
        return codec.encode(encode_windows(saved.net, windows(prints, saved.spec)))
    except ValueError as error:
        raise BadInput(f"the prints can't be coded with this model ({error}); take another model") from error
