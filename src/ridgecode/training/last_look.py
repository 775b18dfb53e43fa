"""A look at an autoencoder when its training ends: did it diverge, and does it still tell prints apart?"""

import math
from collections.abc import Callable

import pytorch_lightning as pl
from torch import Tensor

from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker
from ridgecode.training.budgeted import BudgetedTraining
from ridgecode.training.collapse import LEAST_STEPS, SPREAD, embedding_spread
from ridgecode.training.collapse_callback import report_collapse
from ridgecode.training.recorder import evaluating

WORSE = 10.0
"""A validation MSE of so many times that of one grey image for all prints is not that of slow learning."""


class LastLook(pl.Callback):
    """Reports a collapse or a divergence when the training ends.

    x: validation windows (N, 1, H, W), of which one alone shows nothing; encode: from windows to latent vectors
    (N, latent_dim); reconstruct: from windows to their reconstructions (N, 1, H, W).
    """

    def __init__(
        self,
        run: RunFolder,
        tracker: Tracker,
        x: Tensor,
        encode: Callable[[Tensor], Tensor],
        reconstruct: Callable[[Tensor], Tensor],
    ) -> None:
        self.run, self.tracker, self.x, self.encode, self.reconstruct = run, tracker, x, encode, reconstruct

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, BudgetedTraining)
        if len(self.x) < 2 or not trainer.is_global_zero or "val_mse" not in pl_module.validated:
            return
        with evaluating(pl_module):
            x = self.x.to(pl_module.device)
            z_spread = embedding_spread(self.encode(x).float().flatten(1))
            x_hat_spread = embedding_spread(self.reconstruct(x).float().flatten(1))
        grey = float(self.x.var(unbiased=False))
        sentence = fault(pl_module.validated, grey, z_spread, x_hat_spread, trainer.global_step)
        if sentence:
            report_collapse(self.run, self.tracker, trainer.current_epoch - 1, sentence)


def fault(validated: dict[str, float], grey_mse: float, z_spread: float, x_hat_spread: float, steps: int) -> str:
    """What is wrong with an autoencoder; "" where nothing is.

    validated: the figures of its last validation; grey_mse: the MSE of the best single grey value for all prints;
    z_spread, x_hat_spread: of its latent vectors and of its reconstructions of different prints, as `embedding_spread`
    measures them; steps: of its training.
    """
    mse = validated["val_mse"]
    for name in ("val_loss", "val_mse"):
        if not math.isfinite(validated[name]):
            return f"this run has diverged: its {name} is {validated[name]}; lower --learning_rate"
    if mse > WORSE * grey_mse:
        return (
            f"this run has diverged: its val_mse is {mse:.3g}, where one grey image for all prints has {grey_mse:.3g}; "
            "lower --learning_rate"
        )
    # The network of a first few steps may still draw the same image for all prints.
    least = SPREAD if steps >= LEAST_STEPS else 0.0
    same = [
        words
        for words, spread in (("get the same latent vector", z_spread), ("are decoded to the same image", x_hat_spread))
        if spread <= least
    ]
    if same:
        return f"this run has collapsed: all prints {' and '.join(same)}; lower --learning_rate, or train longer"
    return ""
