"""System B: two 90x90 prints, a small CNN, and what reads the difference of its two maps."""

from torch import Tensor, nn

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.layers import convolution, start_as_keras


class SubtractNetwork(nn.Module):
    """Branch: conv 32 3x3 same, ReLU, max-pool 2, conv 64 3x3 same, ReLU, max-pool 2, flatten. The two are subtracted;
    dense 128, ReLU, dense 1 give a logit.

    The dense layer is linear, so each print goes through it once, and a comparison costs 128 subtractions instead of
    30,976: W (a - b) = W a - W b.

    height, width: pixels; 4 or more. batch_norm: after each convolution, before its ReLU. Raises BadInput for less.
    """

    kind = "bce"

    def __init__(self, height: int = 90, width: int = 90, channels: int = 1, batch_norm: bool = False) -> None:
        super().__init__()
        _check(height, width)
        self.branch = _branch(channels, batch_norm)
        self.dense = nn.Linear(64 * (height // 4) * (width // 4), 128)
        self.out = nn.Linear(128, 1)
        start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 128): the dense layer's share of each print, without bias."""
        return nn.functional.linear(self.branch(x).flatten(1), self.dense.weight)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (..., 128): (...)."""
        return self.out((e1 - e2 + self.dense.bias).relu()).squeeze(-1)


class SubtractConvNetwork(nn.Module):
    """The older form: the same branch without flattening; the two maps are subtracted, conv 64 3x3 same, ReLU and
    max-pool 2 read the difference; flatten, dense 128, ReLU, dense 1 give a logit.

    The convolution is linear, so it is done once a print. Arguments and errors as `SubtractNetwork`, 8 pixels or more.
    """

    kind = "bce"

    def __init__(self, height: int = 90, width: int = 90, channels: int = 1, batch_norm: bool = False) -> None:
        super().__init__()
        _check(height, width, 8)
        self.map = (64, height // 4, width // 4)
        self.branch = _branch(channels, batch_norm)
        self.difference = nn.Conv2d(64, 64, 3, padding="same")
        self.pool = nn.MaxPool2d(2)
        self.dense = nn.Linear(64 * (height // 8) * (width // 8), 128)
        self.out = nn.Linear(128, 1)
        start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, D): the convolution's share of each print, without bias."""
        kernel = self.difference.weight
        return nn.functional.conv2d(self.branch(x), kernel, padding="same").flatten(1)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (N, D): (N,)."""
        difference = (e1 - e2).unflatten(-1, self.map) + self.difference.bias[:, None, None]  # type: ignore[index]
        read = self.dense(self.pool(difference.relu()).flatten(-3)).relu()
        return self.out(read).squeeze(-1)


def _branch(channels: int, batch_norm: bool) -> nn.Sequential:
    first = convolution(channels, 32, 3, True, batch_norm)
    second = convolution(32, 64, 3, True, batch_norm)
    return nn.Sequential(*first, *second)


def _check(height: int, width: int, least: int = 4) -> None:
    if min(height, width) < least:
        raise BadInput(f"images of {width}x{height} pixels are too small for this network; give {least} or more a side")
