"""The names that settings about prints take. A file of its own, since a command line needs them without NumPy."""

from typing import Literal

ViewName = Literal["crop32", "whole", "full"]
Split = Literal["train", "val", "test", "all"]
TrainCrops = Literal["random", "warped", "near", "centre"]
SplitBy = Literal["subject", "file"]
TrainLevels = Literal["auto", "Real", "all"]

LARGE_SET = "Synthetic"
"""The folder of synthetic prints that are larger than SOCOFing's, and so the name of their set in a store."""
