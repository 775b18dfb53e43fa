"""One image file becomes a canonical print by its size, its ppi, or because `decode` drew it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.one_image import canonical_image


def written(path: Path, rows: int, columns: int, ppi: float = 0) -> np.ndarray:
    grey = np.random.default_rng(rows).integers(0, 256, (rows, columns), np.uint8)
    Image.fromarray(grey).save(path, **({"dpi": (ppi, ppi)} if ppi else {}))
    return grey


def test_sizes_that_say_their_scale(tmp_path: Path) -> None:
    socofing = written(tmp_path / "a.bmp", 103, 96)
    np.testing.assert_array_equal(canonical_image(tmp_path / "a.bmp", 0), socofing[2:-4, 2:-4])
    for shape in ((97, 90), (32, 32)):
        drawn = written(tmp_path / "b.png", *shape)
        np.testing.assert_array_equal(canonical_image(tmp_path / "b.png", 0, {(97, 90), (32, 32)}), drawn)
    with pytest.raises(BadInput, match=r"b\.png is 32 x 32 pixels.* give its pixels per inch with --ppi$"):
        canonical_image(tmp_path / "b.png", 0)


@pytest.mark.parametrize(("tag", "shape"), [(200, (97, 90)), (0, (39, 36)), (500, (39, 36))])
def test_only_what_decode_drew_keeps_its_size_at_a_given_ppi(tmp_path: Path, tag: float, shape: tuple) -> None:
    written(tmp_path / "a.png", 97, 90, tag)
    assert canonical_image(tmp_path / "a.png", 500).shape == shape


def test_what_was_left_out_and_other_resolutions_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tif"
    pages = [Image.new("L", (90, 97), grey) for grey in (1, 2, 3)]
    pages[0].save(path, save_all=True, append_images=pages[1:], dpi=(500, 500))
    for ppi, resolution in ((0, 200), (500, 0), (1000, 1000)):
        canonical_image(path, ppi)
        said = [f"ridgecode: {path} holds 3 pages; the first is taken"]
        said += [f"ridgecode: {path} states 500 pixels per inch; {resolution} was used"] if resolution else []
        assert capsys.readouterr().err.splitlines() == said


def test_a_ppi_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no resolution"):
        canonical_image(tmp_path / "a.png", 1)
