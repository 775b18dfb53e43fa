"""The interface of all image codecs that learned codes are compared with, classical or fitted to training prints."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput


@dataclass(frozen=True)
class Quality:
    """The quality setting of a codec.

    meaning: what it is, with the unit. lowest, highest: the range that the codec takes. whole: whether it takes only
    whole numbers.
    """

    meaning: str
    lowest: float
    highest: float
    whole: bool = False


@dataclass(frozen=True)
class ImageCodec:
    """A codec from grey images to bytes and back.

    name: as `--codec` takes it
    quality: the meaning and range of the second argument of `encode`
    qualities: the points of a rate-distortion curve, from the smallest files to the largest
    encode: (image uint8 (H, W), quality) -> the bytes of the file. Raises BadInput for an image that the codec can't
        code.
    decode: the bytes of the file -> uint8 (H, W)
    header_bytes: the bytes of the file -> how many of them are container and headers, not entropy-coded image
    """

    name: str
    quality: Quality
    qualities: tuple[float, ...]
    encode: Callable[[NDArray[np.uint8], float], bytes]
    decode: Callable[[bytes], NDArray[np.uint8]]
    header_bytes: Callable[[bytes], int]

    def check(self, quality: float) -> None:
        """Raises BadInput for a quality outside the codec's range, or a fraction where it takes whole numbers."""
        allowed = self.quality
        if not allowed.lowest <= quality <= allowed.highest or (allowed.whole and quality != int(quality)):
            kind = "a whole number " if allowed.whole else ""
            raise BadInput(
                f"{self.name} takes no quality {quality:g}; give {kind}from {allowed.lowest:g} to "
                f"{allowed.highest:g}: {allowed.meaning}"
            )
