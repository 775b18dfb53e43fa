"""The settings of `ridgecode models list|show|export|fit-codec|keep`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ListModels:
    """Lists the pretrained models and the shipped matchers. Each verb that takes a model, or a matcher's run, takes the
    name of one."""


@dataclass(frozen=True)
class ShowModel:
    """Prints the card of a model or a matcher: its figures, the commands that made it, its terms of use.

    Args:
        model: name of a pretrained model or a shipped matcher, or a file with a card
    """

    model: Path


@dataclass(frozen=True)
class ExportModel:
    """Writes a model as encoder.onnx and decoder.onnx, a matcher of images as matcher.onnx, or a head on latent vectors
    as head.onnx (needs the extra ridgecode[onnx]).

    Args:
        model: name of a pretrained model or a shipped matcher, a run's folder, or a model file
        out: folder for the files
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
    """Keeps a finished and evaluated run as a pretrained model or a shipped matcher: NAME.safetensors, with 16-bit
    weights, 8-bit ones of a matcher, and its card NAME.md.

    Args:
        run: folder of a train-autoencoder, train-head or train-siamese run
        name: of the model, such as ridge-crop32-128
        data: prepared store on whose validation subjects the weights are compared with those of 32 bits: by the MSE,
            and of a matcher, which needs it, by embeddings and EER
        evaluations: of a matcher, JSON files of `ridgecode evaluate` whose figures the card has, by commas (default:
            those in the run's folder)
        out: folder for the two files (default: where the pretrained models, or the shipped matchers, lie)
    """

    run: Path
    name: str
    data: Path | None = None
    evaluations: str = ""
    out: Path | None = None
