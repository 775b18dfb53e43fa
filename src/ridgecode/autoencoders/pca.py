"""Principal component analysis: the linear autoencoder that every other one is measured against."""

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.protocol import Reconstruction, to_grey


class PCA(nn.Module):
    """z = components (x - mean), x_hat = components^T z + mean, over all pixels of a (height, width) window.

    Eckart & Young (1936): no linear map to `latent_dim` numbers has a lower squared error on the windows it was fitted
    on. Components are ordered by variance, so the first k of a latent vector are the latent vector of k dims.
    """

    logits = False

    def __init__(self, height: int, width: int, latent_dim: int) -> None:
        super().__init__()
        self.shape, self.latent_dim = (1, height, width), latent_dim
        self.register_buffer("mean", torch.zeros(height * width))
        self.register_buffer("components", torch.zeros(latent_dim, height * width))
        self.register_buffer("variances", torch.zeros(latent_dim))
        self.mean: Tensor
        self.components: Tensor
        self.variances: Tensor

    @classmethod
    def fit(cls, x: Tensor, latent_dim: int) -> "PCA":
        """Fits to windows `x`, (N, 1, H, W) float in [0, 1].

        Raises ValueError where `latent_dim` is more than the N - 1 directions, or the H * W pixels, that there are.
        """
        n, _, height, width = x.shape
        if latent_dim > min(n - 1, height * width):
            raise ValueError(f"{latent_dim} principal components need more than {n} windows of {height}x{width} pixels")
        flat = x.flatten(1)
        pca = cls(height, width, latent_dim)
        pca.mean.copy_(flat.mean(0))
        centred = flat - pca.mean
        # The smaller of the two symmetric matrices (pixels x pixels, windows x windows) has the same eigenvalues. Sums
        # are in float64: the small eigenvalues of a float32 product are noise.
        if n > flat.shape[1]:
            values, vectors = _leading(_product(centred.T), latent_dim)
            components = vectors.T
        else:
            values, vectors = _leading(_product(centred), latent_dim)
            # QR brings them to length 1, and makes up orthogonal ones where windows repeat and no direction is left.
            components = torch.linalg.qr(centred.T.double() @ vectors).Q.T
        pca.components.copy_(_signed(components))
        pca.variances.copy_(values / (n - 1))
        return pca

    def first(self, latent_dim: int) -> "PCA":
        """The same with only the first `latent_dim` components."""
        smaller = PCA(self.shape[1], self.shape[2], latent_dim)
        smaller.mean.copy_(self.mean)
        smaller.components.copy_(self.components[:latent_dim])
        smaller.variances.copy_(self.variances[:latent_dim])
        return smaller

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self._draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        return (x.flatten(1) - self.mean) @ self.components.T

    def decode(self, z: Tensor) -> Tensor:
        return to_grey(self._draw(z), self.logits)

    def _draw(self, z: Tensor) -> Tensor:
        return (z @ self.components + self.mean).unflatten(1, self.shape)


def _product(a: Tensor) -> Tensor:
    """a @ a.T in float64, a few thousand columns at a time so that no double copy of `a` is made."""
    total = torch.zeros(len(a), len(a), dtype=torch.float64)
    for part in a.split(8192, dim=1):
        wide = part.double()
        total.addmm_(wide, wide.T)
    return total


def _leading(symmetric: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest eigenvalues, falling, and their eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(symmetric)
    return values.flip(0)[:count].clamp_min(0), vectors.flip(1)[:, :count]


def _signed(components: Tensor) -> Tensor:
    """Each component's largest entry made positive: an eigenvector's sign is arbitrary, and runs should agree."""
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return components * largest.sign()
