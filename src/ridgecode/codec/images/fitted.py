"""Linear image codecs fitted to training prints: they show how few bytes a linear transform needs, without a network.

`klt`: the Karhunen-Loeve transform of blocks of 8x8 pixels; JPEG's cosine transform approximates it (Ahmed, Natarajan &
Rao, "Discrete cosine transform", IEEE Transactions on Computers C-23, 1974). `pca`: the same transform of the whole
image. Both are orthonormal, and round all coefficients to multiples of one step. They use the entropy coder of latent
vectors (factorised_codec.py), so that differences to a network's bytes do not come from the entropy coder.
"""

import functools
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.pca import PCA
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.codec.images.classical import grey
from ridgecode.codec.images.image_codec import ImageCodec, Quality
from ridgecode.codec.images.names import FITTED
from ridgecode.errors import BadInput

BLOCK = 8
"""Side of the blocks of `klt`, in pixels."""
MOST_COMPONENTS = 3000
"""Components of `pca`. More would take 100 MB, and more than 5 ms a whole print."""
TABLE_SHARE, TABLE_PRINTS = 8, 1000
"""One image in TABLE_SHARE is used to fit the tables, TABLE_PRINTS images at most; the transform is fitted to the
others. Images that PCA was fitted to need fewer bits than others, and tables fitted to these would not suit other
images."""
QUALITIES = (600, 500, 400, 320, 250, 200, 150, 120, 100)
_STEP = struct.Struct(">H")


class Transform(NamedTuple):
    """analyse: images uint8 (N, H, W) -> coefficients float32 (N, dims). synthesise: coefficients -> float32 (N, H,
    W)."""

    analyse: Callable[[NDArray[np.uint8]], Tensor]
    synthesise: Callable[[Tensor], NDArray[np.float32]]


def fitted_codec(name: str, images: NDArray[np.uint8]) -> ImageCodec:
    """The codec `name`, one of FITTED, fitted to `images`, uint8 (N, H, W), for images of their size. A decoder needs
    them too.

    A file is the step (2 bytes, big-endian, in grey values) and the payload. The transform is fitted when the first
    image is coded, the tables when a step is first used. Raises BadInput for another name, or fewer than 3 images.
    """
    if name not in FITTED:
        raise BadInput(f"there is no fitted codec {name!r}; choose one of {', '.join(FITTED)}")
    if len(images) < 3:
        raise BadInput(
            f"--codec {name} is fitted on Real prints of train subjects, and --data has {len(images)}; prepare more"
        )
    shape = images.shape[1:]
    for_tables = np.arange(len(images)) % TABLE_SHARE == 0

    @functools.cache
    def fitted() -> tuple[Transform, Tensor]:
        """The transform, and the coefficients that the tables are fitted to."""
        transform = {"klt": block_klt, "pca": whole_pca}[name](images[~for_tables])
        some = images[for_tables]
        return transform, transform.analyse(some[:: -(-len(some) // TABLE_PRINTS)])

    @functools.cache
    def coder(step: int) -> FactorisedCodec:
        coefficients = fitted()[1]
        return FactorisedCodec(factorised_tensors(coefficients, torch.full(coefficients.shape[1:], float(step))))

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        if grey(image).shape != shape:
            raise BadInput(f"this {name} is fitted to images of {shape[0]}x{shape[1]} pixels, not {image.shape}")
        step = int(quality)
        return _STEP.pack(step) + coder(step).encode(fitted()[0].analyse(image[None]))[0]

    def decode(data: bytes) -> NDArray[np.uint8]:
        (step,) = _STEP.unpack_from(data)
        drawn = fitted()[0].synthesise(coder(step).decode([data[_STEP.size :]]))[0]
        return np.rint(drawn.clip(0, 255)).astype(np.uint8)

    quality = Quality("step of the quantiser in grey values; less is better", 1, 2000, whole=True)
    return ImageCodec(name, quality, QUALITIES, encode, decode, lambda data: _STEP.size)


def block_klt(images: NDArray[np.uint8]) -> Transform:
    """The transform of 8x8 blocks, fitted to images uint8 (N, H, W). Images are extended to multiples of 8 pixels by
    repeating their edges."""
    height, width = images.shape[1:]
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)

    def blocks(some: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W) -> (N * rows * columns, 64)."""
        padding = ((0, 0), (0, rows * BLOCK - height), (0, columns * BLOCK - width))
        parts = np.pad(some, padding, mode="edge").reshape(len(some), rows, BLOCK, columns, BLOCK)
        return parts.transpose(0, 1, 3, 2, 4).reshape(-1, BLOCK * BLOCK).astype(np.float32)

    _, basis = np.linalg.eigh(np.cov(blocks(images), rowvar=False))
    basis = basis.astype(np.float32)

    def analyse(some: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy((blocks(some) @ basis).reshape(len(some), -1))

    def synthesise(coefficients: Tensor) -> NDArray[np.float32]:
        parts = (coefficients.numpy().reshape(-1, BLOCK * BLOCK) @ basis.T).reshape(-1, rows, columns, BLOCK, BLOCK)
        return parts.transpose(0, 1, 3, 2, 4).reshape(-1, rows * BLOCK, columns * BLOCK)[:, :height, :width]

    return Transform(analyse, synthesise)


def whole_pca(images: NDArray[np.uint8]) -> Transform:
    """The transform of whole images, fitted to uint8 (N, H, W): their principal components."""
    count = min(len(images) - 1, images[0].size, MOST_COMPONENTS)
    pca = PCA.fit(_floats(images), count)

    def synthesise(coefficients: Tensor) -> NDArray[np.float32]:
        drawn: NDArray[np.float32] = (coefficients @ pca.components + pca.mean).numpy()
        return drawn.reshape(-1, *images.shape[1:])

    return Transform(lambda some: pca.encode(_floats(some)), synthesise)


def _floats(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).unsqueeze(1).float()
