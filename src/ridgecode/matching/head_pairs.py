"""The pairs that a head is trained on: random ones, or mined ones, which it still gets wrong."""

from typing import NamedTuple

import torch
from torch import Tensor

from ridgecode.errors import BadInput


class Pairs(NamedTuple):
    """K pairs. probe, reference: int64 (K,), rows of probes and of references; mated: bool (K,)."""

    probe: Tensor
    reference: Tensor
    mated: Tensor


class Triplets(NamedTuple):
    """T triplets. int64 (T,) each: rows of a probe, of a mated reference and of a non-mated reference."""

    probe: Tensor
    positive: Tensor
    negative: Tensor


def random_pairs(
    probe_identity: Tensor, reference_identity: Tensor, generator: torch.Generator, mated_share: float = 0.5
) -> Pairs:
    """Pairs each probe with one random reference: with probability `mated_share` a mated one, else a non-mated one.

    probe_identity: int (N,); reference_identity: int (M,). A probe without a mated reference gets a non-mated one, and
    the other way round, so all N probes appear, in order. Takes time N log M and memory N + M. Raises BadInput if there
    are no references.
    """
    if not len(reference_identity):
        raise BadInput("there are no references to pair the probes with")
    device = probe_identity.device
    by_identity, order = torch.sort(reference_identity, stable=True)
    first = torch.searchsorted(by_identity, probe_identity, side="left")
    n_mated = torch.searchsorted(by_identity, probe_identity, side="right") - first
    n_others = len(order) - n_mated
    wants_mated, place = torch.rand(2, len(probe_identity), generator=generator, device=generator.device).to(device)
    mated = ((wants_mated < mated_share) & (n_mated > 0)) | (n_others == 0)
    n = torch.where(mated, n_mated, n_others)
    # The minimum, since the product can round up to n.
    pick = torch.minimum((place.double() * n).long(), n - 1)
    # Sorted by identity, the mated references are neighbours; all others lie before and after them.
    pick = torch.where(mated, first + pick, torch.where(pick >= first, pick + n_mated, pick))
    return Pairs(torch.arange(len(mated), device=device), order[pick], mated)


def mined_triplets(scores: Tensor, probe_identity: Tensor, reference_identity: Tensor) -> Triplets:
    """Makes a triplet of each mated pair of a batch by semi-hard mining.

    scores: (N, M), of each probe with each reference; probe_identity: int (N,); reference_identity: int (M,)

    The non-mated reference is the one with the highest score below the mated pair's score. If there is none, it is the
    one with the lowest score. Source: Schroff et al., "FaceNet", CVPR 2015, as TensorFlow Addons implements it. A mated
    pair whose probe has no non-mated reference in the batch is left out.
    """
    same = probe_identity[:, None] == reference_identity[None, :]
    same_with_negative = same & ~same.all(dim=1, keepdim=True)
    probe, positive = same_with_negative.nonzero(as_tuple=True)
    candidates = scores.detach()[probe]
    is_mated = same[probe]
    highest = candidates.masked_fill(is_mated, -torch.inf)
    own = candidates.gather(1, positive[:, None])
    semi_hard = highest.masked_fill(candidates >= own, -torch.inf)
    lowest = candidates.masked_fill(is_mated, torch.inf)
    has_semi_hard = (~is_mated & (candidates < own)).any(dim=1)
    return Triplets(probe, positive, torch.where(has_semi_hard, semi_hard.argmax(dim=1), lowest.argmin(dim=1)))


def mined_pairs(scores: Tensor, probe_identity: Tensor, reference_identity: Tensor) -> Pairs:
    """The pairs of `mined_triplets`, whose arguments it takes: first the mated pairs, then the non-mated ones."""
    probe, positive, negative = mined_triplets(scores, probe_identity, reference_identity)
    mated = torch.arange(2 * len(probe), device=scores.device) < len(probe)
    return Pairs(torch.cat((probe, probe)), torch.cat((positive, negative)), mated)
