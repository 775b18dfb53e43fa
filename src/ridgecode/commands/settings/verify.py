"""The settings of `ridgecode verify`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verify:
    """Compares two images with a matcher, and prints the score, the threshold, its FMR, and the decision.

    Args:
        run: folder of a train-head or train-siamese run
        probe: image of the probe
        reference: image of the reference
        ppi: pixels per inch of the images; 0 takes that of the training images; an image that `ridgecode decode` drew
            stays as it is
        json: print one JSON object, for programs, instead of lines to read
    """

    run: Path
    probe: Path
    reference: Path
    ppi: float = 0.0
    json: bool = False
