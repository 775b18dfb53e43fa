"""Evaluation of a minutiae matcher, which is independent of latent vectors, on prints and on reconstructions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import through_bytes
from ridgecode.evaluation.image_codecs import Reconstructions
from ridgecode.evaluation.minutiae_figures import agreement_part, print_columns, self_part, tar_rows
from ridgecode.evaluation.minutiae_lists import ComparedPrints
from ridgecode.evaluation.minutiae_work import stored_scores, stored_templates
from ridgecode.files import whole_file, write_text
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.matching.names import MatcherName
from ridgecode.prints.canonical import CANONICAL_PPI

TEMPLATES = "minutiae-templates"
"""The name of the folder beside the JSON in which templates and scores are stored."""


def measure_minutiae(
    name: MatcherName,
    compared: ComparedPrints,
    aligned: bool,
    stored: Path,
    jobs: int,
    ppi: float = CANONICAL_PPI,
) -> tuple[dict[str, Any], dict[str, Any], NDArray[np.float64]]:
    """Compares the prints of a list. Returns the figures, the columns of `print_columns`, and the scores (C,).

    aligned: whether mated probes and references are aligned pixel by pixel, so that their minutiae can be compared;
    stored: the folder of templates and scores; jobs: processes, 0 for one a processor; ppi: of the prints. Raises
    BadInput if the matcher's package is missing.
    """
    listed = compared.comparisons
    probe_files = stored_templates(name, compared.probes, stored, jobs, ppi)
    reference_files = stored_templates(name, compared.references, stored, jobs, ppi)
    scores = stored_scores(
        name,
        [probe_files[row] for row in listed.probe_rows],
        [reference_files[row] for row in listed.reference_rows],
        stored,
        jobs,
    )
    self_scores = stored_scores(name, reference_files, reference_files, stored, jobs)
    probes, references = ([Minutiae.load(file) for file in files] for files in (probe_files, reference_files))
    template_bytes = round(float(np.mean([template.bytes for template in references])))
    table = tar_rows(scores, listed, name, template_bytes)
    columns = print_columns(scores, listed, probes, references, aligned)
    figures = {
        "matching": table,
        "self": self_part(self_scores, table[0]["threshold"]),
        "agreement": agreement_part(columns) if aligned else None,
    }
    return figures, columns, scores


def write_minutiae(
    out: Path,
    content: Mapping[str, Any],
    columns: Mapping[str, Any],
    compared: Comparisons,
    scores: NDArray[np.float64],
) -> None:
    """Writes `out`, x.json, with x-prints.parquet and x-comparisons.parquet beside it."""
    _write(out, "prints", columns)
    pairs = {
        "probe": compared.probe.astype(str),
        "reference": compared.reference.astype(str),
        "mated": compared.mated,
        "set": compared.set.astype(str),
    }
    _write(out, "comparisons", pairs | {"score": scores})
    write_text(out, json.dumps(content, indent=1) + "\n")


def autoencoder_reconstructions(autoencoder: Autoencoder, run_name: str) -> Reconstructions:
    """Reconstructions of whole prints by an autoencoder; the facts describe the model.

    A model with a codec decodes them from coded bytes; the facts then hold the mean size of a `.ridge` file of one
    print, `bytes`, and of the coded latent vector in it, `payload_bytes`.
    """
    spec = autoencoder.spec
    about = {"run": run_name, "view": spec.view, "latent_dim": spec.latent_dim}
    about |= {"backbone": spec.backbone, "distortion": spec.distortion}

    def reconstruct(prints: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        if autoencoder.saved.codec:
            coded = through_bytes(Codec(autoencoder), prints)
            sizes = {"bytes": float(coded.file_bytes.mean()), "payload_bytes": float(coded.payload_bytes.mean())}
            return coded.grey, about | sizes
        x_hat = autoencoder.decode(autoencoder.encode(prints))
        return np.rint(x_hat.clip(0, 1) * 255).astype(np.uint8), about

    return reconstruct


def _write(out: Path, what: str, columns: Mapping[str, Any]) -> None:
    with whole_file(out.with_name(f"{out.stem}-{what}.parquet")) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary, compression="zstd")
