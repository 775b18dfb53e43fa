"""What each format of templates costs in error rates: one trained matcher, its embeddings stored in several ways.

    python benchmarks/template_cost.py RUN --data STORE [--split val] [--protocols aligned,moved]

RUN is a train-head or train-siamese --system ridge run, or a shipped matcher, whose embeddings have 128 numbers. Rows:
floats; 8 and 4 bits a number; 512, 256 and 128 bits; and the 64 numbers of the embeddings' first principal components,
fitted on the store's training prints, at 8 bits: 64 bytes as well. EER and FNMR at an FMR of 0.1 %, in %.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import equal_error_rate, error_rates, fnmr_at_fmr
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.shipped.parts import matcher_parts
from ridgecode.matching.siamese.scoring import embed_images
from ridgecode.matching.systems import Encoder
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.scoring import pair_scores
from ridgecode.prints.frame import framed_prints
from ridgecode.prints.store import PrintStore

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
FITTED_ON = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--protocols", default="aligned,moved")
    given = parser.parse_args()
    store = PrintStore.open(given.data)
    shown = store if store.one_size else store.fitted(framed_prints)
    embed = embeddings_of(given.run, fitted=not store.one_size)
    train = embed(shown.stack(store.rows("train")[:FITTED_ON]))
    axes = np.linalg.svd(train - train.mean(0), full_matrices=False)[2][:64].T
    print("| template | bytes | " + " | ".join(f"`{name}` EER | FNMR" for name in given.protocols.split(",")) + " |")
    print("|---|---|" + "---|---|" * len(given.protocols.split(",")))
    lists = [ScoredList.of(shown, comparison_list(shown, given.split, name)) for name in given.protocols.split(",")]
    pairs = [(of, embed(of.probes), embed(of.references)) for of in lists]
    for name, format, change in (
        ("128 floats", None, None),
        ("128 of 8 bits", TemplateFormat(128, 8), None),
        ("128 of 4 bits", TemplateFormat(64, 4), None),
        ("64 of 8 bits, by principal components", TemplateFormat(64, 8), axes),
        ("512 bits", TemplateFormat(64, 1), None),
        ("256 bits", TemplateFormat(32, 1), None),
        ("128 bits", TemplateFormat(16, 1), None),
    ):
        cells = [cell(scores(of, *(stored(e, change) for e in both), format), of) for of, *both in pairs]
        print(f"| {name} | {format.bytes if format else 512} | {' | '.join(cells)} |")


def embeddings_of(run: Path, fitted: bool) -> Embed:
    """The matcher's embeddings as floats of length 1. fitted: whether prints come as frames already."""
    parts = matcher_parts(run)
    if parts.network is not None:
        net, spec = parts.network.net, parts.network.spec
        return lambda prints: embed_images(net, spec, prints if fitted else spec.fit(prints)).numpy()
    assert parts.autoencoder is not None and parts.head is not None
    encoder, head = Encoder(parts.autoencoder), parts.head

    def embed(prints: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return torch.cat([head.embed(z) for z in torch.from_numpy(encoder(prints)).split(512)]).numpy()

    return embed


def stored(e: NDArray[np.float32], axes: NDArray[np.float32] | None) -> NDArray[np.float32]:
    if axes is None:
        return e
    fewer = e @ axes
    return (fewer / np.linalg.norm(fewer, axis=1, keepdims=True)).astype(np.float32)


def scores(
    of: ScoredList, probes: NDArray[np.float32], references: NDArray[np.float32], format: TemplateFormat | None
) -> NDArray[np.float32]:
    rows = of.comparisons.probe_rows, of.comparisons.reference_rows
    if format is None:
        return np.einsum("cd,cd->c", probes[rows[0]], references[rows[1]])
    return pair_scores(format, format.quantise(probes), format.quantise(references), *rows)


def cell(found: NDArray[np.float32], of: ScoredList) -> str:
    mated = of.comparisons.mated
    rates = error_rates(found[mated], found[~mated])
    return f"{100 * equal_error_rate(rates):.2f} | {100 * fnmr_at_fmr(rates, 0.001):.1f}"


if __name__ == "__main__":
    main()
