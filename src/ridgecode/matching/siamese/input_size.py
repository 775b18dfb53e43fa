"""The size of an image Siamese network's input: that of the flags, of the system, or chosen from the images."""

from typing import NamedTuple

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.names import RecipeName, SystemName
from ridgecode.matching.siamese.systems import SYSTEM_FACTS, SiameseSpec, least_side, siamese_spec
from ridgecode.prints.store import PrintStore

LARGEST_CHOSEN = 160
"""The longest side, in pixels, of an input that is chosen from images of several sizes: the largest published input."""
_MOST_PIXELS = 2**28
"""Of the input, above which nobody trains a network, and products of sizes no longer fit into 64 bits."""


class ChosenSpec(NamedTuple):
    """note: a sentence about the size where the user did not ask for it and the images are of several, else empty."""

    spec: SiameseSpec
    note: str


def chosen_spec(
    system: SystemName, recipe: RecipeName, store: PrintStore, height: int = 0, width: int = 0, channels: int = 0
) -> ChosenSpec:
    """The spec of a system for the images of `store`. height, width, channels: of the input; 0 takes the system's own.

    A system without a size of its own (`contrastive`) takes every second pixel of images of one size. From images of
    several sizes it takes half their median height and width, scaled down together to `LARGEST_CHOSEN` pixels at most,
    but never to less than the network needs.
    """
    heights, widths = store.column("height"), store.column("width")
    if store.one_size:
        shape = int(heights[0]), int(widths[0])
        return ChosenSpec(siamese_spec(system, recipe, shape, height, width, channels), "")
    facts = SYSTEM_FACTS[system]
    shape = _typical_shape(heights, widths, facts.step, least_side(system))
    spec = siamese_spec(system, recipe, shape, height, width, channels)
    if height and width:
        return ChosenSpec(spec, "")
    n_sizes = len(np.unique(np.stack((heights, widths)), axis=1)[0])
    why = f"the input of the published {system}" if facts.height else f"half their median, {LARGEST_CHOSEN} at most"
    note = f"the images are of {n_sizes} sizes; each is brought to {spec.height} rows and {spec.width} columns"
    return ChosenSpec(
        spec, note if height or width else f"{note} ({why}); --image_height and --image_width choose others"
    )


def check_input_size(height: int, width: int) -> None:
    """Raises BadInput for more pixels than any network is trained on."""
    if max(height, 1) * max(width, 1) > _MOST_PIXELS:
        raise BadInput(
            f"--image_height {height} and --image_width {width} are more pixels than a network can take; "
            "give a few hundred a side, such as 100"
        )


def _typical_shape(heights: np.ndarray, widths: np.ndarray, step: int, least: int) -> tuple[int, int]:
    """Rows and columns whose every `step`-th are the input that is chosen for images of several sizes."""
    height, width = float(np.median(heights)), float(np.median(widths))
    scale = min(1.0, step * LARGEST_CHOSEN / max(height, width))
    return max(step * least, round(height * scale)), max(step * least, round(width * scale))
