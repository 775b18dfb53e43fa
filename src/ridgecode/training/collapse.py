"""Detects collapsed Siamese trainings: the loss stays at that of a constant score, units are dead, or all images get
the same embedding.

A Siamese network that gives every pair the same score has a gradient of nearly zero: it does not recover, and its loss
looks like slow learning. So three things are measured after each epoch, on validation images:

- the training loss over the constant floor, the loss of the best constant score (0.25 for the contrastive loss with
  margin 1 and as many mated as non-mated pairs, ln 2 for cross-entropy);
- the share of dead units: ReLU units that are 0 for every image, in the layer with the largest such share;
- the spread of embeddings: the root of their variance over images, divided by their root mean square.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor, nn

FLOOR_SHARE = 0.98
"""A training loss of at least this share of the constant floor is at the floor."""
DEAD_SHARE = 0.95
"""A layer with at least this share of dead units is dead."""
SPREAD = 1e-3
"""Embeddings with a smaller spread are the same."""
PATIENCE = 10
"""Epochs in a row with one of these signs after which a run has collapsed."""
LAST_PATIENCE = 5
"""The same when the training ends, where no later epoch can show more."""
DIVERGED = 100.0
"""A loss of so many times the constant floor is not that of slow learning."""
LEAST_STEPS = 40
"""Steps before which no epoch counts: every training starts at the floor."""


class Health(NamedTuple):
    """The measures of one epoch. floor_ratio: training loss over the constant floor; dead_share: 0 to 1, of the worst
    layer; spread: of embeddings, 0 if all images have the same, NaN if they are no numbers."""

    floor_ratio: float
    dead_share: float
    spread: float

    @property
    def hopeless(self) -> bool:
        """Whether no gradient can change the embeddings any more: a whole layer is dead, and all are the same."""
        return self.dead_share == 1 and self.spread == 0


def embedding_spread(e: Tensor) -> float:
    """The spread of embeddings (N, D) of different images: root of their mean variance over their root mean square."""
    size = float(e.square().mean().sqrt())
    return float(e.var(0, unbiased=False).mean().sqrt()) / size if size != 0 else 0.0


@contextmanager
def counting_dead_units(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Within the block, records which units (channels, for maps) of every ReLU of `net` are above 0 for any image: bool
    (units,) by the layer's name, for `dead_share`."""
    alive: dict[str, Tensor] = {}
    hooks = []
    for name, layer in net.named_modules():
        if isinstance(layer, nn.ReLU):

            def record(_: nn.Module, __: tuple[Tensor, ...], out: Tensor, name: str = name) -> None:
                active = (out > 0).transpose(0, 1).flatten(1).any(1)
                alive[name] = alive[name] | active if name in alive else active

            hooks.append(layer.register_forward_hook(record))
    try:
        yield alive
    finally:
        for hook in hooks:
            hook.remove()


def dead_share(alive: dict[str, Tensor]) -> float:
    """The largest share of dead units of any layer; 0 for a network without ReLU layers."""
    return max((1 - float(active.float().mean()) for active in alive.values()), default=0.0)


class CollapseWatch:
    """Decides from the health of a run's epochs whether it has collapsed. `sentence` describes the collapse, or the
    divergence of the loss; "" before there is one. floor: the constant floor of the training loss."""

    def __init__(self, floor: float) -> None:
        self.floor = floor
        self.sentence = ""
        self._at_floor = self._dead = self._same = 0

    def state(self) -> dict[str, object]:
        """For a checkpoint."""
        return {"sentence": self.sentence, "counts": [self._at_floor, self._dead, self._same]}

    def restore(self, state: dict[str, object]) -> None:
        self.sentence = str(state["sentence"])
        self._at_floor, self._dead, self._same = (int(count) for count in state["counts"])  # type: ignore[attr-defined]

    def update(self, health: Health, step: int) -> bool:
        """Adds the epoch that ended at `step`; returns whether the run collapsed with it."""
        if self.sentence or step < LEAST_STEPS:
            return False
        self._at_floor = self._at_floor + 1 if health.floor_ratio >= FLOOR_SHARE else 0
        self._dead = self._dead + 1 if health.dead_share >= DEAD_SHARE else 0
        self._same = self._same + 1 if health.spread < SPREAD else 0
        return self._tell(self._signs(health, PATIENCE, health.hopeless))

    def last_look(self, health: Health, loss: float) -> bool:
        """The look when the training ends, of any length; returns whether the run has collapsed or diverged, which was
        not known before. health: of the last epoch; loss: the larger of its training and its validation loss."""
        if self.sentence:
            return False
        if not (math.isfinite(loss) and math.isfinite(health.spread)) or loss > DIVERGED * self.floor > 0:
            beside = f", where one constant score for every pair costs {self.floor:.3f}" if self.floor else ""
            self.sentence = f"this run has diverged: its loss is {loss:.3g}{beside}; lower --learning_rate"
            return True
        all_same = health.spread == 0 or (self._same > 0 and health.spread < SPREAD)
        return self._tell(self._signs(health, LAST_PATIENCE, all_same or health.dead_share == 1))

    def _signs(self, health: Health, patience: int, at_once: bool) -> list[str]:
        """What shows a collapse. at_once: whether dead units and equal embeddings count without patience."""
        found = []
        if self._at_floor >= patience:
            loss = health.floor_ratio * self.floor
            found.append(
                f"its loss of {loss:.3f} has not been below {FLOOR_SHARE * self.floor:.3f} for {self._at_floor} "
                f"epochs, where one constant score for every pair costs {self.floor:.3f}"
            )
        if self._dead >= patience or (at_once and health.dead_share >= DEAD_SHARE):
            found.append(f"{100 * health.dead_share:.0f} % of the units of a layer are dead")
        if self._same >= patience or (at_once and health.spread < SPREAD):
            found.append("all images get the same embedding")
        return found

    def _tell(self, found: list[str]) -> bool:
        if found:
            self.sentence = (
                f"this run has collapsed: {', '.join(found)}; what usually cures it: no dropout before the distance "
                "(each image draws its own mask), a lower learning rate, batch norm, no ReLU after the last layer"
            )
        return bool(found)
