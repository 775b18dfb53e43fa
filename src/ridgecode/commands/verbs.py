"""The verbs, in the order the data flows."""

from importlib import import_module
from typing import Any, NamedTuple


class Verb(NamedTuple):
    """A verb. settings: the module and the class of its settings; function: the module and the function that carries it
    out; summary: its line in `ridgecode --help`; positionals: the settings that are given without a flag.

    Modules are imported when they are used: settings load in no time, torch takes seconds.
    """

    settings: tuple[str, str]
    function: tuple[str, str]
    summary: str
    positionals: tuple[str, ...] = ()

    def settings_class(self) -> Any:
        """The dataclass of its settings."""
        return getattr(import_module(f"ridgecode.commands.settings.{self.settings[0]}"), self.settings[1])

    def load(self) -> Any:
        """The function that carries it out."""
        return getattr(import_module(f"ridgecode.commands.{self.function[0]}"), self.function[1])


VERBS = {
    "prepare": Verb(("prepare", "Prepare"), ("prepare", "prepare_store"), "reads images once into a prepared store"),
    "synthesise": Verb(
        ("synthesise", "Synthesise"),
        ("synthesise", "synthesise_prints"),
        "makes synthetic prints in SOCOFing's layout",
    ),
    "train-autoencoder": Verb(
        ("train_autoencoder", "TrainAutoencoder"),
        ("train.autoencoder", "train_autoencoder"),
        "trains one autoencoder",
    ),
    "encode": Verb(("encode", "Encode"), ("encode", "encode"), "prints to latent vectors or a coded file", ("store",)),
    "decode": Verb(
        ("decode", "Decode"), ("decode", "decode"), "latent vectors or coded files back to images", ("codes",)
    ),
    "train-head": Verb(
        ("train_head", "TrainHead"), ("train.head", "train_head"), "trains a Siamese head on latent vectors"
    ),
    "train-siamese": Verb(
        ("train_siamese", "TrainSiamese"), ("train.siamese", "train_siamese"), "trains an image Siamese system"
    ),
    "evaluate": Verb(
        ("evaluate", "Evaluate"), ("evaluate", "evaluate"), "reconstruction and matching figures of a run"
    ),
    "evaluate-codec": Verb(
        ("evaluate_codec", "EvaluateCodec"),
        ("evaluate_codec", "evaluate_codec"),
        "bytes and distortion of an image codec",
    ),
    "evaluate-minutiae": Verb(
        ("evaluate_minutiae", "EvaluateMinutiae"),
        ("evaluate_minutiae", "evaluate_minutiae"),
        "figures of a minutiae matcher on prints and reconstructions",
    ),
    "verify": Verb(("verify", "Verify"), ("verify", "verify"), "compares two images", ("images",)),
    "calibrate": Verb(
        ("calibrate", "Calibrate"), ("calibrate", "calibrate"), "chooses a matcher's threshold on your own prints"
    ),
    "models list": Verb(
        ("models", "ListModels"), ("models.show", "list_models"), "lists the pretrained models and matchers"
    ),
    "models show": Verb(("models", "ShowModel"), ("models.show", "show_model"), "prints a model's card", ("model",)),
    "models export": Verb(
        ("models", "ExportModel"), ("models.write", "export_model"), "writes a model as ONNX files", ("model",)
    ),
    "models fit-codec": Verb(
        ("models", "FitCodec"),
        ("models.write", "write_with_fitted_codec"),
        "writes a model with a codec for its latent vectors",
        ("model",),
    ),
    "models keep": Verb(
        ("models", "KeepModel"), ("models.write", "keep"), "keeps a run as a pretrained model", ("run",)
    ),
    "sweep": Verb(("sweep", "Sweep"), ("sweep", "sweep"), "runs a sweep file here, with no account", ("file",)),
    "report": Verb(("report", "Report"), ("report", "report"), "runs to a latent-size report", ("runs",)),
    "demo": Verb(("demo", "Demo"), ("demo", "demo"), "all of it on synthetic prints, in minutes, ending in a report"),
}
"""By name; a name of two words is a verb below another one."""

GROUPS = {"models": "pretrained models and matchers: list, show, export, fit-codec, keep"}
"""The line in `ridgecode --help` for the first word of a name of two."""
