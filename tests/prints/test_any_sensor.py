"""The scale of an image of any sensor: the flag, the file's tag, a known size, else the distance of its ridges."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.any_sensor import image_of_any_sensor
from ridgecode.prints.canonical import to_canonical_scale


def rings(side: int, period: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side / 2
    return (128 + 100 * np.sin(2 * np.pi * np.hypot(x, y) / period)).astype(np.uint8)


def saved(path: Path, grey: np.ndarray, **more: object) -> Path:
    Image.fromarray(grey).save(path, **more)
    return path


def test_flag_then_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = rings(300, 9)
    tagged = saved(tmp_path / "tagged.png", grey, dpi=(500, 500))
    np.testing.assert_array_equal(image_of_any_sensor(tagged), to_canonical_scale(grey, 500))
    assert image_of_any_sensor(tagged, ppi=1000).shape == (60, 60)
    assert "states 500 pixels per inch; 1000 was used" in capsys.readouterr().err


@pytest.mark.parametrize("more", [{}, {"dpi": (72, 72)}])
def test_ridges_tell_where_no_sensor_has_such_a_tag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, object]
) -> None:
    found = image_of_any_sensor(saved(tmp_path / "a.png", rings(300, 9), **more))
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "a.png" in said and "--ppi" in said
    # 9 pixels are 0.36 to 0.46 mm of a fingerprint.
    assert 300 * 200 / 640 < found.shape[0] < 300 * 200 / 490


def test_known_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    framed = random.integers(0, 256, (103, 96), np.uint8)
    np.testing.assert_array_equal(image_of_any_sensor(saved(tmp_path / "a.bmp", framed)), framed[2:-4, 2:-4])
    print_alone = framed[2:-4, 2:-4]
    np.testing.assert_array_equal(image_of_any_sensor(saved(tmp_path / "b.png", print_alone)), print_alone)
    assert capsys.readouterr().err == ""


def test_no_ridges(tmp_path: Path) -> None:
    for number, grey in enumerate((np.full((200, 200), 255, np.uint8), np.zeros((50, 50), np.uint8))):
        with pytest.raises(BadInput, match=r"blank.*no ridges were found, so it fails to enrol"):
            image_of_any_sensor(saved(tmp_path / f"blank{number}.png", grey))
    with pytest.raises(BadInput, match="--ppi 3"):
        image_of_any_sensor(tmp_path / "blank0.png", ppi=3)
