"""Tells when a Siamese training has collapsed: its loss sits where one constant answer would, units are dead, or all
images get the same embedding.

A twin network that answers the same for every pair has a gradient of nearly zero: it does not recover by itself, and
its loss looks like slow learning. So three things are measured after each epoch, on validation images:

- the training loss against the constant floor, the cost of the best constant answer (0.25 for the contrastive loss with
  margin 1 and as many mated as non-mated pairs, ln 2 for cross-entropy);
- the share of dead units: of the ReLU units of the layer that has most of them, those that are 0 for every image;
- the spread of embeddings: the root of their variance over images, as a share of their root mean square.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor, nn

FLOOR_SHARE = 0.98
"""A training loss of this share of the floor or more counts as sitting at it."""
PATIENCE = 10
"""Epochs in a row at the floor that count as a stall, and as many for all others to be more than a bad start."""
LEAST_STEPS = 40
"""Before so many steps nothing is said: every training starts at the floor."""
DEAD_SHARE = 0.95
SPREAD = 1e-3


class Health(NamedTuple):
    """One epoch's measures. floor_ratio: training loss over the constant floor; dead_share: 0 to 1, of the worst
    layer; spread: of embeddings, 0 where all images have the same."""

    floor_ratio: float
    dead_share: float
    spread: float


def embedding_spread(e: Tensor) -> float:
    """Embeddings (N, D) of different images: root of the mean variance a dimension over their root mean square."""
    size = float(e.square().mean().sqrt())
    return float(e.var(0, unbiased=False).mean().sqrt()) / size if size > 0 else 0.0


@contextmanager
def counting_dead_units(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Within the block, notes for every ReLU of `net` which of its units (channels, for maps) were above 0 for any
    image; `dead_share` reads it."""
    alive: dict[str, Tensor] = {}
    hooks = []
    for name, layer in net.named_modules():
        if isinstance(layer, nn.ReLU):

            def note(_: nn.Module, __: tuple[Tensor, ...], out: Tensor, name: str = name) -> None:
                fired = (out > 0).transpose(0, 1).flatten(1).any(1)
                alive[name] = alive[name] | fired if name in alive else fired

            hooks.append(layer.register_forward_hook(note))
    try:
        yield alive
    finally:
        for hook in hooks:
            hook.remove()


def dead_share(alive: dict[str, Tensor]) -> float:
    """The largest share of dead units of any layer; 0 for a network without ReLU layers."""
    return max((1 - float(fired.float().mean()) for fired in alive.values()), default=0.0)


class CollapseWatch:
    """Judges a run by its epochs' health; `sentence` says what it found, once, and is "" before."""

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

    def look(self, health: Health, step: int) -> bool:
        """Takes in one epoch; returns whether the run has just been found to have collapsed."""
        if self.sentence or step < LEAST_STEPS:
            return False
        self._at_floor = self._at_floor + 1 if health.floor_ratio >= FLOOR_SHARE else 0
        self._dead = self._dead + 1 if health.dead_share >= DEAD_SHARE else 0
        self._same = self._same + 1 if health.spread < SPREAD else 0
        found = []
        if self._at_floor >= PATIENCE:
            loss = health.floor_ratio * self.floor
            found.append(
                f"its loss of {loss:.3f} has not been below {FLOOR_SHARE * self.floor:.3f} for {self._at_floor} "
                f"epochs, where one same answer for every pair costs {self.floor:.3f}"
            )
        if self._dead >= PATIENCE:
            found.append(f"{100 * health.dead_share:.0f} % of the units of a layer are dead")
        if self._same >= PATIENCE:
            found.append("all images get the same embedding")
        if found:
            self.sentence = (
                f"this run has collapsed: {', '.join(found)}; what usually cures it: no dropout before the distance "
                "(each image draws its own mask), a lower learning rate, batch norm, no ReLU after the last layer"
            )
        return bool(found)
