"""Image files as grey arrays. docs/image-files.md has a table of what is read."""

from ridgecode.prints.images.formats import is_image, looks_like_image
from ridgecode.prints.images.pixels import ReadImage
from ridgecode.prints.images.read import load_grey, read_image

__all__ = ["ReadImage", "is_image", "load_grey", "looks_like_image", "read_image"]
