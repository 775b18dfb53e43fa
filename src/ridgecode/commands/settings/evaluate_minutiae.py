"""The settings of `ridgecode evaluate-minutiae`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.codec.images.names import ClassicalName, FittedName
from ridgecode.matching.names import MatcherName
from ridgecode.prints.names import Split
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class EvaluateMinutiae:
    """Measures a minutiae matcher on the reconstructions of a run or of an image codec, or on the store's own prints.

    The figures go to minutiae-MATCHER-PROTOCOL.json in the run's folder, or to --out. Templates are kept beside that
    file, and the same command goes on with them where it was stopped.

    Args:
        matcher: orb (scikit-image), or bozorth3 (NIST's; needs the extra minutiae)
        run: folder of a run on whole prints, a model file, or a pretrained model's name, whose reconstructions are
            compared with their originals
        codec: an image codec in the place of --run, such as jpeg2000; it needs --out and one quality
        qualities: the one quality of --codec, as the codec counts it
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        split: which subjects: train, val, test, or all
        out: JSON file for the figures (default: in the run's folder)
        protocols: reconstruction compares the output of --run or --codec with the originals; aligned, moved,
            impressions and impressions-all (of FVC sets also called fvc and fvc-all) compare the store's own prints;
            auto is reconstruction where there is a run or a codec
        levels: of altered probes, by commas: Easy, Medium, Hard; or all
        max_prints: Real prints that are compared, spread evenly over the subjects
        jobs: processes, one thread each; 0 takes all processors
        threads: processor threads of the network; 0 takes all
        json: print the figures as JSON, for programs, instead of lines to read
    """

    matcher: MatcherName
    run: Path | None = None
    codec: Literal["none", ClassicalName, FittedName] = "none"
    qualities: str = ""
    data: Path = field(default_factory=default_data)
    split: Split = "val"
    out: Path | None = None
    protocols: str = "auto"
    levels: str = "all"
    max_prints: int = 100
    jobs: int = 0
    threads: int = 0
    json: bool = False
