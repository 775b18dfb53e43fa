"""A network's layers as a table: the shape of each layer's output, and its number of parameters."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.matching.siamese.systems import Network, SiameseSpec


class LayerRow(NamedTuple):
    """layer: name and kind; shape: of the output for one image, without the batch; parameters: their number."""

    layer: str
    shape: tuple[int, ...]
    parameters: int


def layer_table(net: Network, spec: SiameseSpec) -> list[LayerRow]:
    """The layers in the order in which a pair of images of the spec's size uses them."""
    rows: dict[str, LayerRow] = {}
    hooks = []
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Sequential) or layer is net:
            continue

        def note(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor, name: str = name) -> None:
            held = sum(p.numel() for p in layer.parameters())
            rows[name] = LayerRow(f"{name} {type(layer).__name__}", tuple(out.shape[1:]), held)

        hooks.append(layer.register_forward_hook(note))
    was_training = net.training
    try:
        with torch.no_grad():
            e = net.eval().embed(torch.zeros(1, spec.channels, spec.height, spec.width))
            net.score(e, e)
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    # `embed` and `score` use a layer's weights directly where each does a part of it; such a layer never runs itself.
    for name, layer in net.named_children():
        if name not in rows and not isinstance(layer, nn.Sequential):
            held = sum(p.numel() for p in layer.parameters())
            weight = layer.weight
            assert isinstance(weight, Tensor)
            rows[name] = LayerRow(f"{name} {type(layer).__name__}", (weight.shape[0],), held)
    return list(rows.values())


def summary(net: Network, spec: SiameseSpec) -> str:
    """The table as Markdown, with the number of all parameters."""
    rows = [f"| {r.layer} | {'x'.join(map(str, r.shape))} | {r.parameters:,} |" for r in layer_table(net, spec)]
    title = f"# {spec.system} ({spec.recipe}), input {spec.input}"
    total = sum(p.numel() for p in net.parameters())
    table = ["| layer | output | parameters |", "|---|---|---|", *rows, f"| all | | {total:,} |"]
    return "\n".join([title, "", *table, ""])
