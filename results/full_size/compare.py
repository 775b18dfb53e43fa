"""Codes prints at 500 ppi with several codecs, and judges them by bytes, PSNR, SSIM, minutiae and bozorth3's verdict.

    python results/full_size/compare.py --data STORE,STORE --out FILE.json [--codecs jpeg2000,...] [--model MODEL,...]

Stores are of `ridgecode prepare --canonical_ppi 500`, with second impressions. Each set of a store has rows of its own,
and the row `all` has the comparisons of all sets together. What the JSON file has already is not measured again; it is
written whole after each codec and quality.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.images.classical import classical_codec
from ridgecode.evaluation.full.judged import (
    PPI,
    ByteCodec,
    Scores,
    all_pairs,
    coded_figures,
    minutiae_f1,
    pooled,
    qualities,
    templates,
    verdict,
)
from ridgecode.files import write_text
from ridgecode.matching.minutiae.matchers import minutiae_matcher
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.prints.images.read import decode
from ridgecode.prints.images.write import wsq_bytes
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore

QUALITIES: dict[str, tuple[float, ...]] = {
    "jpeg2000": (19, 20.5, 22, 23.5, 25, 27, 29),
    "jpegxl": (19.9, 13, 8, 5),  # from 20 on libjxl halves the image
    "webp": (0, 4, 15, 40),
    "avif": (0, 6, 15, 27),
}
"""From about 1,000 to 10,000 bytes of a print of 388x374 pixels."""
UNCOMPRESSED, WSQ, ALL = "uncompressed", "wsq", "all"
Image = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="stores at 500 ppi, with commas between")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--codecs", default=",".join([UNCOMPRESSED, WSQ, *QUALITIES]), help="with commas between")
    parser.add_argument("--model", default="", help="models of the view full, with commas between")
    given = parser.parse_args()
    sets = list(_sets([PrintStore.open(path).at_ppi(PPI) for path in given.data.split(",")]))
    rows: list[dict[str, Any]] = json.loads(given.out.read_text())["rows"] if given.out.is_file() else []
    names_of_sets = {name for name, _, _ in sets} | {ALL}
    if other := {row["set"] for row in rows} ^ names_of_sets if rows else set():
        raise SystemExit(f"{given.out} is of other sets than --data ({', '.join(sorted(other))}); give another --out")
    known = {(row["codec"], row["quality"]) for row in rows}
    matcher = minutiae_matcher("bozorth3")
    true = [templates(matcher, images) for _, images, _ in sets]
    names, models = ([one for one in text.split(",") if one] for text in (given.codecs, given.model))
    for codec in _codecs(names, models):
        if (codec.name, codec.quality) in known:
            continue
        parts: list[Scores] = []
        of_sets: list[dict[str, Any]] = []
        for (name, images, fingers), originals in zip(sets, true, strict=True):
            figures, decoded = coded_figures(codec, images)
            found = originals if codec.name == UNCOMPRESSED else templates(matcher, decoded)
            parts.append(all_pairs(matcher, found, fingers))
            of_sets.append({"set": name, "n_prints": len(images), **_means(figures, images, decoded, found, originals)})
            of_sets[-1] |= verdict(parts[-1])
        of_sets.append(_together(of_sets) | verdict(pooled(parts)))
        rows += [{"codec": codec.name, "quality": codec.quality, **row} for row in of_sets]
        write_text(given.out, json.dumps({"rows": rows}, indent=1) + "\n")
        last = rows[-1]
        size, psnr, eer = (last[key] for key in ("bytes", "psnr_db", "eer"))
        print(f"{codec.name} {codec.quality:g}: {size:.0f} bytes, {psnr:.2f} dB, EER {eer:.4f}", flush=True)


def _sets(stores: Sequence[PrintStore]) -> Iterator[tuple[str, list[Image], NDArray[Any]]]:
    """The name, the prints and their fingers of each set."""
    for store in stores:
        rows = store.rows("all")
        names, fingers = print_sets(store, rows), store.column("finger_id")[rows]
        for name in np.unique(names).tolist():
            chosen = names == name
            yield name, [np.asarray(store.image(int(row))) for row in rows[chosen]], fingers[chosen]


def _codecs(names: Sequence[str], models: Sequence[str]) -> Iterator[ByteCodec]:
    for name in names:
        if name == UNCOMPRESSED:
            yield ByteCodec(name, 0.0, _raw, _from_raw)
        elif name == WSQ:
            yield ByteCodec(name, 0.0, partial(wsq_bytes, ppi=PPI), lambda data: decode(data).grey)
        else:
            codec = classical_codec(name)
            for quality in QUALITIES[name]:
                yield ByteCodec(name, quality, partial(_encode, codec.encode, quality), codec.decode)
    for model in models:
        full = FullCodec.load(model)
        yield ByteCodec(Path(model).stem, 0.0, lambda image, full=full: full.encode(image)[0], partial(_first, full))


def _raw(image: Image) -> bytes:
    return np.array(image.shape, "<u4").tobytes() + image.tobytes()


def _from_raw(data: bytes) -> Image:
    return np.frombuffer(data, np.uint8, offset=8).reshape(np.frombuffer(data, "<u4", 2))


def _encode(encode: Any, quality: float, image: Image) -> bytes:
    return bytes(encode(image, quality))


def _first(full: FullCodec, data: bytes) -> Image:
    return full.decode([data])[0]


def _means(
    figures: Sequence[dict[str, float]],
    images: Sequence[Image],
    decoded: Sequence[Image],
    found: Sequence[Minutiae],
    true: Sequence[Minutiae],
) -> dict[str, float]:
    means = {key: float(np.mean([one[key] for one in figures])) for key in figures[0]}
    before, after = (float(qualities(some).mean()) for some in (images, decoded))
    return means | {"f1": float(minutiae_f1(found, true).mean()), "quality_before": before, "quality_after": after}


def _together(of_sets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The means of sets, weighted by their prints."""
    weights = [one["n_prints"] for one in of_sets]
    keys = ["bytes", "bpp", "psnr_db", "ssim", "encode_ms", "decode_ms", "f1", "quality_before", "quality_after"]
    means = {key: float(np.average([one[key] for one in of_sets], weights=weights)) for key in keys}
    return {"set": ALL, "n_prints": sum(weights), **means}


if __name__ == "__main__":
    main()
