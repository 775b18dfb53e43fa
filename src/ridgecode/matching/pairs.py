"""Which pairs a head is trained on: random ones, or mined ones that it still gets wrong."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ridgecode.errors import BadInput

Mining = Literal["semi-hard", "hardest"]


class Pairs(NamedTuple):
    """K pairs: int64 (K,) rows of probes and of references, and whether they are mated, bool (K,)."""

    probe: Tensor
    reference: Tensor
    mated: Tensor


class Triplets(NamedTuple):
    """T triplets, int64 (T,) each: rows of a probe, of a mated reference and of a non-mated one."""

    probe: Tensor
    positive: Tensor
    negative: Tensor


def random_pairs(
    probe_identity: Tensor, reference_identity: Tensor, generator: torch.Generator, mated_share: float = 0.5
) -> Pairs:
    """One pair a probe: with chance `mated_share` a random mated reference, otherwise a random one of another identity.

    `probe_identity` (N,) and `reference_identity` (M,) are ints. A probe without a mated reference gets a non-mated one
    and the other way round, so all N appear, in order. Time N log M, memory N + M. Raises BadInput without references.
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
    # The product can round up to n itself.
    pick = torch.minimum((place.double() * n).long(), n - 1)
    # Sorted by identity, the mated references are one run, and all others lie before and after it.
    pick = torch.where(mated, first + pick, torch.where(pick >= first, pick + n_mated, pick))
    return Pairs(torch.arange(len(mated), device=device), order[pick], mated)


def mined_triplets(
    scores: Tensor, probe_identity: Tensor, reference_identity: Tensor, mining: Mining = "semi-hard"
) -> Triplets:
    """A triplet for each mated pair of a batch, its non-mated reference chosen by `scores` (N,M), higher is more alike.

    `semi-hard`: the highest-scoring one that still scores below the mated one; where none does, the lowest-scoring of
    all, as Schroff et al., "FaceNet", CVPR 2015, implemented in TensorFlow. `hardest`: the highest-scoring of all, as
    Hermans, Beyer and Leibe, "In defense of the triplet loss for person re-identification", arXiv 1703.07737.
    Mated pairs whose probe has no non-mated reference in the batch are left out. Raises BadInput for other mining.
    """
    if mining not in ("semi-hard", "hardest"):
        raise BadInput(f"no mining is called {mining!r}; choose semi-hard or hardest")
    same = probe_identity[:, None] == reference_identity[None, :]
    same_with_negative = same & ~same.all(dim=1, keepdim=True)
    probe, positive = same_with_negative.nonzero(as_tuple=True)
    candidates = scores.detach()[probe]
    is_mated = same[probe]
    highest = candidates.masked_fill(is_mated, -torch.inf)
    if mining == "hardest":
        return Triplets(probe, positive, highest.argmax(dim=1))
    own = candidates.gather(1, positive[:, None])
    semi_hard = highest.masked_fill(candidates >= own, -torch.inf)
    lowest = candidates.masked_fill(is_mated, torch.inf)
    has_semi_hard = (~is_mated & (candidates < own)).any(dim=1)
    return Triplets(probe, positive, torch.where(has_semi_hard, semi_hard.argmax(dim=1), lowest.argmin(dim=1)))


def mined_pairs(
    scores: Tensor, probe_identity: Tensor, reference_identity: Tensor, mining: Mining = "semi-hard"
) -> Pairs:
    """Every mated pair of a batch and as many mined non-mated ones, as `mined_triplets` chooses them; mated first."""
    probe, positive, negative = mined_triplets(scores, probe_identity, reference_identity, mining)
    mated = torch.arange(2 * len(probe), device=scores.device) < len(probe)
    return Pairs(torch.cat((probe, probe)), torch.cat((positive, negative)), mated)
