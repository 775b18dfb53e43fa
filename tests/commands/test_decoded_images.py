"""Images of prints of any size from coded files, and names of decoded prints on systems with other rules than Linux.

A payload here is the grey value of all of a print's pixels, so that no model is needed.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import RidgeFile, pack_full_archive, pack_full_print
from ridgecode.commands import decoded_images
from ridgecode.commands.decoded_images import check_format, check_names, draw_full_prints
from ridgecode.commands.settings.decode import ImageFormat
from ridgecode.errors import BadInput

ORIGIN = Path("x.ridge")


@pytest.mark.parametrize(
    "name", ["a:b", "con", "s1/NUL.1", "LPT1", "end.", "s1 /a", "what?", 'a"b', "a\nb", "a|b", "<a>"]
)
def test_names_that_windows_has_no_files_of(name: str) -> None:
    check_names([name], ORIGIN, "rename it", "linux")
    with pytest.raises(BadInput, match="can't be a file name"):
        check_names([name], ORIGIN, "rename it", "win32")


@pytest.mark.parametrize("name", ["s1/1__M_Left_index", "console", "é", ".hidden", "a.b"])
def test_names_that_every_system_has(name: str) -> None:
    check_names([name], ORIGIN, "rename it", "win32")


@pytest.mark.parametrize(("system", "clash"), [("linux", False), ("win32", True), ("darwin", True)])
def test_names_that_differ_in_case_alone(system: str, clash: bool) -> None:
    if not clash:
        check_names(["s1/A", "s1/a"], ORIGIN, "rename one", system)
        return
    with pytest.raises(BadInput, match="two prints"):
        check_names(["s1/A", "s1/a"], ORIGIN, "rename one", system)


MODEL = bytes(4)
SIZES = [FullSize(300, 200, 500), FullSize(64, 70, 393.7), FullSize(1000, 1100, 1000), FullSize(90, 90, 250)]
PRINTS = ["a/1", "a/2", "large", "4"]


def grey_image(payload: bytes, size: FullSize) -> NDArray[np.uint8]:
    if len(payload) != 1:
        raise ValueError(f"{len(payload)} bytes where one is expected")
    return np.full(size[:2], payload[0], np.uint8)


def draw(data: bytes, folder: Path, rows: Sequence[int], image_format: ImageFormat = "png") -> None:
    (folder / "x.ridge").write_bytes(data)
    file = RidgeFile.open(folder / "x.ridge")
    draw_full_prints(file, np.array(rows), folder / "o", image_format, grey_image)


def drawn(folder: Path) -> dict[str, tuple[FullSize, int]]:
    """The size and the one grey value of each image below `folder`/o."""
    found = {}
    for path in (folder / "o").rglob("*.*"):
        with Image.open(path) as image:
            values, ppi = np.unique(np.asarray(image)), float(image.info["dpi"][0])
            (grey,) = values.tolist()
            found[path.relative_to(folder / "o").as_posix()] = FullSize(image.height, image.width, ppi), grey
    return found


@pytest.mark.parametrize("image_format", ["png", "tiff"])
def test_images_have_the_size_the_ppi_and_the_name_of_their_prints(
    image_format: ImageFormat, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(pack_full_archive(MODEL, PRINTS, SIZES, [b"a", b"b", b"c", b"d"]), tmp_path, [0, 1, 2, 3], image_format)
    found = drawn(tmp_path)
    assert sorted(found) == sorted(f"{name}.{image_format}" for name in PRINTS)
    for name, size, grey in zip(PRINTS, SIZES, b"abcd", strict=True):
        drawn_size, drawn_grey = found[f"{name}.{image_format}"]
        assert (drawn_size[:2], drawn_grey) == (size[:2], grey)
        assert drawn_size.ppi == pytest.approx(size.ppi, abs=0.02)  # PNG has whole pixels per metre
    assert capsys.readouterr().out == f"{tmp_path / 'o'}: 4 images\n"


def test_a_selection_and_a_file_of_one_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(pack_full_archive(MODEL, PRINTS, SIZES, [b"a", b"b", b"c", b"d"]), tmp_path, [3, 1])
    assert sorted(drawn(tmp_path)) == ["4.png", "a/2.png"]
    draw(pack_full_print(MODEL, SIZES[0], b"a"), tmp_path, [0])
    assert drawn(tmp_path)["x.png"] == (FullSize(300, 200, pytest.approx(500, abs=0.02)), ord("a"))
    assert capsys.readouterr().out.endswith("1 image\n")


def test_damaged_prints_of_any_size_are_named_and_the_others_written(tmp_path: Path) -> None:
    data = bytearray(pack_full_archive(MODEL, PRINTS, SIZES, [b"a", b"b", b"c", b"d"]))
    first_record = 24 + int.from_bytes(data[16:20], "little")
    for k in (1, 2):
        data[first_record + 5 * k] ^= 1  # a payload of one byte and its CRC of four
    with pytest.raises(BadInput, match=r"x\.ridge: 2 of 3 prints are damaged and were left out \('a/2', 'large'\)"):
        draw(bytes(data), tmp_path, [0, 1, 2])
    assert sorted(drawn(tmp_path)) == ["a/1.png"]


def test_a_payload_that_the_model_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"x\.ridge holds a print, 'a/2', that its model can't read \(2 bytes where"):
        draw(pack_full_archive(MODEL, PRINTS, SIZES, [b"a", b"bb", b"c", b"d"]), tmp_path, [1])


def test_large_prints_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the thread that draws, after all others."""
    monkeypatch.setattr(decoded_images, "LARGE", 90 * 90)
    here, seen = threading.get_ident(), list[tuple[int, bool]]()

    def noting(payload: bytes, size: FullSize) -> NDArray[np.uint8]:
        seen.append((payload[0], threading.get_ident() == here))
        return grey_image(payload, size)

    file = RidgeFile(pack_full_archive(MODEL, PRINTS, SIZES, [b"a", b"b", b"c", b"d"]), ORIGIN)
    draw_full_prints(file, np.arange(4), tmp_path / "o", "png", noting)
    assert sorted(seen[:2]) == [(ord("b"), False), (ord("d"), False)]
    assert seen[2:] == [(ord("a"), True), (ord("c"), True)]


def test_formats_of_other_files() -> None:
    check_format("png", ORIGIN)
    with pytest.raises(BadInput, match=r"--format wsq .* x\.ridge is not"):
        check_format("wsq", ORIGIN)
