"""`ridgecode decode`: latent vectors or coded files back to images."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ridgecode.autoencoders.autoencoder import BATCH, Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.find_model import coding_codec
from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.commands.decoded_images import check_all_drawn, check_format, check_names, draw_full_prints, write_images
from ridgecode.commands.selected_rows import selected_rows
from ridgecode.commands.settings.decode import Decode
from ridgecode.errors import BadInput
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.in_threads import in_threads
from ridgecode.runs.progress import with_progress

CHUNK = 64
"""Prints that one thread decodes at once."""


def decode(settings: Decode) -> None:
    """Raises BadInput for files that don't belong together, a damaged file, or a selection that names no row."""
    codes, out = settings.codes, settings.out
    use_threads(settings.threads)
    if out.is_file():
        raise BadInput(f"--out {out} is a file; give a folder")
    if codes.is_file():
        file = RidgeFile.open(codes)
        check_names(file.names, codes, "get the file from someone else")
        rows = selected_rows(settings.select, len(file))
        codec = coding_codec(file, settings.model)
        if isinstance(codec, FullCodec):
            draw_full_prints(file, rows, out, settings.format, codec.image)
            return
        check_format(settings.format, codes)
        _decode_file(file, codec, rows, out)
        return
    if not codes.exists():
        raise BadInput(f"{codes} does not exist; give a file or folder that `ridgecode encode` wrote")
    check_format(settings.format, codes)
    if not settings.model:
        raise BadInput(f"--model is missing: give the model that encoded {codes}")
    autoencoder = Autoencoder.load(settings.model).for_inference()
    z, names = _read(codes)
    if z.shape[1] != autoencoder.latent_dim:
        raise BadInput(
            f"{codes} holds latent vectors of {z.shape[1]} dims, {settings.model} decodes {autoencoder.latent_dim}; "
            "give the model that encoded them"
        )
    rows = selected_rows(settings.select, len(z))
    for start in with_progress(range(0, len(rows), BATCH), "decoding"):
        chunk = rows[start : start + BATCH]
        write_images(out, names[chunk].tolist(), autoencoder.decode(z[chunk]))
    print(f"{out}: {len(rows)} images")


def _decode_file(file: RidgeFile, codec: Codec, rows: np.ndarray, out: Path) -> None:
    """Writes images of the prints `rows` of `file`, named after them.

    Damaged prints are left out, and the others written, before BadInput names the damaged ones.
    """
    chunks = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    drawn = in_threads(lambda chunk: _draw(file, chunk, codec, out), chunks)
    damaged = [name for names in with_progress(drawn, "decoding", len(chunks)) for name in names]
    check_all_drawn(file, damaged, len(rows), out)


def _draw(file: RidgeFile, rows: np.ndarray, codec: Codec, out: Path) -> list[str]:
    """Writes images of some prints; returns the names of the others, which are damaged."""
    intact, damaged = dict[str, bytes](), list[str]()
    for row in rows.tolist():
        try:
            intact[file.names[row]] = file.payload(row)
        except BadInput:
            damaged.append(file.names[row])
    if intact:
        try:
            z = codec.latent_codec.decode(list(intact.values()))
        except ValueError as error:
            raise BadInput(
                f"{file.path} holds a print that its model can't read ({error}); get the file again"
            ) from error
        write_images(out, intact, codec.autoencoder.decode(z).numpy())
    return damaged


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Latent vectors and names of an encode folder."""
    file, index = folder / "latents.npy", folder / "index.parquet"
    try:
        z = np.load(file, allow_pickle=False)
        names = pq.read_table(index, columns=["name"])["name"].to_numpy(zero_copy_only=False)
    except FileNotFoundError:
        missing = index if file.is_file() else file
        raise BadInput(f"{missing} does not exist; give a folder that `ridgecode encode` wrote") from None
    except (OSError, ValueError, EOFError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{folder} can't be read ({reason}); run `ridgecode encode` again") from error
    if z.ndim != 2 or z.dtype != np.float32 or len(z) != len(names):
        raise BadInput(f"{file} and {index} don't belong together; run `ridgecode encode` again")
    check_names(names.tolist(), index, "run `ridgecode encode` again")
    return z, names
