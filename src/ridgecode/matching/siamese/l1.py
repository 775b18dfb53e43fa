"""System E: one-shot verification by a weighted L1 distance."""

from torch import Tensor, nn

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.layers import convolution, start_as_keras

# Of each convolution of the branch: channels, kernel, whether a max-pool follows.
_CONVOLUTIONS = ((64, 10, True), (128, 7, True), (128, 4, True), (256, 4, False))


class L1Network(nn.Module):
    """Branch: conv 64 10x10, max-pool 2, conv 128 7x7, max-pool 2, conv 128 4x4, max-pool 2, conv 256 4x4, all valid
    with ReLU, pools keeping odd edges; flatten; dense 4096 sigmoid. A dense layer reads |e1 - e2| as a logit.

    At 100x100x3: sides of 91, 46, 40, 20, 17, 9, 6; 38,964,545 parameters. Source: Koch et al., "Siamese neural
    networks for one-shot image recognition", ICML deep learning workshop 2015.

    batch_norm: after each convolution, before its ReLU. Raises BadInput for images that the convolutions use up.
    """

    kind = "bce"

    def __init__(self, height: int = 100, width: int = 100, channels: int = 3, batch_norm: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        sides, before = [height, width], channels
        for n_out, size, pooled in _CONVOLUTIONS:
            layers += convolution(before, n_out, size, False, batch_norm, pooled, keep_edge=True)
            sides, before = [side - size + 1 for side in sides], n_out
            if pooled:
                sides = [-(-side // 2) for side in sides]
        if min(sides) < 1:
            raise BadInput(f"images of {width}x{height} pixels are too small for this network; give 58 or more a side")
        self.branch = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * sides[0] * sides[1], 4096), nn.Sigmoid())
        self.out = nn.Linear(4096, 1)
        start_as_keras(self)

    def embed(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in [0, 1] -> (N, 4096), in [0, 1]."""
        return self.branch(x)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Logits of "mated" for embeddings (..., 4096): (...)."""
        return self.out((e1 - e2).abs()).squeeze(-1)
