"""A folder of images that `encode` codes to one archive: which files are coded, in which order, under which names."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_directory import encoded_names
from ridgecode.commands.decoded_images import check_names
from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import is_utf8, natural_order, shown
from ridgecode.prints.datasets.listing import nothing_to_take
from ridgecode.prints.datasets.walk import walk
from ridgecode.runs.progress import with_progress


class FolderImage(NamedTuple):
    """name: of the print in the archive, the path below the folder without its ending, with "/" on every system"""

    path: Path
    name: str


def folder_images(folder: Path) -> list[FolderImage]:
    """The images below `folder`, at any depth, in natural order of their paths (2 before 10).

    An image is a file with the ending of a format that is read, as for `prepare`. How much else looks like an image and
    is left out is printed to standard error. Raises BadInput for a folder that can't be read or holds no image, for two
    images of one name, and for names that no archive holds or that `decode` could not write to a file.
    """
    try:
        found = walk(folder)
    except BadInput as error:
        raise BadInput(f"{folder} can't be read; mend its rights, or give another folder of images") from error
    if found.bad:
        raise BadInput(f"{found.bad[0][1]}: mend its rights, or move it out of {folder}")
    if not found.images:
        raise nothing_to_take(folder, found.left_out, "give a folder of images, or a prepared store")
    images: dict[str, Path] = {}
    for place in sorted(found.images, key=lambda place: [natural_order(part) for part in place.parts]):
        name = "/".join(place.parts).removesuffix(place.path.suffix)
        if not is_utf8(name):
            raise BadInput(f"{shown(place.path)} has a name that is no UTF-8 text; rename it")
        if name in images:
            raise BadInput(
                f"{shown(images[name])} and {shown(place.path)} would both be named {name!r} in the archive; rename one"
            )
        images[name] = place.path
    check_names(images, folder, "rename the file")
    try:
        encoded_names(images)
    except ValueError as error:
        raise BadInput(f"{folder} can't be put into one coded file: {error}") from error
    if found.left_out:
        first = found.left_out[0]
        print(
            f"ridgecode: {shown(folder)}: {len(found.left_out)} left out, the first of them {shown(first.path)} "
            f"({first.reason})",
            file=sys.stderr,
        )
    return [FolderImage(path, name) for name, path in images.items()]


def code_images(
    images: Sequence[FolderImage],
    read: Callable[[Path], tuple[NDArray[np.uint8], float]],
    code: Callable[[NDArray[np.uint8], float], bytes],
) -> tuple[list[FullSize], list[bytes]]:
    """The sizes and the payloads of all images, one image in memory at a time.

    read: an image file -> its pixels, uint8 (H, W), and its pixels per inch; code: these -> payload. After an image
    that `read` refuses with BadInput nothing more is coded, but the others are still read, so that the BadInput raised
    at the end names all that are to be mended.
    """
    sizes, payloads = list[FullSize](), list[bytes]()
    refused: dict[Path, BadInput] = {}
    for image in with_progress(images, "encoding"):
        try:
            grey, ppi = read(image.path)
        except BadInput as error:
            refused[image.path] = error
            continue
        if not refused:
            height, width = grey.shape
            sizes.append(FullSize(height, width, ppi))
            payloads.append(code(grey, ppi))
    if refused:
        first, *others = refused
        if not others:
            raise refused[first]
        named = ", ".join(map(shown, others[:3])) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise BadInput(
            f"{refused[first]}; {len(others)} of the other {len(images) - 1} images can't be coded either: {named}"
        )
    return sizes, payloads
