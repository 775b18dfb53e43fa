"""The networks of the image Siamese systems. Both images of a pair go through the same branch.

    image 1 - embed - e1 -+
                          +- score: higher is more alike
    image 2 - embed - e2 -+

`kind` names the loss that a network is trained with: `bce` (its score is a logit of "mated") or `contrastive` (its
score is minus a distance). `least_side` is the smallest height and width of its input, in pixels.
"""

from torch import Tensor, nn

from ridgecode.errors import BadInput

# Squared distances below this count as this, since the slope of a distance is infinite at 0. It is Keras' epsilon.
_SMALLEST_SQUARE = 1e-7
# Channels, kernel size and whether a max-pool follows, of each convolution of system E.
_L1_CONVOLUTIONS = ((64, 10, True), (128, 7, True), (128, 4, True), (256, 4, False))


class SubtractNetwork(nn.Module):
    """System B: a dense layer on the difference of two feature maps.

    Branch: conv 32 3x3 same, ReLU, max-pool 2, conv 64 3x3 same, ReLU, max-pool 2, flatten. The two maps are
    subtracted; dense 128, ReLU, dense 1 give a logit.

    The dense layer is linear, W (a - b) = W a - W b, so `embed` applies it to each print once. A comparison then takes
    128 subtractions instead of 30,976.

    height, width: pixels, 4 or more. batch_norm: after each convolution, before its ReLU. Raises BadInput for smaller
    images.
    """

    kind = "bce"
    least_side = 4

    def __init__(self, height: int = 90, width: int = 90, channels: int = 1, batch_norm: bool = False) -> None:
        super().__init__()
        _check_sides(height, width, self.least_side)
        self.branch = _subtract_branch(channels, batch_norm)
        self.dense = nn.Linear(64 * (height // 4) * (width // 4), 128)
        self.out = nn.Linear(128, 1)
        _start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 128), the dense layer's output without its bias."""
        return nn.functional.linear(self.branch(x).flatten(1), self.dense.weight)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (..., 128): (...)."""
        return self.out((e1 - e2 + self.dense.bias).relu()).squeeze(-1)


class SubtractConvNetwork(nn.Module):
    """The older form of system B: a convolution on the difference of two feature maps.

    Branch as in `SubtractNetwork`, but for the flattening. The two maps are subtracted; conv 64 3x3 same, ReLU,
    max-pool 2, flatten, dense 128, ReLU, dense 1 give a logit. The convolution is linear, so `embed` applies it to each
    print once. Arguments and errors as `SubtractNetwork`; images have 8 pixels or more a side.
    """

    kind = "bce"
    least_side = 8

    def __init__(self, height: int = 90, width: int = 90, channels: int = 1, batch_norm: bool = False) -> None:
        super().__init__()
        _check_sides(height, width, self.least_side)
        self.map = (64, height // 4, width // 4)
        self.branch = _subtract_branch(channels, batch_norm)
        self.difference = nn.Conv2d(64, 64, 3, padding="same")
        self.pool = nn.MaxPool2d(2)
        self.dense = nn.Linear(64 * (height // 8) * (width // 8), 128)
        self.out = nn.Linear(128, 1)
        _start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, D), the convolution's output, flat and without its bias."""
        kernel = self.difference.weight
        return nn.functional.conv2d(self.branch(x), kernel, padding="same").flatten(1)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (N, D): (N,)."""
        difference = (e1 - e2).unflatten(-1, self.map) + self.difference.bias[:, None, None]  # type: ignore[index]
        hidden = self.dense(self.pool(difference.relu()).flatten(-3)).relu()
        return self.out(hidden).squeeze(-1)


class StripesNetwork(nn.Module):
    """System C: the Euclidean distance of embeddings by dense layers.

    Branch: flatten, dense 128 ReLU, dropout, dense 128 ReLU, dropout, dense 128 ReLU.

    dropout: share of units dropped in training; each image of a pair has a mask of its own. last_relu: whether the
    last layer has a ReLU, as published; a unit that gives 0 for every image then stays so.
    """

    kind = "contrastive"
    least_side = 1

    def __init__(
        self, height: int = 160, width: int = 160, channels: int = 1, dropout: float = 0.3, last_relu: bool = True
    ) -> None:
        super().__init__()
        layers = [nn.Flatten(), *_dense(channels * height * width, 128), nn.Dropout(dropout)]
        layers += [*_dense(128, 128), nn.Dropout(dropout), *_dense(128, 128)]
        self.branch = nn.Sequential(*(layers if last_relu else layers[:-1]))
        _start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 128)."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Minus the distance of embeddings (..., 128): (...), at most 0."""
        return _minus_distance(e1, e2)


class ContrastiveNetwork(nn.Module):
    """System D: the Euclidean distance of embeddings by a small CNN.

    Branch: conv 6 3x3 valid ReLU, max-pool 2, conv 12 3x3 valid ReLU, max-pool 2, flatten, dense 128 ReLU, dense 50
    ReLU. Raises BadInput for images below 10 pixels a side.
    """

    kind = "contrastive"
    least_side = 10

    def __init__(self, height: int = 56, width: int = 46, channels: int = 1) -> None:
        super().__init__()
        _check_sides(height, width, self.least_side)
        rows, columns = (((side - 2) // 2 - 2) // 2 for side in (height, width))
        layers = [*_convolution(channels, 6, 3, False), *_convolution(6, 12, 3, False), nn.Flatten()]
        self.branch = nn.Sequential(*layers, *_dense(12 * rows * columns, 128), *_dense(128, 50))
        _start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 50)."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Minus the distance of embeddings (..., 50): (...), at most 0."""
        return _minus_distance(e1, e2)


class L1Network(nn.Module):
    """System E: a weighted L1 distance.

    Branch: conv 64 10x10, max-pool 2, conv 128 7x7, max-pool 2, conv 128 4x4, max-pool 2, conv 256 4x4, flatten, dense
    4096, sigmoid. Convolutions are valid and have a ReLU; pools keep a last odd row or column. A dense layer turns
    |e1 - e2| into a logit. At 100x100x3 the maps have sides of 91, 46, 40, 20, 17, 9 and 6 pixels, and there are
    38,964,545 parameters.

    batch_norm: after each convolution, before its ReLU. Raises BadInput for images too small for the convolutions.
    Source: Koch et al., "Siamese neural networks for one-shot image recognition", ICML deep learning workshop 2015.
    """

    kind = "bce"
    least_side = 58

    def __init__(self, height: int = 100, width: int = 100, channels: int = 3, batch_norm: bool = False) -> None:
        super().__init__()
        _check_sides(height, width, self.least_side)
        layers: list[nn.Module] = []
        sides, before = [height, width], channels
        for n_out, size, pooled in _L1_CONVOLUTIONS:
            layers += _convolution(before, n_out, size, False, batch_norm, pooled, keep_edge=True)
            sides, before = [side - size + 1 for side in sides], n_out
            if pooled:
                sides = [-(-side // 2) for side in sides]
        self.branch = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * sides[0] * sides[1], 4096), nn.Sigmoid())
        self.out = nn.Linear(4096, 1)
        _start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 4096), in [0, 1]."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (..., 4096): (...)."""
        return self.out((e1 - e2).abs()).squeeze(-1)


def _start_as_keras(net: nn.Module) -> None:
    """Initialises a network as Keras does, which the published recipes use.

    Weights are uniform within sqrt(6 / (fan_in + fan_out)), biases 0. Source: Glorot and Bengio, "Understanding the
    difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _convolution(
    n_in: int, n_out: int, size: int, same: bool, batch_norm: bool = False, pool: bool = True, keep_edge: bool = False
) -> list[nn.Module]:
    """A convolution with, if asked for, batch norm and a max-pool of 2; then a ReLU.

    same: the map keeps its size; otherwise each side loses size - 1 pixels. keep_edge: pools a last odd row or column
    alone. The write-ups have the ReLU before the pool. Neither changes the order of values, so the result and the
    gradient are the same, but the ReLU has a quarter of the work.
    """
    layers: list[nn.Module] = [nn.Conv2d(n_in, n_out, size, padding="same" if same else 0)]
    layers += [nn.BatchNorm2d(n_out)] if batch_norm else []
    return [*layers, *([nn.MaxPool2d(2, ceil_mode=keep_edge)] if pool else []), nn.ReLU()]


def _dense(n_in: int, n_out: int) -> list[nn.Module]:
    return [nn.Linear(n_in, n_out), nn.ReLU()]


def _minus_distance(e1: Tensor, e2: Tensor) -> Tensor:
    """Minus the Euclidean distance (...) of embeddings (..., D)."""
    return -(e1 - e2).square().sum(dim=-1).clamp(min=_SMALLEST_SQUARE).sqrt()


def _subtract_branch(channels: int, batch_norm: bool) -> nn.Sequential:
    first = _convolution(channels, 32, 3, True, batch_norm)
    second = _convolution(32, 64, 3, True, batch_norm)
    return nn.Sequential(*first, *second)


def _check_sides(height: int, width: int, least: int) -> None:
    if min(height, width) < least:
        raise BadInput(
            f"an input of {width}x{height} pixels is too small for this network; give --image_height and --image_width "
            f"of {least} or more, to which images are enlarged"
        )
