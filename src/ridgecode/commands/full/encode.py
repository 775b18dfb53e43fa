"""`ridgecode encode` with a model of the view `full`: images of any size to a coded file."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.full_codec import FULL_PPI, FullCodec, codable_size
from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_directory import encoded_names
from ridgecode.codec.ridge_file import pack_full_archive, pack_full_print
from ridgecode.commands.full.image_folder import FolderImage, code_images, folder_images
from ridgecode.commands.selected_rows import selected_rows
from ridgecode.commands.settings.encode import Encode
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.canonical import check_ppi
from ridgecode.prints.images import read_image
from ridgecode.prints.one_image import print_notes
from ridgecode.prints.store import STORE_FILE, PrintStore
from ridgecode.runs.in_threads import in_threads
from ridgecode.runs.progress import with_progress


class _Coded(NamedTuple):
    """Prints with a name, a size and a payload each."""

    names: list[str]
    sizes: list[FullSize]
    payloads: list[bytes]


def encode_full(settings: Encode, codec: FullCodec) -> None:
    """Codes an image file, a folder of images, or a store. Raises BadInput for one that can't be used; then no file is
    written."""
    source, out = settings.store, settings.out
    if out.suffix != ".ridge":
        raise BadInput(
            f"--out {out}: the model {settings.model} codes images of any size, whose latent maps differ in size; give "
            "a file that ends in .ridge"
        )
    check_ppi(settings.ppi)
    is_store = (source / STORE_FILE).is_file()
    if not is_store and (settings.split != "all" or settings.select):
        raise BadInput(f"--split and --select are of a store, and {source} is none; leave them out")
    coded = _store(settings, codec) if is_store else _files(settings, codec)
    if len(coded.names) == 1:
        data = pack_full_print(codec.model, coded.sizes[0], coded.payloads[0])
    else:
        data = pack_full_archive(codec.model, *coded)
    with whole_file(out) as temporary:
        temporary.write_bytes(data)
    pixels, size, n = sum(one.height * one.width for one in coded.sizes), len(data), len(coded.names)
    print(
        f"{out}: {n} {'print' if n == 1 else 'prints'} in {size} bytes, {size / n:.0f} a print, {8 * size / pixels:.3f}"
        f" bits a pixel; the pixels are {pixels} bytes, {pixels / size:.0f} times as many"
    )


def _files(settings: Encode, codec: FullCodec) -> _Coded:
    source = settings.store
    images = [FolderImage(source, source.stem)] if source.is_file() else folder_images(source)

    def read(path: Path) -> tuple[NDArray[np.uint8], float]:
        found = read_image(path)
        ppi = settings.ppi or found.ppi or FULL_PPI
        print_notes(path, found, ppi)
        try:
            codable_size(found.grey, ppi)
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from error
        return found.grey, ppi

    def code(grey: NDArray[np.uint8], ppi: float) -> bytes:
        return codec.payload(grey, codable_size(grey, ppi))

    return _Coded([image.name for image in images], *code_images(images, read, code))


def _store(settings: Encode, codec: FullCodec) -> _Coded:
    if settings.ppi:
        raise BadInput(f"--ppi is of image files, and {settings.store} is a store; leave it out")
    store = PrintStore.open(settings.store)  # at any resolution, since the codec resamples
    rows = store.rows(split=settings.split, levels=None)
    if not len(rows):
        raise BadInput(f"{settings.store} has no prints in the split {settings.split}; choose another --split")
    rows = rows[selected_rows(settings.select, len(rows))]
    names = store.column("name")[rows].tolist()
    try:
        encoded_names(names)  # before the work
    except ValueError as error:
        raise BadInput(f"{settings.store} can't be put into one coded file: {error}") from error
    sizes = [codable_size(np.asarray(store.image(int(row))), store.canonical_ppi) for row in rows]

    def code(number: int) -> bytes:
        return codec.payload(np.asarray(store.image(int(rows[number]))), sizes[number])

    payloads = with_progress(in_threads(code, range(len(rows))), "encoding", len(rows))
    return _Coded(names, sizes, list(payloads))
