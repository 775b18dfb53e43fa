"""The settings of `ridgecode verify`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verify:
    """Compares two images with a matcher, and prints the score, the threshold, its FMR, and the decision.

    `ridgecode verify A.png B.png` takes the matcher ridge-match, which comes with ridgecode. `ridgecode verify RUN
    A.png B.png` takes the matcher of a run.

    Args:
        images: image of the probe and image of the reference; a matcher, as --run takes it, may stand before them
        run: shipped matcher's name, folder of a train-head or train-siamese run, matcher's file, or a calibration that
            `ridgecode calibrate` wrote
        ppi: pixels per inch of the images; 0 takes that of the training images, and for a shipped matcher the file's
            own tag, else what the size of a SOCOFing file tells, else what the distance of the ridges tells; an image
            that `ridgecode decode` drew stays as it is
        json: print one JSON object, for programs, instead of lines to read
    """

    images: list[Path]
    run: Path = Path("ridge-match")
    ppi: float = 0.0
    json: bool = False
