"""The names of the image codecs, apart from the codecs: a command line and a report need no more."""

from typing import Literal, get_args

ClassicalName = Literal["jpeg", "jpeg-flat", "jpeg2000", "jpegxl", "webp", "avif", "wsq"]
CLASSICAL: tuple[str, ...] = get_args(ClassicalName)

FittedName = Literal["klt", "pca"]
"""Codecs that are fitted to training prints first."""
FITTED: tuple[str, ...] = get_args(FittedName)
