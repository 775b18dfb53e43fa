"""The stored form of a template: small integers whose dot product is the comparison score.

embedding (D,) --quantise--> integers (dims,) int8 --pack--> template (bytes,) uint8
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.templates.expansion import expansion

BYTES = (16, 32, 64, 128)
"""The sizes of a template."""
STEPS = {8: 1 / 32, 4: 3 / 8}
"""The step between two integers, by the bits of one, as a share of 1 / sqrt(dims).

That is the root mean square of the numbers of a unit vector. The steps are the plain fractions next to those that give
dot products of random unit vectors the least error: its root mean square is 0.001 with 64 numbers of 8 bits, and 0.014
with 128 of 4 bits. The largest integers, 127 and 7, stand for 4.0 and 2.6 times the root mean square."""
_FACTORS, _HALVINGS = (0.5, 2.0), 16
DEFAULT_BITS = 8
"""Bits of a number where only the bytes of a template are given."""


class TemplateFormat(NamedTuple):
    """The size of a template and of one number in it.

    bytes: of a template: 16, 32, 64 or 128
    bits: of one number: 8 (-127 to 127), 4 (-7 to 7) or 1 (-1 or 1)
    """

    bytes: int
    bits: int

    def checked(self) -> "TemplateFormat":
        """Itself. Raises ValueError for other numbers, as in a damaged file."""
        if self.bytes not in BYTES or self.bits not in (1, *STEPS):
            raise ValueError(f"templates of {self.bytes} bytes and numbers of {self.bits} bits")
        return self

    @property
    def dims(self) -> int:
        """How many numbers a template holds."""
        return 8 * self.bytes // self.bits

    @property
    def scale(self) -> float:
        """What the dot product of two templates' integers is multiplied by to give the score.

        With 8 and 4 bits, the square of the step, so that the score is the cosine of two unit vectors up to rounding.
        With 1 bit, 1 / dims: the score is 1 - 2 h / dims, where h is the number of bits that differ.
        """
        return 1 / self.dims if self.bits == 1 else STEPS[self.bits] ** 2 / self.dims

    @property
    def name(self) -> str:
        """ "64 bytes: 64 numbers of 8 bits"."""
        return f"{self.bytes} bytes: {self.dims} numbers of {self.bits} bit{'s' * (self.bits != 1)}"

    def quantise(self, embeddings: NDArray[np.float32]) -> NDArray[np.int8]:
        """Embeddings (N, D), of length 1 -> integers (N, dims).

        With 8 and 4 bits, D is `dims`: each number is rounded to a multiple of one step, which is the same for all
        prints (see `STEPS`); numbers beyond the largest integer become the largest. Rounding makes some vectors longer
        and some shorter, which would raise and lower all their scores. So a vector is scaled before it is rounded, by
        the factor that gives its integers the length that they should have. With 1 bit, D is any size: the integers are
        the signs of the embedding in `dims` directions (see `expansion`).

        Raises BadInput for embeddings that hold NaN or have another size.
        """
        embeddings = np.asarray(embeddings, dtype=np.float32)
        if (wrong := int(np.isnan(embeddings).any(axis=1).sum())) > 0:
            raise BadInput(
                f"{wrong} of {len(embeddings)} embeddings are NaN: train the matcher with a lower --learning_rate"
            )
        if self.bits == 1:
            turned = embeddings @ expansion(self.dims, embeddings.shape[1]).T
            return np.where(turned >= 0, 1, -1).astype(np.int8)
        check_dims(self, embeddings.shape[1])
        length = math.sqrt(self.dims) / STEPS[self.bits]
        return _rounded_to_length(embeddings * np.float32(length), length, 2 ** (self.bits - 1) - 1)

    def pack(self, integers: NDArray[np.int8]) -> NDArray[np.uint8]:
        """Integers (N, dims) as `quantise` makes them -> templates (N, bytes), as docs/templates.md describes them."""
        if self.bits == 8:
            return np.ascontiguousarray(integers).view(np.uint8)
        if self.bits == 1:
            return np.packbits(integers > 0, axis=1, bitorder="little")
        halves = integers.view(np.uint8) & 15
        return np.asarray(halves[:, 0::2] | (halves[:, 1::2] << 4), np.uint8)

    def unpack(self, templates: NDArray[np.uint8]) -> NDArray[np.int8]:
        """The reverse of `pack`: templates (N, bytes) -> integers (N, dims). Raises BadInput for other arrays."""
        templates = np.asarray(templates)
        if templates.ndim != 2 or templates.shape[1] != self.bytes or templates.dtype != np.uint8:
            raise BadInput(
                f"the templates are {templates.dtype} of the shape {templates.shape}; give uint8 (N, {self.bytes})"
            )
        if self.bits == 8:
            return np.ascontiguousarray(templates).view(np.int8)
        if self.bits == 1:
            return 2 * np.unpackbits(templates, axis=1, bitorder="little").view(np.int8) - np.int8(1)
        integers = np.empty((len(templates), self.dims), np.int8)
        # A half of a byte lies in its upper four bits, so that the shift to the right repeats its sign.
        integers[:, 0::2] = (templates << 4).view(np.int8) >> 4
        integers[:, 1::2] = templates.view(np.int8) >> 4
        return integers


def template_format(template_bytes: int, template_bits: int, dims: int) -> TemplateFormat | None:
    """The format that `--template_bytes` and `--template_bits` ask for; None for templates of floats.

    template_bytes: 16, 32, 64 or 128; 0 for floats
    template_bits: 8, 4 or 1; 0 takes `DEFAULT_BITS`, or says nothing where `template_bytes` is 0
    dims: numbers in an embedding; 0 where they follow from the format, as its `dims`

    Raises BadInput for other values, and for a format that has no room for `dims` numbers or more room than that.
    """
    if template_bytes not in (0, *BYTES):
        raise BadInput(f"--template_bytes is {template_bytes}; give 16, 32, 64 or 128, or 0 for floats")
    if template_bits not in (0, 1, *STEPS):
        raise BadInput(f"--template_bits is {template_bits}; give 8, 4 or 1")
    if not template_bytes:
        if template_bits:
            raise BadInput(f"--template_bits {template_bits} needs --template_bytes; add it, 64 for example")
        return None
    found = TemplateFormat(template_bytes, template_bits or DEFAULT_BITS)
    if found.bits != 1 and dims:
        check_dims(found, dims)
    return found


def check_dims(format: TemplateFormat, dims: int) -> None:
    """Raises BadInput unless a format of 8 or 4 bits holds exactly `dims` numbers."""
    if dims == format.dims:
        return
    others = [(bits, size) for bits in STEPS for size in BYTES if 8 * size // bits == dims]
    ways = [f"--template_bits {bits} --template_bytes {size}" for bits, size in others]
    way_out = " or ".join([*ways, "--template_bits 1"])
    raise BadInput(
        f"a template of {format.name}, and the embedding has {dims}; train an embedding of {format.dims} numbers, or "
        f"give {way_out}"
    )


def _rounded_to_length(vectors: NDArray[np.float32], length: float, largest: int) -> NDArray[np.int8]:
    """Vectors (N, D), about `length` long -> integers of -`largest` to `largest`, as near to that length as a factor
    before rounding brings them.

    The length of the integers rises with the factor, so that halving its range finds it.
    """
    low, high = (np.full((len(vectors), 1), factor, np.float32) for factor in _FACTORS)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_long = _lengths(_rounded(vectors * middle, largest)) > length
        low, high = np.where(too_long, low, middle), np.where(too_long, middle, high)
    shorter, longer = (_rounded(vectors * factor, largest) for factor in (low, high))
    nearer = np.abs(_lengths(shorter) - length) <= np.abs(_lengths(longer) - length)
    return np.where(nearer, shorter, longer).astype(np.int8)


def _rounded(vectors: NDArray[Any], largest: int) -> NDArray[Any]:
    return np.clip(np.rint(vectors), -largest, largest)


def _lengths(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.linalg.norm(vectors, axis=1, keepdims=True)
