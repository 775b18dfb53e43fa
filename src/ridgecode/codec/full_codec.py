"""Images of any size to the bytes of `.ridge` files and back: a model of the view `full`.

image (H, W) at its ppi --resampled, if that is far from 500--> FullMaps --> FullMapCodec --> payload --> file
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.full import FullAutoencoder
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.full_maps import FullMapCodec, FullMaps, map_shape
from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import HASH_BYTES, RidgeFile, pack_full_print
from ridgecode.errors import BadInput
from ridgecode.prints.canonical import resized

FULL_PPI = 500.0
"""The resolution of the images that the network is trained on."""
TAKEN_PPI = (400.0, 625.0)
"""An image of a resolution within these is coded as it is. Networks are trained on patches of 0.85 to 1.2 times their
size, and resampling twice would cost detail."""
LEAST_SIDE, MOST_SIDE = 64, 4096
LEAST_CODED, MOST_CODED = 16, 8192
"""Least and most pixels a side at the model's resolution."""


class FullCodec:
    """Images of any size to the bytes of `.ridge` files (docs/format.md, version 2), and back.

    Get one with `FullCodec.load`, or with `Codec.load` and the name of such a model.

    model: the first bytes of the SHA-256 of the model's file, which stand in each `.ridge` file
    """

    def __init__(self, saved: SavedAutoencoder, device: str | torch.device = "cpu") -> None:
        """Raises BadInput for a model of another view, or one whose codec does not fit."""
        if not isinstance(saved.net, FullAutoencoder):
            raise BadInput(f"this is a model of the view {saved.spec.view}, not full; load it with Codec.load")
        try:
            self._coder = FullMapCodec(saved.codec)
        except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
            raise BadInput(
                f"the model's codec does not fit its own description ({type(error).__name__}); copy the model again"
            ) from error
        self.saved = saved
        self.model = bytes.fromhex(saved.sha256)[:HASH_BYTES]
        self._maps = FullMaps(for_inference(saved.net), device)

    @classmethod
    def load(cls, model: Path | str, device: str | torch.device = "cpu") -> "FullCodec":
        """Loads a pretrained model by its name, a run by its folder, or a model file. Raises BadInput for one that
        can't be read or is of another view."""
        return cls(load_autoencoder(model), device)

    def __repr__(self) -> str:
        return f"FullCodec({self.saved.spec.latent_dim} dims a place)"

    def encode(self, images: NDArray[np.uint8] | Iterable[NDArray[np.uint8]], ppi: float = FULL_PPI) -> list[bytes]:
        """Images, uint8 (H, W) each with 0 for a black ridge, or one alone -> the bytes of a file for each.

        ppi: the pixels per inch of all of them. Raises BadInput (a ValueError) for another shape or type, sides below
        64 or above 4,096 pixels, or a ppi below 20.
        """
        alone = isinstance(images, np.ndarray) and images.ndim == 2
        files = []
        for image in [images] if alone else images:
            size = codable_size(np.asarray(image), ppi)
            files.append(pack_full_print(self.model, size, self.payload(np.asarray(image), size)))
        return files

    def decode(self, files: Sequence[bytes]) -> list[NDArray[np.uint8]]:
        """Bytes of files -> an image for each, uint8 (H, W), of the size that was coded.

        Raises BadInput (a ValueError) for bytes that are damaged, that another model has coded, or an archive.
        """
        if isinstance(files, bytes | str):
            raise BadInput("files must be a list of the bytes of files; give [data], or [path.read_bytes()]")
        images = []
        for k, data in enumerate(files):
            file = RidgeFile(data, Path(f"files[{k}]"))
            size = file.size(0)
            if file.model != self.model or size is None:
                raise BadInput(
                    f"{file.path} was coded by another model, whose SHA-256 begins with {file.model.hex()}; load the "
                    "model that coded it"
                )
            if file.is_archive:
                raise BadInput(f"{file.path} is an archive of {len(file)} prints; give it to `ridgecode decode`")
            images.append(self.image(file.payload(0), size))
        return images

    def payload(self, image: NDArray[np.uint8], size: FullSize) -> bytes:
        """uint8 (H, W) of this size -> its code, without a file's header. Raises BadInput for latent values beyond what
        can be coded."""
        try:
            return self._coder.encode(self._maps.encode(resized(image, *_coded_shape(size))))
        except ValueError as error:
            raise BadInput(f"the image can't be coded with this model ({error}); take another model") from error

    def unrounded(self, image: NDArray[np.uint8], size: FullSize) -> NDArray[np.uint8]:
        """uint8 (H, W) of this size -> its reconstruction from a latent map that was not rounded."""
        shape = _coded_shape(size)
        drawn = self._maps.decode(self._maps.encode(resized(image, *shape)), *shape)
        return np.asarray(resized(drawn, size.height, size.width))

    def image(self, payload: bytes, size: FullSize) -> NDArray[np.uint8]:
        """A code -> uint8 (H, W) of this size. Raises BadInput for bytes that can't be read to their end."""
        _check_size(size)
        shape = _coded_shape(size)
        try:
            z = self._coder.decode(payload, *map_shape(*shape))
        except ValueError as error:
            raise BadInput(f"a print can't be read by the model ({error}); get the file again") from error
        return np.asarray(resized(self._maps.decode(z, *shape), size.height, size.width))


def codable_size(image: NDArray[np.uint8], ppi: float) -> FullSize:
    """The size of an image that can be coded. Raises BadInput for one that can't."""
    if image.ndim != 2 or image.dtype != np.uint8:
        raise BadInput(f"an image is {image.dtype} of shape {image.shape}; give uint8 (H, W), 0 for a black ridge")
    size = FullSize(image.shape[0], image.shape[1], ppi)
    _check_size(size)
    return size


def _check_size(size: FullSize) -> None:
    if min(size.height, size.width) < LEAST_SIDE or max(size.height, size.width) > MOST_SIDE:
        raise BadInput(
            f"an image has {size.width}x{size.height} pixels, where sides of {LEAST_SIDE} to {MOST_SIDE} can be "
            "coded; crop it to the print, or scan it at 500 ppi"
        )
    height, width = _coded_shape(size)
    if min(height, width) < LEAST_CODED or max(height, width) > MOST_CODED:
        raise BadInput(
            f"an image of {size.width}x{size.height} pixels at {size.ppi:g} ppi would be {width}x{height} at 500, and "
            f"sides of {LEAST_CODED} to {MOST_CODED} can be coded; give its true pixels per inch with --ppi"
        )


def _coded_shape(size: FullSize) -> tuple[int, int]:
    """Height and width at which an image is coded."""
    if TAKEN_PPI[0] <= size.ppi <= TAKEN_PPI[1]:
        return size.height, size.width
    scale = FULL_PPI / size.ppi
    return max(1, round(size.height * scale)), max(1, round(size.width * scale))
