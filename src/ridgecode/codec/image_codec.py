"""One interface to every image codec that prints are compared on, classical or fitted on training prints."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput


@dataclass(frozen=True)
class Quality:
    """What a codec's quality counts.

    meaning: in words, with the unit; lowest, highest: the range it takes; whole: whole numbers alone
    """

    meaning: str
    lowest: float
    highest: float
    whole: bool = False


@dataclass(frozen=True)
class ImageCodec:
    """Grey images to bytes and back. A codec fitted on training prints is one of these too, made by a function that
    takes those prints.

    name: as `--codec` takes it
    quality: what the second argument of `encode` counts
    qualities: those that a rate-distortion curve is measured at, the smallest files first
    encode: (image uint8 (H, W), quality) -> the stored bytes, all of them. Raises BadInput for an image that the codec
        can't code.
    decode: the stored bytes -> uint8 (H, W)
    header_bytes: how many of the stored bytes are container and headers, not entropy-coded image
    """

    name: str
    quality: Quality
    qualities: tuple[float, ...]
    encode: Callable[[NDArray[np.uint8], float], bytes]
    decode: Callable[[bytes], NDArray[np.uint8]]
    header_bytes: Callable[[bytes], int]

    def check(self, quality: float) -> None:
        """Raises BadInput for a quality that the codec does not take."""
        allowed = self.quality
        if not allowed.lowest <= quality <= allowed.highest or (allowed.whole and quality != int(quality)):
            kind = "a whole number " if allowed.whole else ""
            raise BadInput(
                f"{self.name} takes no quality {quality:g}; give {kind}from {allowed.lowest:g} to "
                f"{allowed.highest:g}: {allowed.meaning}"
            )
