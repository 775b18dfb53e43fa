"""Classical image codecs, to compare learned codes of prints with.

Each codec has the settings that give the smallest files of grey 96x90 prints at equal MSE, measured on SOCOFing: high
effort, one colour channel where the format allows it, optimised Huffman tables. The one exception is `jpeg`, which
keeps its usual quantiser tables. JPEG files are sequential: of so small an image a progressive file is 70 to 160 bytes
larger."""

import io
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from ridgecode.codec.images.image_codec import ImageCodec, Quality
from ridgecode.codec.images.image_headers import avif_header, jpeg2000_header, jpeg_header, webp_header
from ridgecode.codec.images.jpeg_xl_header import jpeg_xl_header
from ridgecode.codec.images.names import CLASSICAL
from ridgecode.codec.images.wsq_frames import WSQ_SIDES, wsq_decode, wsq_encode, wsq_header
from ridgecode.errors import BadInput

AVIF_SPEED = 2
"""The encoder's speed, 0 to 10. 0 takes three times as long and saves nothing; 6 needs 9 % more bytes."""


def classical_codec(name: str) -> ImageCodec:
    """The codec `name`, one of CLASSICAL. Raises BadInput for another name, and where its package is not installed."""
    makers: dict[str, Callable[[], ImageCodec]] = {
        "jpeg": _jpeg,
        "jpeg-flat": _jpeg_flat,
        "jpeg2000": _jpeg2000,
        "jpegxl": _jpegxl,
        "webp": _webp,
        "avif": _avif,
        "wsq": _wsq,
    }
    if name not in makers:
        raise BadInput(f"there is no codec {name!r}; choose one of {', '.join(CLASSICAL)}")
    return makers[name]()


def _jpeg() -> ImageCodec:
    package = _package("imagecodecs", "jpeg")
    return ImageCodec(
        "jpeg",
        Quality("libjpeg's quality", 1, 100, whole=True),
        (1, 3, 6, 10, 15, 20, 30),
        lambda image, quality: bytes(package.jpeg8_encode(grey(image), level=int(quality), optimize=True)),
        lambda data: _grey_of(package.jpeg8_decode(data)),
        jpeg_header,
    )


def _jpeg_flat() -> ImageCodec:
    """JPEG with the same quantiser step for all coefficients, which suits MSE; libjpeg's own table suits the eye."""

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        file = io.BytesIO()
        Image.fromarray(grey(image)).save(file, "JPEG", qtables=[[int(quality)] * 64], optimize=True)
        return file.getvalue()

    return ImageCodec(
        "jpeg-flat",
        Quality("step of the quantiser in grey values; less is better", 1, 255, whole=True),
        (255, 225, 200, 150, 120, 100, 80),
        encode,
        _pillow_decode,
        jpeg_header,
    )


def _jpeg2000() -> ImageCodec:
    """A raw codestream with the irreversible 9/7 wavelet, one tile, and one layer that ends at the requested PSNR."""
    package = _package("imagecodecs", "jpeg2000")

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        return bytes(
            package.jpeg2k_encode(grey(image), level=quality, codecformat="j2k", reversible=False, numthreads=1)
        )

    return ImageCodec(
        "jpeg2000",
        Quality("PSNR in dB that the encoder aims at", 5, 60),
        (10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22),
        encode,
        lambda data: _grey_of(package.jpeg2k_decode(data, numthreads=1)),
        jpeg2000_header,
    )


def _jpegxl() -> ImageCodec:
    """A codestream without a container. From distance 20 on libjxl halves the image first, which raises the MSE and
    saves no bytes."""
    package = _package("imagecodecs", "jpegxl")

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        return bytes(package.jpegxl_encode(grey(image), distance=quality, effort=9, usecontainer=False, numthreads=1))

    return ImageCodec(
        "jpegxl",
        Quality("libjxl's Butteraugli distance; less is better", 0.1, 25),
        (19.9, 17, 15, 12, 10, 8, 6),
        encode,
        lambda data: _grey_of(package.jpegxl_decode(data, numthreads=1)),
        jpeg_xl_header,
    )


def _webp() -> ImageCodec:
    """Lossy WebP has no grey form. Its two chroma planes of half the size are constant here and cost little."""
    package = _package("imagecodecs", "webp")

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        colour = np.repeat(grey(image)[..., None], 3, axis=2)
        return bytes(package.webp_encode(colour, level=quality, lossless=False, method=6, numthreads=1))

    return ImageCodec(
        "webp",
        Quality("libwebp's quality", 0, 100),
        (0, 0.1, 0.3, 1, 2, 4, 7, 10),
        encode,
        lambda data: _grey_of(package.webp_decode(data)),
        webp_header,
    )


def _avif() -> ImageCodec:
    """Monochrome AV1 by Pillow's libavif and aom, tuned for PSNR; the default tuning, for the eye, needs 15 % more
    bytes. (imagecodecs of 2024 codes every grey AVIF without loss.)"""
    if not features.check("avif"):
        raise BadInput("--codec avif needs the extra: pip install 'ridgecode[codecs]', whose Pillow writes AVIF")

    def encode(image: NDArray[np.uint8], quality: float) -> bytes:
        file = io.BytesIO()
        Image.fromarray(grey(image)).save(
            file,
            "AVIF",
            quality=int(quality),
            speed=AVIF_SPEED,
            subsampling="4:0:0",
            codec="aom",
            max_threads=1,
            advanced={"tune": "psnr"},
        )
        return file.getvalue()

    return ImageCodec(
        "avif",
        Quality("libavif's quality", 0, 100, whole=True),
        (0, 2, 4, 7, 10, 15, 20),
        encode,
        _pillow_decode,
        avif_header,
    )


def _wsq() -> ImageCodec:
    coder = _package("_wsq", "wsq")
    return ImageCodec(
        "wsq",
        Quality("side in pixels of the white square that the print is coded in", min(WSQ_SIDES), 256, whole=True),
        WSQ_SIDES,
        lambda image, quality: wsq_encode(coder, grey(image), int(quality)),
        partial(wsq_decode, coder),
        wsq_header,
    )


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`image`, contiguous in memory. Raises BadInput where it is not uint8 (H, W)."""
    if image.dtype != np.uint8 or image.ndim != 2:
        raise BadInput(f"an image codec takes grey uint8 prints (H, W), not {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)


def _grey_of(decoded: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (H, W), (H, W, 1) or (H, W, 3) -> uint8 (H, W). Colour channels, which may differ by rounding, are
    averaged."""
    if decoded.ndim == 2:
        return decoded
    return np.rint(decoded[..., :3].mean(axis=2)).astype(np.uint8)


def _pillow_decode(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("L"))


def _package(module: str, codec: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise BadInput(f"--codec {codec} needs the extra: pip install 'ridgecode[codecs]'") from None
