"""Written images against Pillow, tifffile and the readers here."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images import read_image
from ridgecode.prints.images.write import write_image
from support.image_files import smooth_grey
from support.random_prints import some_prints


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    ppi=st.integers(19000, 210000).map(lambda hundredths: hundredths / 100),
    suffix=st.sampled_from([".png", ".tif", ".TIFF"]),
)
def test_pixels_and_resolution_come_back(tmp_path: Path, height: int, width: int, ppi: float, suffix: str) -> None:
    grey, path = some_prints(1, height, width)[0], tmp_path / f"print{suffix}"
    write_image(path, grey, ppi)
    read = read_image(path)
    assert np.array_equal(read.grey, grey) and read.notes == ()
    assert read.ppi == pytest.approx(ppi, abs=0.0254)  # of whole pixels per metre; the reader rounds by 0.02
    with Image.open(path) as image:
        assert image.size == (width, height) and image.mode == "L"
        assert tuple(map(float, image.info["dpi"])) == pytest.approx((ppi, ppi), abs=0.0254)
    assert [one.name for one in tmp_path.iterdir()].count(path.name) == 1


@pytest.mark.parametrize("ppi", [200, 250, 300, 393.7, 500, 508, 569, 1000])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_usual_resolutions_come_back_exactly(tmp_path: Path, suffix: str, ppi: float) -> None:
    write_image(tmp_path / f"print{suffix}", np.zeros((5, 7), np.uint8), ppi)
    assert round(read_image(tmp_path / f"print{suffix}").ppi, 4) == ppi


@pytest.mark.parametrize("ppi", [500, 333.3, 1000])
def test_wsq_has_the_size_and_the_resolution_and_loses_little(tmp_path: Path, ppi: float) -> None:
    coder = pytest.importorskip("_wsq")
    grey, path = smooth_grey(120, 100), tmp_path / "print.wsq"
    write_image(path, grey, ppi)
    read = read_image(path)
    assert read.grey.shape == (120, 100) and read.ppi == round(ppi)
    assert ((read.grey.astype(float) - grey) ** 2).mean() < 50
    if ppi == 500:  # the package's own file
        assert path.read_bytes() == bytes(coder.compress(grey.tobytes(), 120, 100, 0.75))


@pytest.mark.parametrize("shape", [(63, 100), (100, 63)])
def test_wsq_of_a_small_image_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match=r"print\.wsq: .*write it as \.png"):
        write_image(tmp_path / "print.wsq", np.zeros(shape, np.uint8), 500)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "grey", "ppi", "why"),
    [
        ("a.jpg", np.zeros((9, 9), np.uint8), 500.0, r"a\.jpg can't be written: .*\.png"),
        ("a", np.zeros((9, 9), np.uint8), 500.0, r"a can't be written"),
        ("a.png", np.zeros((9, 9)), 500.0, r"a\.png: an image is grey uint8"),
        ("a.png", np.zeros((9, 9, 3), np.uint8), 500.0, r"a\.png: an image is grey uint8"),
        ("a.png", np.zeros((0, 9), np.uint8), 500.0, r"a\.png: an image is grey uint8"),
        ("a.png", np.zeros((9, 9), np.uint8), 0.0, r"a\.png: 0 is no resolution"),
        ("a.tif", np.zeros((9, 9), np.uint8), float("nan"), r"a\.tif: nan is no resolution"),
    ],
)
def test_what_can_not_be_written_is_refused(tmp_path: Path, name: str, grey: np.ndarray, ppi: float, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        write_image(tmp_path / name, grey, ppi)
    assert not list(tmp_path.iterdir())
