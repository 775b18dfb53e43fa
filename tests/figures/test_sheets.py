"""A sheet is read back pixel by pixel: what is seen is what was given."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.figures.sheets import reconstruction_sheet


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def flat_columns(*greys: int, n: int = 2, side: int = 32) -> dict[str, np.ndarray]:
    return {f"{grey} dims": np.full((n, side, side), grey, np.uint8) for grey in greys}


def test_columns_keep_their_order_and_the_truth_comes_last() -> None:
    columns = {"truth": np.full((2, 32, 32), 200, np.uint8), **flat_columns(10, 90)}
    sheet = opened(reconstruction_sheet(columns))
    middle = sheet[sheet.shape[0] - 60]
    seen = [int(grey) for grey in dict.fromkeys(middle.tolist()) if grey in (10, 90, 200)]
    assert seen == [10, 90, 200]


def test_pixels_are_enlarged_by_a_whole_factor_without_smoothing() -> None:
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (1, 32, 32), dtype=np.uint8)
    sheet = opened(reconstruction_sheet({"truth": image}))
    # 32 pixels become 96; find the cell by comparing with the image enlarged by repetition.
    enlarged = np.kron(image[0], np.ones((3, 3), np.uint8))
    found = [
        (y, x)
        for y in range(sheet.shape[0] - 95)
        for x in range(sheet.shape[1] - 95)
        if sheet[y, x] == enlarged[0, 0] and np.array_equal(sheet[y : y + 96, x : x + 96], enlarged)
    ]
    assert len(found) == 1


def test_float_images_in_unit_range_equal_their_uint8_form() -> None:
    whole = np.arange(0, 256, dtype=np.uint8).reshape(1, 16, 16)
    assert reconstruction_sheet({"a": whole / 255.0}) == reconstruction_sheet({"a": whole})


def test_a_diverged_model_still_gives_a_sheet() -> None:
    wild = np.array([[[np.nan, np.inf], [-np.inf, 7.0]]], dtype=np.float32)
    cells = opened(reconstruction_sheet({"wild": wild}))[-12 - 96 : -12, 12 : 12 + 96]
    assert [cells[10, 10], cells[10, 80], cells[80, 10], cells[80, 80]] == [128, 255, 0, 255]


def test_equal_input_gives_equal_bytes_and_the_file_is_those_bytes(tmp_path: Path) -> None:
    columns = flat_columns(10, 90)
    png = reconstruction_sheet(columns, tmp_path / "deep" / "sheet.png", title="Two", row_labels=["a", "b"])
    assert png == reconstruction_sheet(columns, title="Two", row_labels=["a", "b"])
    assert (tmp_path / "deep" / "sheet.png").read_bytes() == png
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["sheet.png"]


def test_a_long_title_and_long_row_labels_fit() -> None:
    columns = flat_columns(10)
    narrow = opened(reconstruction_sheet(columns)).shape[1]
    assert opened(reconstruction_sheet(columns, title="A title that is far longer than one column")).shape[1] > narrow
    assert opened(reconstruction_sheet(columns, row_labels=["401 left index", "402 left index"])).shape[1] > narrow


@pytest.mark.parametrize("shape", [(2, 97, 90), (1, 8, 8), (3, 300, 200)])
def test_any_print_size_makes_a_sheet(shape: tuple[int, int, int]) -> None:
    sheet = opened(reconstruction_sheet({"a": np.zeros(shape, np.uint8), "truth": np.zeros(shape, np.uint8)}))
    assert sheet.shape[0] > shape[0] * shape[1] and sheet.shape[1] > 2 * shape[2]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        reconstruction_sheet({"a": np.zeros((2, 4, 4)), "truth": np.zeros((3, 4, 4))})
    with pytest.raises(ValueError, match="one shape"):
        reconstruction_sheet({"a": np.zeros((2, 1, 4, 4))})
    with pytest.raises(ValueError, match="at least one column"):
        reconstruction_sheet({})
    with pytest.raises(ValueError, match="row labels"):
        reconstruction_sheet({"a": np.zeros((2, 4, 4))}, row_labels=["only one"])


def test_a_sheet_of_8_by_8_takes_under_a_second() -> None:
    columns = {**flat_columns(*range(10, 80, 10), n=8), "truth": np.zeros((8, 32, 32), np.uint8)}
    start = time.perf_counter()
    reconstruction_sheet(columns)
    assert time.perf_counter() - start < 1.0
