"""`ridgecode models export`, `fit-codec` and `keep`: models as other files."""

from pathlib import Path

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import has_card
from ridgecode.autoencoders.pretrained import PRETRAINED
from ridgecode.codec.fit import fit_codec
from ridgecode.commands.models.keep import check_name, keep_model, renew_coded_figures
from ridgecode.commands.models.keep_matcher import keep_matcher
from ridgecode.commands.settings.models import ExportModel, FitCodec, KeepModel
from ridgecode.errors import BadInput
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.shipped.card import holds_matcher
from ridgecode.matching.shipped.names import is_shipped
from ridgecode.matching.shipped.onnx_export import export_matcher
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import RunFolder, verb_of


def export_model(settings: ExportModel) -> None:
    """Writes the ONNX files. Raises BadInput for a model that can't be used, and without the extra `onnx`."""
    if is_matcher(settings.model):
        written = export_matcher(Matcher.load(settings.model), settings.out)
        print(f"{written}: {written.stat().st_size:,} bytes")
        return
    for written in Autoencoder.load(settings.model).export_onnx(settings.out):
        print(f"{written}: {written.stat().st_size:,} bytes")


def write_with_fitted_codec(settings: FitCodec) -> None:
    """Writes the model with its codec. Raises BadInput for a model, store or --out that can't be used."""
    out = settings.out
    if out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file, such as {out / 'model.safetensors'}")
    store = PrintStore.open(settings.data).at_ppi(CANONICAL_PPI)
    prints = store.prints("train")
    if not len(prints):
        raise BadInput(
            f"--data {settings.data} has no Real prints of train subjects; prepare a store with more subjects"
        )
    fit_codec(settings.model, prints, out)
    if has_card(out):
        renew_coded_figures(out, store)
    print(f"{out}: {out.stat().st_size:,} bytes, of a model that `ridgecode encode` takes")


def keep(settings: KeepModel) -> None:
    """Keeps the run, of an autoencoder or a matcher. Raises BadInput as `keep_model` and `keep_matcher` do."""
    check_name(settings.name, settings.out)
    if verb_of(RunFolder(settings.run).read_config()) in ("train-head", "train-siamese"):
        file = keep_matcher(settings.run, settings.name, settings.data, paths_of(settings.evaluations), settings.out)
    elif settings.evaluations:
        raise BadInput("--evaluations is for matchers; leave it out, since a model's figures are those of its own run")
    else:
        file = keep_model(settings.run, settings.name, settings.data, settings.out or PRETRAINED)
    print(f"{file}: {file.stat().st_size:,} bytes; its card is {file.with_suffix('.md')}")


def is_matcher(model: Path) -> bool:
    """Whether a name, a file or a run's folder is a matcher's, not an autoencoder's."""
    if model.is_dir():
        config = RunFolder(model)
        return config.config.is_file() and verb_of(config.read_config()) in ("train-head", "train-siamese")
    return is_shipped(model) or (model.is_file() and holds_matcher(model))


def paths_of(evaluations: str) -> list[Path]:
    """The files of --evaluations, which commas part."""
    return [Path(one) for one in evaluations.split(",") if one]
