"""Writes a shipped matcher's file: a run's model with 8-bit weights, and its card in the header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save

from ridgecode.files import whole_file
from ridgecode.matching.saved_matcher import SHIPPED_FORMAT
from ridgecode.matching.shipped.about import ShippedAbout
from ridgecode.matching.shipped.card import matcher_header
from ridgecode.matching.shipped.eight_bits import in_eight_bits


def write_shipped(file: Path, model: Path, about: ShippedAbout, card: Mapping[str, Any]) -> None:
    """Writes `file` whole or not at all. Sizes and facts in its header are those of `model`, the matcher's file in a
    run's folder; card: as JSON takes it.

    Raises ValueError where a weight is infinite, NaN or beyond 16-bit floats, BadInput where `model` can't be read.
    """
    found = matcher_header(model)
    if found is None:
        raise ValueError(f"{model} holds no matcher")
    key, header = found
    with safe_open(model, framework="pt") as content:
        tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - not a dict
    header |= {"format": SHIPPED_FORMAT, "shipped": {**about._asdict(), "card": dict(card)}}
    with whole_file(file) as temporary:
        temporary.write_bytes(save(in_eight_bits(tensors), metadata={key: json.dumps(header, sort_keys=True)}))
