"""The figures of a model's codec: bytes of coded latent vectors, and distortion of prints decoded from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import CodedPrints
from ridgecode.codec.ridge_file import pack_archive
from ridgecode.evaluation.reconstruction_figures import pixel_figures
from ridgecode.matching.bootstrap import bootstrap_mean


def coded_part(
    codec: Codec,
    coded: CodedPrints,
    prints: NDArray[np.uint8],
    subjects: NDArray[np.int64],
    names: Sequence[str],
) -> dict[str, Any]:
    """The part `coded` of evaluation.json for (N, H, W) uint8 prints, their subjects (N,) and their `coded` form.

    bytes: mean size of a `.ridge` file of one print
    archive_bytes: size of an archive of all prints under their `names`, divided by N; bpp: the same in bits per pixel
    payload_bytes: mean size of a coded latent vector alone; payload_bytes_most: the largest
    estimated_bytes: mean size of the payload by the probabilities of the codec's tables
    mse, psnr_db, ssim: of prints decoded from these bytes, on the pixels that the view keeps
    """
    view, sizes = codec.autoencoder.view, coded.payload_bytes
    truth: NDArray[np.float32] = np.divide(view.target(prints), 255, dtype=np.float32)
    figures = pixel_figures(truth, coded.x_hat)
    archive = len(pack_archive(codec.model, view.height, view.width, names, coded.payloads)) / len(prints)
    part: dict[str, Any] = {
        "bytes": float(coded.file_bytes.mean()),
        "archive_bytes": archive,
        "payload_bytes": float(sizes.mean()),
        "payload_bytes_most": int(sizes.max()),
        "estimated_bytes": float(coded.codec.bits(coded.z).mean() / 8),
        "bpp": 8 * archive / truth[0].size,
        **{name: float(getattr(figures, name).mean()) for name in ("mse", "psnr_db", "ssim")},
        "encode_ms": round(coded.encode_ms, 3),
        "decode_ms": round(coded.decode_ms, 3),
    }
    for name, values in (("payload_bytes", sizes.astype(float)), ("mse", figures.mse)):
        part[f"{name}_low"], part[f"{name}_high"] = bootstrap_mean(values, subjects)
    return part
