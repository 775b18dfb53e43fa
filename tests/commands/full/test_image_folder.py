"""Which files of a folder are coded, in which order and under which names."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ridgecode.codec.full_size import FullSize
from ridgecode.commands.full.image_folder import code_images, folder_images
from ridgecode.errors import BadInput
from ridgecode.prints.images import read_image
from support.empty_files import touch


def names(folder: Path) -> list[str]:
    return [image.name for image in folder_images(folder)]


def test_images_at_every_depth_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "10.png", "2.tif", "b/1.WSQ", "a/x.1.jp2", "a/10/1.png", "a/9/1.png", "a/notes.txt", "c/d/e.bmp")
    found = folder_images(tmp_path)
    assert [image.name for image in found] == ["2", "10", "a/9/1", "a/10/1", "a/x.1", "b/1", "c/d/e"]
    assert [image.path.relative_to(tmp_path).as_posix() for image in found[:2]] == ["2.tif", "10.png"]
    assert [image.path.name for image in found[-2:]] == ["1.WSQ", "e.bmp"]


def test_images_that_are_left_out_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touch(tmp_path, "1.png", "2.heic", ".hidden/3.png", "readme.txt")
    assert names(tmp_path) == ["1"]
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "2 left out" in said and "3.png (hidden" in said
    (tmp_path / "2.heic").unlink()
    (tmp_path / ".hidden/3.png").unlink()
    assert names(tmp_path) == ["1"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "holds no image: give a folder of images"),
        (("readme.txt", "a/notes.txt"), "holds no image"),
        (("1.heic",), r"no image that can be taken, 1 left out, the first of them .*1\.heic \(suffix"),
        (("s1/1.png", "s1/1.jpg", "2.png"), r"1\.jpg and .*1\.png would both be named 's1/1' in the archive; rename"),
        (("n" * 220 + ".png",), "can't be a file name in the output folder; rename the file"),
        (("/".join(["d" * 190] * 6) + "/1.png",), "1024 at most"),
    ],
)
def test_folders_that_are_refused(files: tuple[str, ...], said: str, tmp_path: Path) -> None:
    touch(tmp_path, *files)
    with pytest.raises(BadInput, match=said) as caught:
        folder_images(tmp_path)
    assert "\n" not in str(caught.value) and "--root" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read") as caught:
        folder_images(tmp_path / "none")
    assert "--root" not in str(caught.value)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(bytes(tmp_path) + b"/\xff.png")).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(BadInput, match=r"\\udcff\.png has a name that is no UTF-8 text; rename it"):
        folder_images(tmp_path)


def read(path: Path) -> tuple[NDArray[np.uint8], float]:
    image = read_image(path)
    return image.grey, image.ppi


def code(grey: NDArray[np.uint8], ppi: float) -> bytes:
    return bytes([grey.max(), round(ppi) % 256])


def write_images(folder: Path) -> None:
    """1 to 4: of 70 + i rows and 64 columns, of grey value i."""
    for i in range(1, 5):
        Image.new("L", (64, 70 + i), i).save(folder / f"{i}.png", dpi=(500, 500))


def test_sizes_and_payloads_in_the_order_of_the_images(tmp_path: Path) -> None:
    write_images(tmp_path)
    sizes, payloads = code_images(folder_images(tmp_path), read, code)
    assert [size[:2] for size in sizes] == [(71, 64), (72, 64), (73, 64), (74, 64)]
    assert all(isinstance(size, FullSize) and size.ppi == 500 for size in sizes)
    assert payloads == [bytes([i, 500 % 256]) for i in range(1, 5)]


@pytest.mark.parametrize(
    ("spoilt", "said", "most_coded"),
    [
        ([2], r"2\.png is a truncated or damaged PNG file$", 1),
        ([1, 3, 4], r"1\.png is a .*; 2 of the other 3 images can't be coded either: .*3\.png, .*4\.png$", 0),
    ],
)
def test_truncated_images_are_all_named(spoilt: list[int], said: str, most_coded: int, tmp_path: Path) -> None:
    write_images(tmp_path)
    for i in spoilt:
        whole = (tmp_path / f"{i}.png").read_bytes()
        (tmp_path / f"{i}.png").write_bytes(whole[: len(whole) - 30])
    coded = []

    def counting(grey: NDArray[np.uint8], ppi: float) -> bytes:
        coded.append(ppi)
        return code(grey, ppi)

    with pytest.raises(BadInput, match=said):
        code_images(folder_images(tmp_path), read, counting)
    assert len(coded) == most_coded  # nothing is coded for an archive that will not be written
