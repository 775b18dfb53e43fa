"""`ridgecode models export`, `fit-codec` and `keep`: models as other files."""

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import has_card
from ridgecode.autoencoders.pretrained import PRETRAINED
from ridgecode.codec.fit import fit_codec
from ridgecode.commands.models.keep import keep_model, renew_coded_figures
from ridgecode.commands.settings.models import ExportModel, FitCodec, KeepModel
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore


def export_model(settings: ExportModel) -> None:
    """Writes the ONNX files. Raises BadInput for a model that can't be used, and without the extra `onnx`."""
    for written in Autoencoder.load(settings.model).export_onnx(settings.out):
        print(f"{written}: {written.stat().st_size:,} bytes")


def write_with_fitted_codec(settings: FitCodec) -> None:
    """Writes the model with its codec. Raises BadInput for a model, store or --out that can't be used."""
    out = settings.out
    if out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file, such as {out / 'model.safetensors'}")
    store = PrintStore.open(settings.data)
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
    """Keeps the run. Raises BadInput as `keep_model` does."""
    file = keep_model(settings.run, settings.name, settings.data, settings.out or PRETRAINED)
    print(f"{file}: {file.stat().st_size:,} bytes; its card is {file.with_suffix('.md')}")
