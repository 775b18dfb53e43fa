"""What the image Siamese networks share: how their layers start, and how a map's side shrinks."""

from torch import Tensor, nn

# A difference this small is no direction: the slope of a distance is infinite at 0. Keras' recipes use its epsilon.
_SMALLEST_SQUARE = 1e-7


def start_as_keras(net: nn.Module) -> None:
    """Weights uniform within sqrt(6 / (fan_in + fan_out)), biases 0: what the published recipes, in Keras, start from.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    2010.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def convolution(
    n_in: int, n_out: int, size: int, same: bool, batch_norm: bool = False, pool: bool = True, keep_edge: bool = False
) -> list[nn.Module]:
    """A convolution, batch norm where asked for, a max-pool of 2 where asked for (`keep_edge`: a last odd
    row or column makes one of its own), and a ReLU. same: the map keeps its size, else it loses size - 1.

    The write-ups have the ReLU before the pool. Both rise, so their order changes no value and no gradient, but this
    way the ReLU works on a quarter of the map.
    """
    layers: list[nn.Module] = [nn.Conv2d(n_in, n_out, size, padding="same" if same else 0)]
    layers += [nn.BatchNorm2d(n_out)] if batch_norm else []
    return [*layers, *([nn.MaxPool2d(2, ceil_mode=keep_edge)] if pool else []), nn.ReLU()]


def dense(n_in: int, n_out: int) -> list[nn.Module]:
    """A dense layer and its ReLU."""
    return [nn.Linear(n_in, n_out), nn.ReLU()]


def minus_distance(e1: Tensor, e2: Tensor) -> Tensor:
    """Minus the Euclidean distance of embeddings (..., D), so that higher is more alike: (...)."""
    return -(e1 - e2).square().sum(dim=-1).clamp(min=_SMALLEST_SQUARE).sqrt()
