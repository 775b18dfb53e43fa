"""Principal component analysis: the best linear autoencoder, which all others are compared with."""

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.reconstruction import Reconstruction, to_grey


class PCA(nn.Module):
    """z = components (x - mean), x_hat = components^T z + mean, over all pixels of a (height, width) window.

    No linear map to `latent_dim` numbers has a lower squared error on the windows that it was fitted to (Eckart &
    Young, "The approximation of one matrix by another of lower rank", Psychometrika 1, 1936). Components are ordered by
    variance, so the first k numbers of a latent vector are the latent vector of a PCA with k dims.
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
        """Fits a PCA to windows `x`, (N, 1, H, W) float in [0, 1].

        Raises ValueError where `latent_dim` is above N - 1 or above H * W: there are no more components.
        """
        n, _, height, width = x.shape
        if latent_dim > min(n - 1, height * width):
            raise ValueError(f"{latent_dim} principal components need more than {n} windows of {height}x{width} pixels")
        flat = x.flatten(1)
        pca = cls(height, width, latent_dim)
        pca.mean.copy_(flat.mean(0))
        centred = flat - pca.mean
        # The matrices of pixels x pixels and of windows x windows have the same eigenvalues; the smaller one is used.
        # It is summed in float64, since the small eigenvalues of a float32 product are noise.
        if n > flat.shape[1]:
            values, vectors = _leading(_product(centred.T), latent_dim)
            components = vectors.T
        else:
            values, vectors = _leading(_product(centred), latent_dim)
            # QR scales them to length 1. Where windows repeat and there are fewer directions, it adds orthogonal ones.
            components = torch.linalg.qr(centred.T.double() @ vectors).Q.T
        pca.components.copy_(_signed(components))
        pca.variances.copy_(values / (n - 1))
        return pca

    def first(self, latent_dim: int) -> "PCA":
        """A PCA of the first `latent_dim` components, at most as many as this one has."""
        smaller = PCA(self.shape[1], self.shape[2], latent_dim)
        smaller.mean.copy_(self.mean)
        smaller.components.copy_(self.components[:latent_dim])
        smaller.variances.copy_(self.variances[:latent_dim])
        return smaller

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self._draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 1, height, width) -> (N, latent_dim)."""
        return (x.flatten(1) - self.mean) @ self.components.T

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, 1, height, width) in [0, 1]."""
        return to_grey(self._draw(z), self.logits)

    def _draw(self, z: Tensor) -> Tensor:
        return (z @ self.components + self.mean).unflatten(1, self.shape)


def _product(a: Tensor) -> Tensor:
    """a @ a.T in float64, computed a few thousand columns at a time, so that `a` is never copied to float64 as a
    whole."""
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
    """Makes the largest entry of each component positive: the sign of an eigenvector is arbitrary, and equal runs shall
    give equal signs."""
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return components * largest.sign()
