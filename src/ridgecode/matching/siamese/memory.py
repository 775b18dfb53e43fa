"""The memory that training an image Siamese system takes, found before it is taken.

A dense layer on a map of a large image has hundreds of millions of weights, and a batch of such maps takes gigabytes.
The network is built on torch's meta device, which computes shapes and holds no numbers.
"""

import sys
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.matching.siamese.scoring import images_at_a_time
from ridgecode.matching.siamese.systems import RECIPES, SiameseSpec, build_siamese, least_side
from ridgecode.runs.memory import GB, FreeMemory, check_memory

MANY_WEIGHTS = 50_000_000
"""Above so many weights a warning is printed; `l1`, the largest published network, has 39 million."""
_SUGGESTED_SIDES = (160, 128, 112, 96, 80, 64, 56, 48, 40, 32, 24, 16, 10)
"""Pixels of the longer side of an input that a refusal suggests, tried in this order."""
_FLOAT = 4
_MORE = 100_000_000
"""Bytes of what else a training holds: libraries that load late, threads, a movement's floats."""
_BYTES_A_PAIR = 100
"""Of a drawn pair: its rows, and the lists that are made of it."""


class Work(NamedTuple):
    """What is trained on. batch_size: pairs a step; n_images: at the input's size; n_pairs: drawn in all; n_validated:
    images whose embeddings are held together in validation; whole_batch: as in `SiamesePairs`."""

    batch_size: int
    n_images: int
    n_pairs: int = 0
    n_validated: int = 0
    whole_batch: bool = False


class TrainingMemory(NamedTuple):
    """weights: their number; bytes: that training takes at its peak, beside the program itself."""

    weights: int
    bytes: int


def training_memory(spec: SiameseSpec, work: Work) -> TrainingMemory:
    """The memory of a training, which measured peaks exceed by no more than a few percent.

    It is that of the weights, their gradients and the optimiser's one or two averages, of the images and pairs, and of
    the largest of three that are not needed together: the layers' outputs in a training step, those in validation, and
    two copies of the weights while a checkpoint is written. Raises BadInput for an input that is too small.
    """
    with torch.device("meta"):
        net = build_siamese(spec)
    outputs, embedding = _outputs(net, spec)
    weights = sum(p.numel() for p in net.parameters())
    adam = RECIPES[spec.system, spec.recipe].optimiser == "adam"
    inputs = spec.channels * spec.height * spec.width
    largest = max(outputs)
    step = 2 * work.batch_size * (sum(outputs) + largest + 2 * embedding + 2 * inputs)
    step += 3 * work.batch_size**2 * embedding if work.whole_batch else 0
    validation = min(max(1, work.n_images), images_at_a_time(spec)) * (2 * largest + inputs)
    held = weights * (4 if adam else 3) + work.n_validated * embedding
    pixels = (work.n_images + 2 * work.n_validated) * spec.height * spec.width
    floats = held + max(step, validation, 2 * weights)
    return TrainingMemory(weights, _FLOAT * floats + pixels + work.n_pairs * _BYTES_A_PAIR + _MORE)


def check_training_memory(spec: SiameseSpec, work: Work, free: FreeMemory | None, warn: bool = False) -> None:
    """Raises BadInput where training needs more memory than is free, and names what needs less; prints a warning of a
    network that is merely large. free: None passes everything."""
    needed = training_memory(spec, work)
    scarce = free is not None and needed.bytes > free.bytes
    large = warn and needed.weights > MANY_WEIGHTS
    if not scarce and not large:
        return
    smaller = _smaller_input(spec, work, free.bytes if free else None)
    network = f"--system {spec.system} with an input of {spec.height} rows and {spec.width} columns has "
    network += f"{needed.weights:,} weights"
    way_out = _way_out(spec, work, smaller, free)
    check_memory(needed.bytes, f"{network}; training it at --batch_size {work.batch_size}", way_out, free)
    flags = f"; {_flags(smaller)} makes it smaller" if smaller else ""
    print(f"ridgecode: {network} and takes about {needed.bytes / GB:.1f} GB in training{flags}", file=sys.stderr)


def _outputs(net: nn.Module, spec: SiameseSpec) -> tuple[list[int], int]:
    """The numbers that each layer of the branch gives for one image, and those of its embedding."""
    numbers: list[int] = []

    def note(_: nn.Module, __: tuple[Tensor, ...], out: Tensor) -> None:
        numbers.append(out.numel())

    for layer in net.modules():
        if not isinstance(layer, nn.Sequential | nn.Flatten):
            layer.register_forward_hook(note)
    with torch.inference_mode():
        embedding = net.eval().embed(torch.zeros(1, spec.channels, spec.height, spec.width, device="meta"))  # type: ignore[operator]
    return [*numbers, embedding.numel()], embedding.numel()


def _smaller_input(spec: SiameseSpec, work: Work, free: int | None) -> SiameseSpec | None:
    """The largest suggested input of the same shape that needs half of what is `free` at most; None if there is none,
    or where it is not half as large."""
    least = least_side(spec.system)
    for side in _SUGGESTED_SIDES:
        scale = side / max(spec.height, spec.width)
        height, width = (max(least, round(scale * own)) for own in (spec.height, spec.width))
        if 2 * height * width > spec.height * spec.width:
            continue
        smaller = replace(spec, height=height, width=width)
        if free is None or 2 * training_memory(smaller, work).bytes <= free:
            return smaller
    return None


def _way_out(spec: SiameseSpec, work: Work, smaller: SiameseSpec | None, free: FreeMemory | None) -> str:
    if smaller:
        return f"give {_flags(smaller)}"
    recipe = RECIPES[spec.system, spec.recipe]
    own = work._replace(batch_size=recipe.batch_size)
    if work.batch_size > recipe.batch_size and free and training_memory(spec, own).bytes <= free.bytes:
        return f"give a smaller --batch_size, such as the recipe's {recipe.batch_size}"
    few = work._replace(n_pairs=0)
    if free and training_memory(spec, few).bytes <= free.bytes:
        return f"give fewer --n_pairs than {work.n_pairs}"
    return "train on a machine with more memory, or on fewer images"


def _flags(spec: SiameseSpec) -> str:
    return f"--image_height {spec.height} --image_width {spec.width}"
