"""Systems C and D: embeddings compared by their Euclidean distance, trained with the contrastive loss."""

from torch import Tensor, nn

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.layers import convolution, dense, minus_distance, start_as_keras


class StripesNetwork(nn.Module):
    """System C. Branch: flatten, dense 128 ReLU, dropout, dense 128 ReLU, dropout, dense 128 ReLU.

    dropout: share of units dropped in training; each image of a pair draws its own mask. last_relu: whether the
    embedding goes through a ReLU, as published, where a unit may die for good.
    """

    kind = "contrastive"

    def __init__(
        self, height: int = 160, width: int = 160, channels: int = 1, dropout: float = 0.3, last_relu: bool = True
    ) -> None:
        super().__init__()
        layers = [nn.Flatten(), *dense(channels * height * width, 128), nn.Dropout(dropout)]
        layers += [*dense(128, 128), nn.Dropout(dropout), *dense(128, 128)]
        self.branch = nn.Sequential(*(layers if last_relu else layers[:-1]))
        start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 128)."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Minus the distance of embeddings (..., 128): (...), at most 0."""
        return minus_distance(e1, e2)


class ContrastiveNetwork(nn.Module):
    """System D. Branch: conv 6 3x3 valid ReLU, max-pool 2, conv 12 3x3 valid ReLU, max-pool 2, flatten, dense 128 ReLU,
    dense 50 ReLU.

    Raises BadInput for images below 10 pixels a side.
    """

    kind = "contrastive"

    def __init__(self, height: int = 56, width: int = 46, channels: int = 1) -> None:
        super().__init__()
        if min(height, width) < 10:
            raise BadInput(f"images of {width}x{height} pixels are too small for this network; give 10 or more a side")
        rows, columns = (((side - 2) // 2 - 2) // 2 for side in (height, width))
        layers = [*convolution(channels, 6, 3, False), *convolution(6, 12, 3, False), nn.Flatten()]
        self.branch = nn.Sequential(*layers, *dense(12 * rows * columns, 128), *dense(128, 50))
        start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 50)."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Minus the distance of embeddings (..., 50): (...), at most 0."""
        return minus_distance(e1, e2)
