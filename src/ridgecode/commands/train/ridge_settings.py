"""Checks of train-siamese's settings for the system `ridge`, and what stands behind those that are left to 0."""

import math
from typing import NamedTuple

from ridgecode.commands.settings.train_siamese import TrainSiamese
from ridgecode.commands.train.checks import check_at_least
from ridgecode.errors import BadInput
from ridgecode.matching.siamese.systems import RECIPES
from ridgecode.matching.templates.format import TemplateFormat, template_format
from ridgecode.runs.hardware import Hardware

STEPS_PER_EPOCH = 250
_OF_RIDGE = (
    "shares",
    "template_bytes",
    "template_bits",
    "template_dim",
    "start_from",
    "max_steps",
    "precision",
)
_OF_OTHERS = ("recipe", "source", "split_by", "pair_list", "n_pairs", "image_height", "image_width", "channels")
_DEFAULTS = {name: field.default for name, field in TrainSiamese.__dataclass_fields__.items()}
_USUAL_BITS = 4


class Amounts(NamedTuple):
    """How the network is trained: epochs of `steps` steps, views of a step, the highest learning rate."""

    epochs: int
    steps: int
    n_views: int
    learning_rate: float


def check_not_ridge(settings: TrainSiamese) -> None:
    """Raises BadInput for flags of the system `ridge` with another system."""
    for name in _OF_RIDGE:
        if (value := getattr(settings, name)) != _DEFAULTS[name]:
            raise BadInput(f"--{name} {value} is for --system ridge; leave it out with --system {settings.system}")


def check_ridge(settings: TrainSiamese) -> None:
    """Raises BadInput for values out of range, and for flags of the other systems."""
    for name in _OF_OTHERS:
        if (value := getattr(settings, name)) != _DEFAULTS[name] and (name, value) != ("split_by", "subject"):
            raise BadInput(f"--{name} {value} is for the other systems; leave it out with --system ridge")
    counts = ("max_steps", "max_epochs", "early_stopping_patience", "threads", "seed", "template_dim", "template_bits")
    check_at_least(settings, 0, (*counts, "max_minutes", "learning_rate"))
    if settings.batch_size and settings.batch_size < 8:
        raise BadInput(
            f"--batch_size is {settings.batch_size}; give 8 views or more, of which each finger takes 2 or 4"
        )
    if settings.max_steps and settings.max_epochs:
        raise BadInput(f"--max_steps {settings.max_steps} and --max_epochs {settings.max_epochs}: give one of them")
    ridge_template(settings)
    Hardware(settings.device).check()


def ridge_template(settings: TrainSiamese) -> tuple[TemplateFormat | None, int]:
    """The format of templates, None for floats, and the numbers in an embedding. Raises BadInput for a pair that does
    not fit."""
    bits = settings.template_bits or (_USUAL_BITS if settings.template_bytes else 0)
    found = template_format(settings.template_bytes, bits, 0)
    dims = settings.template_dim or (found.dims if found and found.bits > 1 else 128)
    return template_format(settings.template_bytes, bits, dims), dims


def ridge_amounts(settings: TrainSiamese) -> Amounts:
    """What the settings say, or what 0 stands for in them."""
    recipe = RECIPES["ridge", "ours"]
    epochs, steps = settings.max_epochs or recipe.max_epochs, STEPS_PER_EPOCH
    if settings.max_steps:
        # Epochs of one length: the last one, on which the run ends, is validated as the others are.
        epochs = math.ceil(settings.max_steps / STEPS_PER_EPOCH)
        steps = settings.max_steps // epochs
    return Amounts(
        epochs, steps, settings.batch_size or recipe.batch_size, settings.learning_rate or recipe.learning_rate
    )
