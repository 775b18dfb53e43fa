"""Templates of a head on latent vectors: its embeddings as integers."""

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.heads import Head
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.scoring import pair_scores

# The maps of more would not stay in the processor's cache.
_BATCH = 128


def check_cosine(comparator: str) -> None:
    """Raises BadInput for a comparator whose score is no dot product, so that its templates can't be integers."""
    if comparator != "cosine":
        raise BadInput(
            f"--template_bytes needs --comparator cosine, not {comparator}: the score of a template is a dot product"
        )


def head_templates(head: Head, format: TemplateFormat, z: NDArray[np.float32]) -> NDArray[np.int8]:
    """Latent vectors (N, latent_dim) -> integers (N, dims). Runs on the head's device and leaves its training mode as
    it was. Raises BadInput as `TemplateFormat.quantise`."""
    device = next(head.parameters()).device
    was_training = head.training
    head.eval()
    try:
        with torch.inference_mode():
            parts = [head.embed(part.to(device)).cpu() for part in torch.from_numpy(z).split(_BATCH)]
    finally:
        head.train(was_training)
    return format.quantise(torch.cat(parts).numpy())


def head_template_scores(
    head: Head,
    format: TemplateFormat,
    probes: NDArray[np.float32],
    references: NDArray[np.float32],
    probe_rows: NDArray[np.int64],
    reference_rows: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Scores (C,) of a comparison list, as `score_pairs` has them of floats: of latent vectors (P, latent_dim) and
    (R, latent_dim), and the rows of each comparison in them."""
    first, second = (head_templates(head, format, z) for z in (probes, references))
    return pair_scores(format, first, second, probe_rows, reference_rows)
