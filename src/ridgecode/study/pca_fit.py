"""PCA fitted on the same training windows that the networks see."""

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.pca import PCA
from ridgecode.errors import BadInput
from ridgecode.prints.training_crops import TrainCrops, TrainingCrops
from ridgecode.prints.views import View

CROPS, WHOLE_PRINTS = 40_000, 8_000


def fit_pca(prints: NDArray[np.uint8], view: View, latent_dim: int, train_crops: TrainCrops, seed: int) -> PCA:
    """Fits `latent_dim` components to windows of (N, H, W) uint8 training prints.

    Random crops: about 40,000 windows of a crop view, 8,000 of whole prints; centre crops: each print's one window.
    Raises BadInput where the prints are too few for so many components.
    """
    wanted = CROPS if view.print_shape is None else WHOLE_PRINTS
    batches, count, epoch = [], 0, 0
    while count < (1 if train_crops == "centre" else wanted):
        for batch in TrainingCrops(prints, view, 512, train_crops, seed, epoch):
            batches.append(batch)
            count += len(batch)
            if count >= wanted:
                break
        epoch += 1
    x = torch.cat(batches)
    if latent_dim > min(len(x) - 1, view.height * view.width):
        raise BadInput(
            f"--latent_dim {latent_dim} is more than PCA can give from {len(x)} windows of {view.height}x{view.width} "
            "pixels; use fewer dims or more prints"
        )
    return PCA.fit(x, latent_dim)
