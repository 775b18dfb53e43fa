"""A fixed turn of embeddings into a space of another number of dims, for templates of 1 bit a number.

The sign of each coordinate says on which side of a plane through the origin an embedding lies. Two embeddings at an
angle a differ in a share a / 180 degrees of their signs if the planes are drawn at random (Charikar, "Similarity
estimation techniques from rounding algorithms", STOC 2002), and the share varies less if the planes are orthogonal to
each other (Ji et al., "Super-bit locality-sensitive hashing", NIPS 2012).

An orthogonal matrix takes the place of a random one. It is a product of Hadamard matrices and random changes of sign,
which acts as a random rotation does (Andoni et al., "Practical and optimal LSH for angular distance", NIPS 2015) and
comes out the same on every machine.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

_SEED = 512
"""Of the changes of sign. Templates that were stored with one seed can't be compared with those of another."""
_ROUNDS = 3
"""After one round, coordinates of an embedding with few dims would repeat."""


@lru_cache(maxsize=8)
def expansion(dims: int, size: int) -> NDArray[np.float32]:
    """The matrix (dims, size) that an embedding of `size` numbers is multiplied by; both 1 or more.

    Where `dims` is a power of two and `size` no larger, the columns are orthogonal unit vectors, so that lengths and
    angles stay as they are.
    """
    side = 1 << (max(dims, size) - 1).bit_length()
    mixed, matrix = hadamard(side) / np.sqrt(side), np.eye(side)
    for signs in _signs(side):
        matrix = mixed @ (signs[:, None] * matrix)
    found = np.ascontiguousarray(matrix[:dims, :size], dtype=np.float32)
    found.flags.writeable = False  # it is shared
    return found


def _signs(side: int) -> NDArray[np.float64]:
    """(rounds, side) of -1 and 1. A bit generator's raw numbers never change, unlike those of a Generator's methods."""
    raw = np.random.PCG64(_SEED).random_raw(_ROUNDS * side)
    return np.where(raw >> 63, 1.0, -1.0).reshape(_ROUNDS, side)
