"""Keeps a finished run as a pretrained model: 16-bit weights, with its card in the header and beside it."""

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import TRAINED_ON, Measured, ModelCard, card_page, read_card
from ridgecode.autoencoders.pretrained import MAX_BYTES, PRETRAINED
from ridgecode.autoencoders.saved import SavedAutoencoder, save_autoencoder, write_with_codec
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import through_bytes
from ridgecode.commands.models.training_history import training_history
from ridgecode.errors import BadInput
from ridgecode.evaluation.full.prints import measure_full
from ridgecode.files import whole_file, write_text
from ridgecode.matching.shipped.names import shipped_names
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import RunFolder


def keep_model(run_dir: Path, name: str, data: Path | None, out: Path = PRETRAINED) -> Path:
    """Writes NAME.safetensors and NAME.md into `out`; returns the former. Older files of that name are replaced.

    Figures are those of the run's evaluation.json. data: a prepared store, on whose validation subjects the run's
    weights and the 16-bit ones are measured as well; these figures come last on the card, and are those of the list.

    Raises BadInput for a run that is not finished or not evaluated, a name that is none, weights that 16 bits don't
    hold, or, among the pretrained models, a file beyond 5,000,000 bytes.
    """
    check_name(name, out)
    if name in shipped_names():
        raise BadInput(f"--name {name} is that of a shipped matcher; give another")
    run = RunFolder(run_dir)
    if run.read_config().get("verb") != "train-autoencoder":
        raise BadInput(f"{run_dir} is no autoencoder; give the folder of a train-autoencoder run")
    if not run.finished():
        raise BadInput(f"{run_dir} is not finished; give its train-autoencoder command again, which ends it")
    evaluation = _evaluation(run)
    autoencoder = Autoencoder.load(run.path)
    saved = autoencoder.saved
    with tempfile.TemporaryDirectory() as folder:
        half = Path(folder) / "model.safetensors"
        _write(half, saved, None)
        figures = _figures(evaluation, [autoencoder, Autoencoder.load(half)], data)
    card = _card(run, saved, name, evaluation, figures)
    file = out / f"{name}.safetensors"
    with whole_file(file) as temporary:
        _write(temporary, saved, card.to_json())
        size = temporary.stat().st_size
        if out.resolve() == PRETRAINED.resolve() and size > MAX_BYTES:
            raise BadInput(
                f"{run_dir} makes a file of {size:,} bytes, and a pretrained model has at most {MAX_BYTES:,}; "
                "keep a smaller network, or give another folder with --out"
            )
    write_text(file.with_suffix(".md"), card_page(card))
    return file


def check_name(name: str, out: Path | None) -> None:
    """Raises BadInput for a name that is none, and for an --out that is a file."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise BadInput(f"--name {name} is no name for a model; give small letters, digits and dashes between them")
    if out is not None and out.is_file():
        raise BadInput(f"--out {out} is a file; give a folder")


def renew_coded_figures(file: Path, store: PrintStore) -> None:
    """Measures the codec in the model file on the store's validation prints, and writes the figures into the card in
    its header and the page beside it, where the card has figures of as many prints of that source.

    Raises BadInput for a file without a card.
    """
    card, rows = read_card(file), store.rows("val")
    about = (store.source, len(rows))
    if about not in [(one.source, one.n_prints) for one in card.figures]:
        return
    autoencoder = Autoencoder.load(file)
    coded_bytes, coded_mse = coded_figures(autoencoder, store.stack(rows))
    figures = tuple(
        replace(one, coded_bytes=coded_bytes, coded_mse=coded_mse) if (one.source, one.n_prints) == about else one
        for one in card.figures
    )
    card = replace(card, figures=figures)
    write_with_codec(file, file, autoencoder.saved.codec, card.to_json())
    write_text(file.with_suffix(".md"), card_page(card))


def validation_mse(autoencoder: Autoencoder, prints: np.ndarray) -> float:
    """The mean MSE of (N, H, W) uint8 prints on the pixels that the view keeps, as evaluations state it."""
    return _mean_mse(autoencoder, prints, autoencoder.decode(autoencoder.encode(prints)))


def coded_figures(autoencoder: Autoencoder, prints: np.ndarray) -> tuple[float | None, float | None]:
    """Mean payload in bytes of (N, H, W) uint8 prints, and mean MSE of what they decode to; None without a codec."""
    if not autoencoder.saved.codec:
        return None, None
    coded = through_bytes(Codec(autoencoder), prints)
    return float(coded.payload_bytes.mean()), _mean_mse(autoencoder, prints, coded.x_hat)


def _mean_mse(autoencoder: Autoencoder, prints: np.ndarray, x_hat: np.ndarray) -> float:
    truth = np.divide(autoencoder.view.target(prints), 255, dtype=np.float32)
    return float(((x_hat - truth) ** 2).mean(axis=(1, 2), dtype=np.float64).mean())


def _write(file: Path, saved: SavedAutoencoder, card: str | None) -> None:
    try:
        save_autoencoder(
            file, saved.net, saved.spec, saved.latent_mean, saved.latent_std, half=True, card=card, codec=saved.codec
        )
    except ValueError as error:
        raise BadInput(f"the model can't be kept, since its {error}; train it again") from error


def _evaluation(run: RunFolder) -> dict[str, Any]:
    """The run's own evaluation, on validation subjects."""
    file = run.path / "evaluation.json"
    again = f"evaluate it with `ridgecode evaluate --run {run.path} --data STORE`"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = {key: content[key] for key in ("split", "source", "n_prints", "n_subjects", "mse", "pca", "parameters")}
        found["coded"] = content.get("coded", {})
    except FileNotFoundError:
        raise BadInput(f"{file} does not exist; {again}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} holds no figures of an autoencoder ({type(error).__name__}); {again}") from error
    if found["split"] != "val":
        raise BadInput(f"{file} is of the split {found['split']}, not val; {again}")
    return found


def _figures(evaluation: dict[str, Any], weights: list[Autoencoder], data: Path | None) -> tuple[Measured, ...]:
    """The figures of the evaluation, then those on `data`. weights: as they were trained, then those in 16 bits."""
    coded = evaluation["coded"]
    own = Measured(
        evaluation["source"],
        evaluation["n_prints"],
        evaluation["n_subjects"],
        evaluation["mse"],
        pca_mse=evaluation["pca"]["mse"],
        coded_bytes=coded.get("payload_bytes"),
        coded_mse=coded.get("mse"),
    )
    if data is None:
        return (own,)
    full = weights[0].spec.view == "full"
    store = PrintStore.open(data)
    if not full:
        store = store.at_ppi(CANONICAL_PPI)
    rows = store.rows(split="val")
    if not len(rows):
        raise BadInput(f"--data {data} has no Real prints of validation subjects; prepare a store with more subjects")
    in_bytes: tuple[float | None, float | None]
    if full:
        names = store.column("name")[rows].tolist()
        trained, half = (measure_full(one.saved, store, rows, names) for one in weights)
        mse, mse_16_bit = (float(one.whole.mse.mean()) for one in (trained, half))
        in_bytes = float(half.payload_bytes.mean()), float(half.coded.mse.mean())
    else:
        prints = store.stack(rows)
        mse, mse_16_bit = (validation_mse(one, prints) for one in weights)
        in_bytes = coded_figures(weights[1], prints)
    n_subjects = len(np.unique(store.column("subject")[rows]))
    # The store of the evaluation: one line of figures, not two that differ by a rounding.
    same = (own.source, own.n_prints) == (store.source, len(rows)) and np.isclose(mse, own.mse, rtol=1e-3)
    if same:
        return (Measured(own.source, own.n_prints, own.n_subjects, own.mse, mse_16_bit, own.pca_mse, *in_bytes),)
    return own, Measured(store.source, len(rows), n_subjects, mse, mse_16_bit, None, *in_bytes)


def _card(
    run: RunFolder, saved: SavedAutoencoder, name: str, evaluation: dict[str, Any], figures: tuple[Measured, ...]
) -> ModelCard:
    environment, spec = run.read_environment(), saved.spec
    history = training_history(run)
    source = environment.get("source", evaluation["source"])
    if source not in TRAINED_ON:
        raise BadInput(f"{run.environment} names the source {source}, which no store has; train the run again")
    machine = environment.get("machine", {})
    threads = machine.get("threads")
    parts = [machine.get("cpu"), f"{threads} thread{'s' * (threads != 1)}" if threads else None, machine.get("gpu")]
    return ModelCard(
        name=name,
        view=spec.view,
        latent_dim=spec.latent_dim,
        backbone=spec.backbone,
        distortion=spec.distortion,
        task=spec.task,
        parameters=evaluation["parameters"],
        trained_on=source,
        figures=figures,
        command="\n".join(history.commands),
        seed=int(environment.get("seed") or 0),
        commit=environment.get("commit"),
        machine=", ".join(part for part in parts if part) or "an unknown machine",
        seconds=history.seconds,
    )
