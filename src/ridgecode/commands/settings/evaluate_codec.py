"""The settings of `ridgecode evaluate-codec`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.codec.images.names import ClassicalName, FittedName
from ridgecode.prints.names import Split, ViewName
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class EvaluateCodec:
    """Measures an image codec: bytes, and what is lost at several qualities, beside the figures of autoencoders.

    Args:
        codec: jpeg, jpeg-flat, jpeg2000, jpegxl, webp, avif or wsq (which need the extra ridgecode[codecs]); klt or pca
            (fitted on Real prints of train subjects of --data)
        out: JSON file for the figures; other files go to the folder x-files beside x.json
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        split: which subjects: train, val, test, or all
        view: which pixels are coded: whole or crop32
        qualities: in the codec's own unit, by commas (default: several that span its useful range)
        json: print the figures as JSON, for programs, instead of lines to read
    """

    codec: Literal[ClassicalName, FittedName]
    out: Path
    data: Path = field(default_factory=default_data)
    split: Split = "val"
    view: ViewName = "whole"
    qualities: str = ""
    json: bool = False
