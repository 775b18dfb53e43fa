"""The base of all trainings: a budget of steps or minutes, a learning rate that follows it, figures to record."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor

from ridgecode.training.schedule import Budget, learning_rate_factor

_ON_THE_BAR = ("val_mse", *(f"val_eer_{protocol}" for protocol in ("moved", "aligned", "impressions", "fvc")))


class EpochBatches(Protocol):
    """The batches of one epoch."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


class EpochLoader:
    """A loader that gives Lightning the batches of the current epoch, which depend on the seed and the epoch alone."""

    def __init__(self, batches: Callable[[int], EpochBatches], epoch: Callable[[], int]) -> None:
        self._batches, self._epoch = batches, epoch

    def __len__(self) -> int:
        return len(self._batches(self._epoch()))

    def __iter__(self) -> Iterator[Any]:
        # A generator, since it asks for the epoch at its first batch: when a run resumes, Lightning makes the iterator
        # before it has restored the epoch.
        yield from self._batches(self._epoch())


class BudgetedTraining(pl.LightningModule):
    """Sets the learning rate before each step and ends the training when its minutes are used.

    validated: the last validation's figures; items: training crops or probes since it was last set to 0
    """

    def __init__(self, budget: Budget, learning_rate: float, schedule: str) -> None:
        super().__init__()
        self.budget, self.learning_rate, self.schedule = budget, learning_rate, schedule
        self.validated: dict[str, float] = {}
        self.items = 0
        self._terms: dict[str, list[Tensor]] = {}

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        used = self.budget.used(self.global_step)
        if self.budget.max_minutes > 0 and self.trainer.world_size > 1:
            # Each process has its own clock, and different learning rates would make their weights differ.
            used = float(self.trainer.strategy.reduce(torch.tensor(used, device=self.device), reduce_op="max"))
        factor = learning_rate_factor(self.schedule, used)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * factor

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        # Lightning then skips the rest of the epoch, validates and ends; -1 from on_train_batch_start would skip the
        # validation too.
        if self.trainer.strategy.reduce_boolean_decision(self.budget.out_of_time(), all=False):
            self.trainer.should_stop = True

    def count(self, items: int, terms: Mapping[str, Tensor]) -> None:
        """Records one step: its number of crops or probes in this process, and its loss terms."""
        self.items += items * self.trainer.world_size
        for name, value in terms.items():
            self._terms.setdefault(name, []).append(value.detach())

    def report_validation(self, validated: dict[str, float]) -> None:
        """Keeps a validation's figures and logs them for early stopping and the progress bar."""
        self.validated = validated
        for name, value in validated.items():
            self.log(name, value, prog_bar=name in _ON_THE_BAR)

    def mean_train_loss(self) -> float:
        """The mean loss of the epoch so far; 0 before its first step."""
        losses = self._terms.get("loss", [])
        return float(torch.stack(losses).mean()) if losses else 0.0

    def train_means(self) -> dict[str, float]:
        """Means of the training terms since the last call."""
        means = {f"train_{name}": float(torch.stack(values).mean()) for name, values in self._terms.items()}
        self._terms.clear()
        return means
