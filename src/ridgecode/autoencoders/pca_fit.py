"""PCA fitted to the same kind of training windows as the networks."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.pca import PCA
from ridgecode.errors import BadInput
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.names import TrainCrops
from ridgecode.prints.views import View

N_CROPS, N_WHOLE_PRINTS = 40_000, 4_000
"""How many random windows a PCA is fitted to."""


def fit_pca(prints: NDArray[np.uint8], view: View, latent_dim: int, train_crops: TrainCrops, seed: int) -> PCA:
    """Fits `latent_dim` components to windows of training `prints`, (N, H, W) uint8.

    train_crops: "centre" takes one window of each print; others take at least 40,000 random windows of a crop view, or
    4,000 of whole prints. seed: of the random windows.
    Raises BadInput where the prints are too few for so many components.
    """
    check_latent_dim(len(prints), view, latent_dim, train_crops)
    if train_crops == "centre":
        x = torch.from_numpy(view.take(prints)).unsqueeze(1).float().div_(255)
    else:
        x = torch.cat(list(_random_windows(prints, view, seed)))
    return PCA.fit(x, latent_dim)


def check_latent_dim(n_prints: int, view: View, latent_dim: int, train_crops: TrainCrops) -> None:
    """Raises BadInput where `n_prints` prints are too few for `latent_dim` components."""
    n = n_prints if train_crops == "centre" else _n_random(view)
    if latent_dim > min(n - 1, view.height * view.width):
        raise BadInput(
            f"--latent_dim {latent_dim} is more than PCA can give from {n} windows of {view.height}x{view.width} "
            "pixels; use fewer dims or more prints"
        )


def _n_random(view: View) -> int:
    return N_CROPS if view.print_shape is None else N_WHOLE_PRINTS


def _random_windows(prints: NDArray[np.uint8], view: View, seed: int) -> Iterator[Tensor]:
    count = epoch = 0
    while True:
        for batch in TrainingCrops(prints, view, 512, "random", seed, epoch):
            yield batch
            count += len(batch)
            if count >= _n_random(view):
                return
        epoch += 1
