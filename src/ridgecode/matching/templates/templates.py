"""Templates of prints, which know their matcher and which prints failed to enrol."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.templates.format import TemplateFormat


@dataclass(frozen=True, eq=False)
class Templates:
    """The templates of N prints.

    data: uint8 (N, bytes), as they are stored; zeros for a print that failed to enrol
    enrolled: bool (N,), False where a print failed to enrol since its quality is too low
    quality: float32 (N,), 0 to 100
    matcher: SHA-256 of the file of the matcher that made them, 64 hexadecimal digits
    format: of `data`; None for float32 numbers, lowest byte first

    As an array, as which `Matcher.templates` gave templates in earlier versions, they are their numbers. A slice, an
    array of rows or a mask takes some of the templates.
    """

    data: NDArray[np.uint8]
    enrolled: NDArray[np.bool_]
    quality: NDArray[np.float32]
    matcher: str
    format: TemplateFormat | None = None

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, slice) or (isinstance(rows, np.ndarray) and rows.ndim == 1):
            data, enrolled, quality = self.data[rows], self.enrolled[rows], self.quality[rows]
            return Templates(data, enrolled, quality, self.matcher, self.format)
        return self.numbers[rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.numbers, dtype=dtype, copy=copy)

    @property
    def numbers(self) -> NDArray[Any]:
        """(N, D): int8 integers whose dot product is the score times a constant, or float32."""
        return unpacked(self.format, self.data)

    @property
    def shape(self) -> tuple[int, int]:
        return self.numbers.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.numbers.dtype


def packed(format: TemplateFormat | None, numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers (N, D), int8 of a format or float32 without one -> templates uint8 (N, bytes)."""
    if format is not None:
        return format.pack(numbers)
    return np.ascontiguousarray(numbers, dtype="<f4").view(np.uint8)


def unpacked(format: TemplateFormat | None, data: NDArray[np.uint8]) -> NDArray[Any]:
    """The reverse of `packed`. Raises BadInput for arrays that don't hold templates of the format."""
    if format is not None:
        return format.unpack(data)
    data = np.asarray(data)
    if data.ndim != 2 or data.shape[1] % 4 or data.dtype != np.uint8:
        raise BadInput(
            f"the templates are {data.dtype} of the shape {data.shape}; give uint8 (N, 4 D) of D floats each"
        )
    return np.ascontiguousarray(data).view("<f4").astype(np.float32, copy=False)
