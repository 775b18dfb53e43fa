"""What coded latent vectors cost in bytes, and what is lost by coding: figures of a model that has a codec."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.ridge_file import BESIDE_ONE_PRINT, HASH_BYTES, pack_archive
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.reconstruction_figures import decode_vectors, encode_windows, own_pixels, pixel_figures


def coded_part(
    saved: SavedAutoencoder, prints: NDArray[np.uint8], subjects: NDArray[np.int64], names: Sequence[str]
) -> dict[str, Any]:
    """(N, H, W) prints through real bytes and back: the part `coded` of evaluation.json.

    bytes is the mean size of one print as a `.ridge` file of its own, archive_bytes a print's share of an archive of
    all of them under their `names`, payload_bytes what of it is the latent vector alone; estimated_bytes is what the
    tables say of the payload before whole bytes are made; bits a pixel (bpp) are the archive's. mse, psnr_db and ssim
    are of prints that were decoded from these bytes, on the pixels that the view keeps. Milliseconds are a print's
    share, of network and coding together, with torch's present threads. Raises BadInput for a codec that does not fit
    its model.
    """
    codec, view = latent_codec(saved), saved.spec.window
    x = windows(prints, saved.spec)
    start = time.perf_counter()
    z = encode_windows(saved.net, x)
    payloads = codec.encode(z)
    middle = time.perf_counter()
    x_hat = own_pixels(view, decode_vectors(saved.net, codec.decode(payloads)))
    end = time.perf_counter()
    truth: NDArray[np.float32] = np.divide(view.kept(prints), 255, dtype=np.float32)
    figures = pixel_figures(truth, x_hat)
    sizes = np.array([len(payload) for payload in payloads])
    model = bytes.fromhex(saved.sha256)[:HASH_BYTES]
    archive = len(pack_archive(model, view.height, view.width, names, payloads)) / len(payloads)
    part: dict[str, Any] = {
        "bytes": float(sizes.mean() + BESIDE_ONE_PRINT),
        "archive_bytes": archive,
        "payload_bytes": float(sizes.mean()),
        "payload_bytes_most": int(sizes.max()),
        "estimated_bytes": float(codec.bits(z).mean() / 8),
        "bpp": 8 * archive / truth[0].size,
        **{name: float(getattr(figures, name).mean()) for name in ("mse", "psnr_db", "ssim")},
        "encode_ms": round(1000 * (middle - start) / len(x), 3),
        "decode_ms": round(1000 * (end - middle) / len(x), 3),
    }
    for name, values in (("payload_bytes", sizes.astype(float)), ("mse", figures.mse)):
        part[f"{name}_low"], part[f"{name}_high"] = bootstrap_mean(values, subjects)
    return part
