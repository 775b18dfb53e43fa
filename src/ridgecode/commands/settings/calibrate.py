"""The settings of `ridgecode calibrate`."""

from dataclasses import dataclass, field
from pathlib import Path

from ridgecode.prints.names import Split
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class Calibrate:
    """Chooses a matcher's decision threshold on your own prints, and states what it rests on.

    All prints of different people are compared with each other (for prints with altered ones: each altered print with
    prints of other people); the threshold is the smallest that at most the share --fmr of these comparisons reaches. It
    is written to a calibration, a small file that every verb takes as --run. That of a run lies in its folder, where
    `ridgecode verify` finds it by itself.

    Args:
        run: shipped matcher's name, folder of a train-head or train-siamese run, or a matcher's file
        data: prepared store of your prints (default: the environment variable RIDGECODE_DATA, else ./store)
        fmr: false match rate that the threshold is chosen for, such as 0.001 for 0.1 %; it takes 3 / fmr comparisons to
            show that rate, and with less than 1 / fmr nothing is written
        split: which subjects of the store: train, val, test, or all; val for a run that was trained on this store
        out: file of the calibration (default: calibration.json in the run's folder; NAME-calibration.json here for a
            shipped matcher or a file)
        json: print the calibration as JSON, for programs, instead of lines to read
        threads: processor threads; 0 takes all
    """

    run: Path = Path("ridge-match")
    data: Path = field(default_factory=default_data)
    fmr: float = 0.001
    split: Split = "all"
    out: Path | None = None
    json: bool = False
    threads: int = 0
