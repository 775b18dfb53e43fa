"""Checks of train-head's settings, and what stands behind those that are left to `auto` or 0."""

import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.commands.settings.train_head import TrainHead
from ridgecode.commands.train.checks import check_at_least
from ridgecode.errors import BadInput
from ridgecode.matching.names import HeadName
from ridgecode.matching.places.first_map import has_first_map
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE
from ridgecode.matching.templates.format import BYTES, STEPS, TemplateFormat, template_format
from ridgecode.matching.templates.head_templates import check_cosine
from ridgecode.runs.hardware import Hardware
from ridgecode.runs.run_folder import RunFolder
from ridgecode.training import head as head_training
from ridgecode.training.views.shared_batches import store_paths

_OF_MLP = ("movement", "hidden", "embedding_dim")
_OF_PLACES = ("template_dim", "bank_views", "renewals", "precision", "shares", "teacher", "teacher_weight")
_MLP_ALONE_BY_AUTO = ("comparator", "loss", "pairs", *_OF_MLP)
USUAL_BITS = 4
"""Of a number in a template of `places`."""
_DEFAULTS = {name: field.default for name, field in TrainHead.__dataclass_fields__.items()}


class Amounts(NamedTuple):
    """How a head is trained: epochs of `steps` steps, fingers of a step, the highest learning rate."""

    epochs: int
    steps: int
    batch_size: int
    learning_rate: float


def check_head_settings(settings: TrainHead) -> None:
    """Raises BadInput for values out of range."""
    check_at_least(settings, 1, ("hidden", "embedding_dim", "template_dim", "renewals"))
    check_at_least(settings, 2, ("bank_views",))
    counts = ("max_steps", "max_epochs", "early_stopping_patience", "threads", "seed")
    check_at_least(settings, 0, (*counts, "max_minutes", "learning_rate"))
    if settings.autoencoder_minutes <= 0:
        raise BadInput(f"--autoencoder_minutes is {settings.autoencoder_minutes}; give more than 0")
    if settings.batch_size != 0 and settings.batch_size < 2:
        raise BadInput(f"--batch_size is {settings.batch_size}; pairs need 2 or more")
    if settings.loss == "infonce" and settings.pairs != "auto":
        raise BadInput(f"--pairs {settings.pairs} is for other losses; --loss infonce takes all pairs: leave it out")
    if settings.teacher_weight <= 0:
        raise BadInput(f"--teacher_weight is {settings.teacher_weight:g}; give more than 0, or leave out --teacher")
    if settings.teacher_weight != _DEFAULTS["teacher_weight"] and not settings.teacher:
        raise BadInput(f"--teacher_weight {settings.teacher_weight:g} is for --teacher; give it too, or leave both out")
    if settings.max_steps and settings.max_epochs:
        raise BadInput(f"--max_steps {settings.max_steps} and --max_epochs {settings.max_epochs}: give one of them")
    Hardware(settings.device).check()


def with_known_head(settings: TrainHead, run: RunFolder) -> TrainHead:
    """The settings with `places` or `mlp` in the place of `auto`. Raises BadInput for flags of the other head."""
    settings = replace(settings, head=_head(settings, run))
    other, way_out = (_OF_MLP, "mlp") if settings.head == "places" else (_OF_PLACES, "places")
    for name in other:
        if (value := getattr(settings, name)) != _DEFAULTS[name]:
            raise BadInput(f"--{name} {value} is for --head {way_out}; leave it out with --head {settings.head}")
    if settings.head == "places" and settings.comparator != "cosine":
        raise BadInput(f"--comparator {settings.comparator} is for --head mlp; templates of places have the cosine")
    head_format(settings)
    if settings.head == "mlp" and len(store_paths(settings.data)) > 1:
        raise BadInput(f"--data {settings.data} names several stores, which --head places trains on; give one")
    return settings


def _head(settings: TrainHead, run: RunFolder) -> HeadName:
    if settings.head != "auto":
        return settings.head
    if run.begun():  # runs of earlier versions name no head
        return "places" if run.read_config().get("head") == "places" else "mlp"
    if any(getattr(settings, name) != _DEFAULTS[name] for name in _MLP_ALONE_BY_AUTO):
        return "mlp"
    # Without a model, one is trained whose decoder has a map.
    return "places" if settings.model is None or has_first_map(Autoencoder.load(settings.model).net) else "mlp"


def amounts(settings: TrainHead) -> Amounts:
    """What the settings say, or what 0 stands for in them."""
    places = settings.head == "places"
    usual = head_training.PLACES_STEPS_PER_EPOCH if places else head_training.STEPS_PER_EPOCH
    epochs, steps = settings.max_epochs or (40 if places else 100), usual
    if settings.max_steps:
        # Epochs of one length: the last one, on which the run ends, is validated as the others are.
        epochs = math.ceil(settings.max_steps / usual)
        steps = settings.max_steps // epochs
    batch_size = settings.batch_size or (128 if places else 256)
    return Amounts(epochs, steps, batch_size, settings.learning_rate or (2e-3 if places else 1e-3))


def head_format(settings: TrainHead) -> TemplateFormat | None:
    """How templates are stored, of settings whose head is known. Raises BadInput for a size that does not fit."""
    dims = settings.template_dim if settings.head == "places" else settings.embedding_dim
    size, bits = settings.template_bytes, settings.template_bits
    if size < 0:
        usual = dims * USUAL_BITS // 8
        size = usual if settings.head == "places" and usual in BYTES and dims * USUAL_BITS == 8 * usual else 0
        bits = bits or (USUAL_BITS if size else 0)
    if size > 0 and not bits and 8 * size in (dims * one for one in STEPS):
        bits = 8 * size // dims
    found = template_format(size, bits, dims)
    if found is not None:
        check_cosine(settings.comparator)
    return found


def own_autoencoder(run: RunFolder) -> Path:
    """The copy of the autoencoder in a head's run."""
    return run.path / AUTOENCODER_FILE
