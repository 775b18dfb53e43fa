"""The settings of `ridgecode demo`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Demo:
    """Makes synthetic prints, trains 4 latent sizes x 2 distortions and a matcher, and writes a report: about 5 minutes
    on 2 cores. The same command again goes on where it was stopped.

    Args:
        out: folder for all of it
        subjects: synthetic subjects, ten fingers each
        minutes: minutes of training for each of the 8 autoencoders and the matcher
        seed: of prints and trainings
    """

    out: Path = Path("demo")
    subjects: int = 40
    minutes: float = 0.4
    seed: int = 0
