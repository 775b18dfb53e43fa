"""Lists images of any kind in identity folders: all images of one finger, or of one person, in a folder."""

from collections.abc import Iterable
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import alike, natural_order
from ridgecode.prints.datasets.listing import NO_IMAGE, LeftOut, Listing, PrintFile, nothing_to_take
from ridgecode.prints.datasets.walk import Place, walk
from ridgecode.prints.labels import real_label

TRIPLET_FOLDERS = ("anchor", "negative", "positive")
"""Identity folders of this set's names are no identities: their images are paired by place."""


def list_folder(root: Path) -> Listing:
    """The images below `root`. Each folder in `root` is an identity: `s1/1.pgm` and `s1/day2/3.png` are of identity s1.

    Impressions are numbered from 1 in the order of their names. Numbers in names are compared as numbers: 2 before 10.
    Raises BadInput where there is no folder or no image.
    """
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: give --root a folder that holds one folder an identity")
    found = walk(root)
    images = [place for place in found.images if len(place.parts) > 1]
    bad = found.bad + [
        (place.path, f"{place.path.name} lies in no identity's folder: move it into one, or give --pattern")
        for place in found.images
        if len(place.parts) == 1
    ]
    images.sort(key=lambda place: (natural_order(place.parts[0]), natural_order("/".join(place.parts))))
    files: list[PrintFile] = []
    impressions: dict[str, int] = {}
    for place, name in zip(images, print_names(images), strict=True):
        identity = place.parts[0]
        impressions[identity] = impressions.get(identity, 0) + 1
        files.append(PrintFile(place.path, real_label(name, identity, identity, impressions[identity])))
    unread = {folder for folder, _ in found.bad}
    empty = (
        place.path
        for place in found.folders
        if len(place.parts) == 1 and place.parts[0] not in impressions and place.path not in unread
    )
    left_out = found.left_out + [LeftOut(path, NO_IMAGE) for path in empty]
    if not files and not bad:
        raise nothing_to_take(root, left_out, "give --root a folder that holds one folder of images an identity")
    remarks = remarks_on_names(impressions)
    if images and all(len(place.parts) > 2 for place in images):
        first = "/".join(images[0].parts[:-1])
        remarks += (
            f"every image lies two or more folders down, as in {first}, and identities are the folders at the top; "
            "where they lie deeper, `prepare` takes them by another --root or by --pattern",
        )
    return Listing(files, bad, left_out, remarks, numbered=True)


def remarks_on_names(identities: Iterable[str]) -> tuple[str, ...]:
    """A sentence for the account where identities have names that may mean one; none otherwise."""
    groups = alike(identities)
    if not groups:
        return ()
    names = "; ".join(" and ".join(map(repr, group)) for group in groups[:3]) + ("; ..." if len(groups) > 3 else "")
    return (
        f"{names}: names that differ only in case, spaces, zeros before a number or the way accents are stored are of "
        "different identities here; give both one name where they are one",
    )


def is_triplets(identities: Iterable[str]) -> bool:
    """Whether the identity folders are anchor/, positive/ and negative/, whose images are paired by place."""
    return sorted(set(map(str, identities))) == list(TRIPLET_FOLDERS)


def print_names(images: list[Place]) -> list[str]:
    """The names of images in a store: their paths below the root without suffix. Of several images of one stem, such as
    1.jpg and 1.png, the first has the name `1` and the others keep their suffix."""
    names: dict[str, None] = {}
    for place in images:
        suffix = place.path.suffix
        name = "/".join(place.parts).removesuffix(suffix)
        while name in names:
            name += suffix
        names[name] = None
    return list(names)
