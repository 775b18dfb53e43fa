"""Which page of a TIFF file is the picture."""

from contextlib import suppress
from typing import Any

from ridgecode.prints.images.whole import Damaged

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_THUMBNAIL_BIT, _MASK_BIT = 1, 4
_OLD_THUMBNAIL = 2
_MASK_COLOURS = 4


def choose_page(file: Any) -> tuple[Any, tuple[str, ...]]:
    """The first full page of a tifffile.TiffFile, and a note where there are more.

    Thumbnails (NewSubfileType 1, SubfileType 2) and masks are no full pages. Where all pages of the file are such, a
    full one below them (SubIFDs) is taken, else the largest that is no mask. Raises Damaged where there is none.
    """
    pages = _pages(file)
    full = [page for page in pages if _is_full(page)]
    if not full:
        below = [page for parent in pages for page in (parent.pages or ())]
        candidates = [page for page in below if _is_full(page)] or [page for page in pages if not _is_mask(page)]
        if not candidates:
            raise Damaged
        return max(candidates, key=lambda page: page.imagewidth * page.imagelength), ()
    # ImageJ writes the pages of a large stack one after the other and describes the first only.
    count = max(len(full), int((file.imagej_metadata or {}).get("images", 1)), full[0].imagedepth)
    return full[0], (f"holds {count} pages; the first is taken",) if count > 1 else ()


def _pages(file: Any) -> list[Any]:
    """All pages up to the first that is damaged; raises what the first page raises."""
    pages = [file.pages[0]]
    with suppress(Exception):  # of many kinds; the first page may be whole
        pages.extend(file.pages[index] for index in range(1, len(file.pages)))
    return pages


def _is_full(page: Any) -> bool:
    thumbnail = page.subfiletype & _THUMBNAIL_BIT or page.tags.valueof(_SUBFILE_TYPE) == _OLD_THUMBNAIL
    return not thumbnail and not _is_mask(page)


def _is_mask(page: Any) -> bool:
    return bool(page.subfiletype & _MASK_BIT) or page.photometric == _MASK_COLOURS
