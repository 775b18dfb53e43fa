"""`ridgecode models`: the pretrained models, their cards, ONNX files and codecs of any model, and keeping a run."""

from dataclasses import dataclass
from pathlib import Path

from ridgecode.autoencoders.model_card import has_card, read_card
from ridgecode.autoencoders.model_card_page import card_page
from ridgecode.autoencoders.pretrained import PRETRAINED, model_file, pretrained_names, pretrained_path
from ridgecode.errors import BadInput


@dataclass(frozen=True)
class Models:
    """Lists the pretrained models, prints the card of one, or writes a model as ONNX files or with a codec.

    Each verb that takes a model takes the name of a pretrained one. With --keep a finished and evaluated run becomes
    such a model: NAME.safetensors, with 16-bit weights, and its card NAME.md.

    Args:
        model: pretrained model's name, or a model file with a card, whose card is printed; with --onnx also a run
        onnx: write encoder.onnx and decoder.onnx of the model into --out (needs the extra ridgecode[onnx])
        fit_codec: write the model to the file --out with a codec, by which `encode` makes bytes of latent vectors; its
            steps and tables are fitted to the train prints of --data; a card gets the bytes of its validation prints
        out: folder for the ONNX files, or for what --keep writes (default: where the pretrained models lie); the file
            that --fit_codec writes
        keep: train-autoencoder run to keep as a pretrained model
        name: of the model that --keep writes, such as ridge-crop32-128
        data: prepared store on whose validation subjects --keep measures the MSE, with 32- and 16-bit weights; or whose
            train subjects --fit_codec takes
    """

    model: Path | None = None
    onnx: bool = False
    fit_codec: bool = False
    out: Path | None = None
    keep: Path | None = None
    name: str = ""
    data: Path | None = None


def models_command(config: Models) -> None:
    """Raises BadInput for flags that don't go together, and for a model or run that can't be used."""
    _check(config)
    if config.keep is not None:
        # Imported where it is used, as below: a list of names needs no torch, which takes seconds to load.
        from ridgecode.study.keep_model import keep_model

        file = keep_model(config.keep, config.name, config.data, config.out or PRETRAINED)
        print(f"{file}: {file.stat().st_size:,} bytes; its card is {file.with_suffix('.md')}")
    elif config.model is None:
        print(models_table())
    elif config.onnx:
        from ridgecode.autoencoders.autoencoder import Autoencoder

        assert config.out is not None
        for written in Autoencoder.load(config.model).export_onnx(config.out):
            print(f"{written}: {written.stat().st_size:,} bytes")
    elif config.fit_codec:
        _write_with_codec(config)
    else:
        print(card_page(read_card(model_file(config.model))), end="")


def _write_with_codec(config: Models) -> None:
    from ridgecode.prints.store import PrintStore
    from ridgecode.prints.views import stack_prints
    from ridgecode.study.codec_card import tell_coded_bytes
    from ridgecode.study.codec_fit import fit_codec

    assert config.model is not None and config.data is not None and config.out is not None
    store = PrintStore.open(config.data)
    rows = store.rows("train")
    if not len(rows):
        raise BadInput(f"--data {config.data} has no Real prints of train subjects; prepare a store with more subjects")
    fit_codec(config.model, stack_prints(store, rows), config.out)
    if has_card(config.out):
        tell_coded_bytes(config.out, store)
    print(f"{config.out}: {config.out.stat().st_size:,} bytes, of a model that `ridgecode encode` takes")


def models_table() -> str:
    """The pretrained models, a line each under a line of headings; one sentence where there are none."""
    rows = []
    for name in pretrained_names():
        file = pretrained_path(name)
        card = read_card(file)
        best = card.best_known
        measured = f"{best.told:.5f} ({best.source})"
        size = f"{file.stat().st_size / 1e6:.1f} MB"
        dims, coded = str(card.latent_dim), "-" if best.coded_bytes is None else f"{best.coded_bytes:.1f}"
        rows.append([name, card.view, dims, dims, coded, measured, card.trained_on, size])
    if not rows:
        return "no pretrained models come with this ridgecode; train one with `ridgecode train-autoencoder`"
    head = [
        "name",
        "view",
        "latent dims",
        "bytes at 8 bits",
        "bytes, coded",
        "MSE, validation prints",
        "trained on",
        "file",
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def _check(config: Models) -> None:
    if config.keep is not None:
        others = {"--onnx": config.onnx, "--fit_codec": config.fit_codec, f"{config.model}": config.model is not None}
        for flag, given in others.items():
            if given:
                raise BadInput(f"{flag} says nothing to --keep, which takes a run; leave it out")
        if not config.name:
            raise BadInput("--name is missing: name the model that --keep writes, such as ridge-crop32-128")
        return
    if config.name:
        raise BadInput("--name is for --keep; leave it out, or name a run with --keep")
    if config.fit_codec:
        _check_fit(config)
        return
    if config.data is not None:
        raise BadInput("--data is for --keep and --fit_codec; leave it out, or add one of them")
    if config.onnx and config.model is None:
        raise BadInput("--onnx needs a model: give a pretrained model's name, a run or a model file")
    if config.onnx and config.out is None:
        raise BadInput("--out is missing: give a folder for encoder.onnx and decoder.onnx")
    if config.out is not None and not config.onnx:
        raise BadInput("--out is for --onnx, --fit_codec and --keep; leave it out, or add one of them")


def _check_fit(config: Models) -> None:
    if config.onnx:
        raise BadInput("--onnx and --fit_codec write different files; give one of them")
    if config.model is None:
        raise BadInput("--fit_codec needs a model: give a pretrained model's name, a run or a model file")
    if config.data is None:
        raise BadInput("--data is missing: give the prepared store whose train prints --fit_codec is fitted to")
    if config.out is None:
        raise BadInput("--out is missing: name the file that --fit_codec writes, such as model.safetensors")
    if config.out.is_dir():
        raise BadInput(f"--out {config.out} is a folder; name a file, such as {config.out / 'model.safetensors'}")
