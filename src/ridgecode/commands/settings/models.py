"""The settings of `ridgecode models list|show|export|fit-codec|keep`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ListModels:
    """Lists the pretrained models. Each verb that takes a model takes the name of one."""


@dataclass(frozen=True)
class ShowModel:
    """Prints the card of a model: its figures, the commands that made it, its hash.

    Args:
        model: pretrained model's name, or a model file with a card
    """

    model: Path


@dataclass(frozen=True)
class ExportModel:
    """Writes a model as encoder.onnx and decoder.onnx (needs the extra ridgecode[onnx]).

    Args:
        model: pretrained model's name, a run's folder, or a model file
        out: folder for the two files
    """

    model: Path
    out: Path


@dataclass(frozen=True)
class FitCodec:
    """Writes a model with a codec, by which `encode` makes bytes of its latent vectors.

    The codec's steps and tables are fitted to the train prints of a store. A model card gets the bytes of the store's
    validation prints.

    Args:
        model: pretrained model's name, a run's folder, or a model file
        data: prepared store whose train prints the codec is fitted to
        out: model file to write, such as model.safetensors
    """

    model: Path
    data: Path
    out: Path


@dataclass(frozen=True)
class KeepModel:
    """Keeps a finished and evaluated run as a pretrained model: NAME.safetensors, with 16-bit weights, and its card
    NAME.md.

    Args:
        run: folder of a train-autoencoder run
        name: of the model, such as ridge-crop32-128
        data: prepared store on whose validation subjects the MSE is measured, with 32- and 16-bit weights
        out: folder for the two files (default: where the pretrained models lie)
    """

    run: Path
    name: str
    data: Path | None = None
    out: Path | None = None
