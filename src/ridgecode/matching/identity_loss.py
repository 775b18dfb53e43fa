"""A matching loss on latent vectors themselves, for an autoencoder whose vectors are to be compared as they are."""

from torch import Tensor
from torch.nn import functional as F

from ridgecode.matching.pair_losses import PairLoss, infonce

TEMPERATURE = 0.1
"""The best of the temperatures that Chen et al., "A simple framework for contrastive learning of visual
representations" (SimCLR), ICML 2020, table 5, compare; also that of the cosine heads here."""
LEAST_VARIANCE = 1e-12


def identity_loss(z: Tensor, references: Tensor, probes: Tensor, fingers: Tensor) -> PairLoss:
    """InfoNCE, in nats, of picking out each probe's own reference among the batch's, and the other way round.

    z: (B, latent_dim) latent vectors of the references, whose mean and standard deviation standardise both; references,
    probes: (B, latent_dim), mated row by row, as they are compared: rounded where they are coded, else `references` is
    `z`. fingers: (B,) int; rows of one finger are no wrong answers. Scores are cosines of standardised vectors, the
    system "cosine on z" of an evaluation.

    Source: `infonce`; normalised and with a temperature as NT-Xent (Chen et al., ICML 2020).
    """
    mean, deviation = z.mean(0), (z.var(0, correction=0) + LEAST_VARIANCE).sqrt()
    e1, e2 = (F.normalize((one - mean) / deviation, dim=1) for one in (probes, references))
    return infonce(e1 @ e2.T, TEMPERATURE, fingers, fingers)
