"""What coded latent vectors cost in bytes, and what is lost by coding: figures of a model that has a codec."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.ridge_file import HASH_BYTES, pack_archive
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.study.coded_prints import CodedPrints
from ridgecode.study.reconstruction_figures import pixel_figures


def coded_part(
    saved: SavedAutoencoder,
    coded: CodedPrints,
    prints: NDArray[np.uint8],
    subjects: NDArray[np.int64],
    names: Sequence[str],
) -> dict[str, Any]:
    """The part `coded` of evaluation.json, of (N, H, W) prints that `coded` tells of.

    bytes is the mean size of one print as a `.ridge` file of its own, archive_bytes a print's share of an archive of
    all of them under their `names`, payload_bytes what of it is the latent vector alone; estimated_bytes is what the
    tables say of the payload before whole bytes are made; bits a pixel (bpp) are the archive's. mse, psnr_db and ssim
    are of prints that were decoded from these bytes, on the pixels that the view keeps.
    """
    view, sizes = saved.spec.window, coded.payload_bytes
    truth: NDArray[np.float32] = np.divide(view.kept(prints), 255, dtype=np.float32)
    figures = pixel_figures(truth, coded.x_hat)
    model = bytes.fromhex(saved.sha256)[:HASH_BYTES]
    archive = len(pack_archive(model, view.height, view.width, names, coded.payloads)) / len(prints)
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
