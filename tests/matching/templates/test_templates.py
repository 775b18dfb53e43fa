"""`Templates`: what they hold, and their use as the arrays that they were in earlier versions."""

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.templates import Templates, packed, unpacked

FLOATS = np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)


def templates(format: TemplateFormat | None, numbers: np.ndarray) -> Templates:
    n = len(numbers)
    return Templates(packed(format, numbers), np.arange(n) != 1, np.arange(n, dtype=np.float32), "ab" * 32, format)


def test_floats_are_stored_as_their_bytes() -> None:
    found = templates(None, FLOATS)
    assert found.data.shape == (5, 24) and found.data.dtype == np.uint8
    assert found.data[2].tobytes() == FLOATS[2].tobytes()
    np.testing.assert_array_equal(found.numbers, FLOATS)


def test_integers() -> None:
    format = TemplateFormat(16, 4)
    numbers = np.random.default_rng(0).integers(-7, 8, (5, 32)).astype(np.int8)
    found = templates(format, numbers)
    assert found.data.shape == (5, 16)
    np.testing.assert_array_equal(found.numbers, numbers)
    assert found.numbers.dtype == np.int8


def test_they_are_arrays_too() -> None:
    found = templates(None, FLOATS)
    assert (len(found), found.shape, found.dtype) == (5, (5, 6), np.float32)
    np.testing.assert_array_equal(found, FLOATS)
    np.testing.assert_array_equal(np.asarray(found, dtype=np.float64), FLOATS.astype(float))
    np.testing.assert_array_equal(found[0], FLOATS[0])
    np.testing.assert_array_equal(found[:, :2], FLOATS[:, :2])


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([4, 0]), np.array([True, False, True, True, False])])
def test_some_of_the_rows(rows: slice | np.ndarray) -> None:
    found = templates(None, FLOATS)
    some = found[rows]
    assert isinstance(some, Templates)
    np.testing.assert_array_equal(some.numbers, FLOATS[rows])
    np.testing.assert_array_equal(some.quality, found.quality[rows])
    np.testing.assert_array_equal(some.enrolled, found.enrolled[rows])
    assert some.matcher == found.matcher


@pytest.mark.parametrize("data", [np.zeros((2, 6), np.uint8), np.zeros(8, np.uint8), np.zeros((2, 8), np.float32)])
def test_bytes_that_are_no_floats(data: np.ndarray) -> None:
    with pytest.raises(BadInput, match=r"give uint8 \(N, 4 D\)"):
        unpacked(None, data)
