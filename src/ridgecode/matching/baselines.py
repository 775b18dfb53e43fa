"""Training-free matchers: the cosine of pixels, and the cosine of whitened principal components.

Both are fitted on the Real prints of the training split and give unit vectors, so that a score is a dot product. They
do well on SOCOFing, whose altered prints are edits of its Real prints and aligned with them pixel by pixel. A learned
matcher must beat them at the same number of bytes.

EER in % on whole SOCOFing prints (Easy / Medium / Hard), fitted on subjects 1-400, measured on subjects 401-480:

| | aligned | moved |
|---|---|---|
| pixels | 0.003 / 0.044 / 0.164 | 23.6 / 24.6 / 25.5 |
| 16 whitened components | 1.15 / 1.15 / 3.03 | 19.7 / 20.4 / 21.5 |
| 64 | 0.064 / 0.188 / 0.904 | 24.0 / 24.3 / 26.2 |
| 512 | 0.000 / 0.000 / 0.007 | 31.3 / 32.3 / 33.3 |
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from ridgecode.errors import BadInput
from ridgecode.matching.vectors import unit_vectors

# How many prints are converted to floats at once: 40,000 whole prints as floats would take more than a gigabyte.
_CHUNK = 512


@dataclass(frozen=True)
class PixelCosine:
    """Compares prints by the cosine of their pixels, from which the mean training print is subtracted.

    mean: float32 (H*W,), in [0, 1], the mean training print
    """

    mean: np.ndarray

    @classmethod
    def fit(cls, prints: np.ndarray) -> "PixelCosine":
        """Fits it on training prints, uint8 (N, H, W). Raises BadInput when there are none."""
        return cls(_mean(prints))

    @property
    def bytes(self) -> int:
        """Bytes of a template: one a pixel, since the template is the print itself."""
        return len(self.mean)

    def vectors(self, prints: np.ndarray) -> np.ndarray:
        """Prints, uint8 (N, H, W), to unit vectors, float32 (N, H*W). Raises BadInput for prints of another size."""
        return _in_chunks(prints, self.mean, lambda centred: centred)


@dataclass(frozen=True)
class WhitenedPCA:
    """Compares prints by the cosine of their principal components.

    Each component is divided by its standard deviation over the training prints.

    mean: float32 (H*W,), the mean training print
    basis: float32 (H*W, components), a scaled component a column, in the order of falling variance
    """

    mean: np.ndarray
    basis: np.ndarray

    @classmethod
    def fit(cls, prints: np.ndarray, components: int) -> "WhitenedPCA":
        """Fits it on training prints, uint8 (N, H, W), exactly.

        The components come from the eigenvectors of the smaller of two matrices: print by print, or pixel by pixel.
        Raises BadInput when the prints don't span that many components.
        """
        mean = _mean(prints)
        n, pixels = len(prints), len(mean)
        if not 1 <= components <= min(n - 1, pixels):
            raise BadInput(f"{n} training prints of {pixels} pixels can't give {components} components; ask for fewer")
        centred = _floats(prints) - mean
        by_print = n <= pixels
        product = centred @ centred.T if by_print else centred.T @ centred
        smaller = len(product)
        values, basis = linalg.eigh(
            product, subset_by_index=(smaller - components, smaller - 1), overwrite_a=True, check_finite=False
        )
        values, basis = values[::-1].astype(np.float64), basis[:, ::-1]
        # In single precision an eigenvalue that is really 0 comes out as up to 1e-6 of the largest one.
        if values[-1] <= 1e-6 * values[0]:
            rank = int((values > 1e-6 * values[0]).sum())
            raise BadInput(f"the training prints span {rank} components only, not {components}; ask for fewer")
        if by_print:
            basis = centred.T @ (basis / np.sqrt(values).astype(np.float32))
        # An eigenvector may have either sign. A fixed one makes two fits comparable; it changes no cosine.
        basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(components)])
        deviations = np.sqrt(values / (n - 1)).astype(np.float32)
        return cls(mean, np.ascontiguousarray(basis / deviations, dtype=np.float32))

    @property
    def components(self) -> int:
        return self.basis.shape[1]

    @property
    def bytes(self) -> int:
        """Bytes of a template: 4 a component."""
        return 4 * self.components

    def vectors(self, prints: np.ndarray) -> np.ndarray:
        """Prints, uint8 (N, H, W), to unit vectors, float32 (N, components). Raises BadInput for another size."""
        return _in_chunks(prints, self.mean, lambda centred: centred @ self.basis)


def _mean(prints: np.ndarray) -> np.ndarray:
    if prints.ndim != 3 or not len(prints):
        raise BadInput(f"a baseline is fitted on training prints (N, H, W), not on {prints.shape}: the split has none")
    total = sum(prints[i : i + _CHUNK].sum(axis=0, dtype=np.float64) for i in range(0, len(prints), _CHUNK))
    return (np.asarray(total) / (255 * len(prints))).astype(np.float32).reshape(-1)


def _floats(prints: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W) to float32 (N, H*W) in [0, 1]."""
    return prints.reshape(len(prints), prints.shape[1] * prints.shape[2]).astype(np.float32) / np.float32(255)


def _in_chunks(prints: np.ndarray, mean: np.ndarray, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    if prints.ndim != 3 or prints.shape[1] * prints.shape[2] != len(mean):
        raise BadInput(f"the baseline was fitted on prints of {len(mean)} pixels, these have the shape {prints.shape}")
    parts = [
        unit_vectors(transform(_floats(prints[start : start + _CHUNK]) - mean))
        for start in range(0, max(1, len(prints)), _CHUNK)
    ]
    return np.concatenate(parts)
