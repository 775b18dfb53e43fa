"""Image files to grey, against decoders that read the bytes pixel by pixel."""

import os
import struct
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images import ReadImage, load_grey, read_image
from ridgecode.prints.images.read import _READERS


def slow_bmp(data: bytes) -> np.ndarray:
    """An uncompressed bottom-up BMP of R=G=B, read by the format's own definition."""
    assert data[:2] == b"BM"
    (start,) = struct.unpack_from("<I", data, 10)
    header, width, height, _, bits = struct.unpack_from("<IiiHH", data, 14)
    stride = (width * bits // 8 + 3) // 4 * 4
    grey = np.zeros((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            at = start + (height - 1 - y) * stride + x * bits // 8
            if bits == 8:
                entry = 14 + header + 4 * data[at]
                blue, green, red = data[entry : entry + 3]
            else:
                blue, green, red = data[at : at + 3]
            assert blue == green == red
            grey[y, x] = red
    return grey


def make_bmp(grey: np.ndarray, bits: int) -> bytes:
    """A BMP of SOCOFing's three kinds: 8 bits with a palette, 24 bits, 32 bits with bit fields and a V5 header."""
    height, width = grey.shape
    size = 124 if bits == 32 else 40
    palette = b"".join(bytes((value, value, value, 0)) for value in range(256)) if bits == 8 else b""
    rows = []
    for row in grey[::-1]:
        packed = b"".join({8: bytes((v,)), 24: bytes((v, v, v)), 32: bytes((v, v, v, 255))}[bits] for v in row.tolist())
        rows.append(packed + bytes(-len(packed) % 4))
    pixels = b"".join(rows)
    start = 14 + size + len(palette)
    compression = 3 if bits == 32 else 0
    header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(pixels), 3780, 3780, 0, 0)
    if bits == 32:
        masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        header += masks + b"BGRs" + bytes(124 - 40 - 16 - 4)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + header + palette + pixels


def random_print(height: int = 103, width: int = 96, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


@pytest.mark.parametrize("bits", [8, 24, 32])
@pytest.mark.parametrize("shape", [(103, 96), (298, 241), (5, 3), (1, 1)])
def test_the_three_kinds_of_bmp_give_the_same_pixels(tmp_path, bits, shape):
    grey = random_print(*shape)
    data = make_bmp(grey, bits)
    path = tmp_path / "print.BMP"
    path.write_bytes(data)
    assert np.array_equal(load_grey(path), grey)
    assert np.array_equal(slow_bmp(data), grey)


def test_padding_of_32_bit_bmp_is_no_transparency(tmp_path):
    grey = random_print(8, 8)
    data = bytearray(make_bmp(grey, 32))
    data[-8 * 8 * 4 + 3 :: 4] = bytes(8 * 8)
    path = tmp_path / "print.BMP"
    path.write_bytes(data)
    assert np.array_equal(load_grey(path), grey)


def test_real_files_agree_with_the_slow_decoder(real_data):
    folder = real_data / "SOCOFing"
    for name in (
        "Real/1__M_Left_index_finger.BMP",
        "Real/226__M_Right_middle_finger.BMP",
        "Altered/Altered-Easy/225__M_Right_middle_finger_Obl.BMP",
        "Altered/Altered-Hard/270__M_Left_ring_finger_CR.BMP",
    ):
        assert np.array_equal(load_grey(folder / name), slow_bmp((folder / name).read_bytes())), name


@pytest.mark.parametrize("suffix", ["png", "pgm", "tif", "tiff", "bmp"])
def test_lossless_formats_give_the_pixels_back(tmp_path, suffix):
    grey = random_print(20, 30)
    path = tmp_path / f"print.{suffix}"
    Image.fromarray(grey).save(path)
    assert np.array_equal(load_grey(path), grey)


def test_jpeg_comes_close(tmp_path):
    smooth = np.linspace(0, 255, 40 * 40).reshape(40, 40).astype(np.uint8)
    path = tmp_path / "print.jpg"
    Image.fromarray(smooth).save(path, quality=95)
    assert np.abs(load_grey(path).astype(int) - smooth).max() <= 8


def test_colour_becomes_luma(tmp_path):
    colours = np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    path = tmp_path / "print.png"
    Image.fromarray(colours).save(path)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    assert np.abs(load_grey(path) - luma).max() <= 1


def test_16_bit_grey_keeps_its_range(tmp_path):
    deep = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    for suffix in ("png", "tif"):
        path = tmp_path / f"print.{suffix}"
        Image.fromarray(deep).save(path)
        assert load_grey(path).tolist() == [[0, 1, 128, 255]], suffix
    path = tmp_path / "print.pgm"
    path.write_bytes(b"P5 4 1 65535\n" + deep.astype(">u2").tobytes())
    assert load_grey(path).tolist() == [[0, 1, 128, 255]]


def test_transparent_pixels_are_background(tmp_path):
    path = tmp_path / "print.png"
    Image.fromarray(np.array([[[0, 0], [0, 255], [255, 255]]], np.uint8), mode=None).save(path)
    assert load_grey(path).tolist() == [[255, 0, 255]]


def test_black_and_white_is_0_and_255(tmp_path):
    path = tmp_path / "print.tif"
    Image.fromarray(np.array([[True, False]])).save(path)
    assert load_grey(path).tolist() == [[255, 0]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.sampled_from([8, 24, 32]), st.floats(0, 1, exclude_max=True))
def test_a_truncated_bmp_is_refused(tmp_path, bits, share):
    data = make_bmp(random_print(), bits)
    path = tmp_path / "cut.BMP"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BadInput, match=r"cut\.BMP"):
        load_grey(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.sampled_from(["png", "jpg", "tif", "pgm", "bmp", "gif", "webp", "jp2"]), st.data())
def test_damaged_files_give_pixels_or_bad_input(tmp_path, suffix, data):
    path = tmp_path / f"good.{suffix}"
    Image.fromarray(random_print(16, 16)).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / f"damaged.{suffix}"
    damaged.write_bytes(content)
    try:
        grey = load_grey(damaged)
    except BadInput as error:
        assert "damaged" in str(error)
    else:
        assert grey.dtype == np.uint8
        assert grey.ndim == 2


def test_other_bad_files_are_refused(tmp_path):
    (tmp_path / "text.BMP").write_text("not an image\n")
    (tmp_path / "empty.BMP").touch()
    (tmp_path / "folder.BMP").mkdir()
    (tmp_path / "huge.pgm").write_bytes(b"P5 9000 9000 255\n")
    for name, why in (
        ("text.BMP", "no readable"),
        ("empty.BMP", "0 bytes"),
        ("folder.BMP", "can't be read"),
        ("missing.BMP", "can't be read"),
        ("huge.pgm", "pixels"),
    ):
        with pytest.raises(BadInput, match=why) as raised:
            load_grey(tmp_path / name)
        assert str(tmp_path / name) in str(raised.value)


def test_floating_point_images_are_refused(tmp_path):
    path = tmp_path / "print.tif"
    Image.fromarray(np.zeros((4, 4), np.float32)).save(path)
    with pytest.raises(BadInput, match="floating-point"):
        load_grey(path)


def test_pixels_and_notes_have_plain_types(tmp_path):
    path = tmp_path / "print.png"
    Image.fromarray(random_print(8, 8)).save(path, dpi=(500, 500))
    image = read_image(path)
    assert isinstance(image, ReadImage)
    assert (image.grey.dtype, image.ppi, image.notes) == (np.uint8, 500.0, ())
    assert np.array_equal(image.grey, load_grey(path))


def test_pipes_devices_and_odd_names_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(BadInput) as raised:
            read_image(path)
        assert str(raised.value) == f"{path} is a pipe or a device, not an image file"
    for name in ("loop.png", "null\0byte.png"):
        with pytest.raises(BadInput, match="can't be read"):
            read_image(tmp_path / name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser reads every file")
def test_files_without_rights_are_refused(tmp_path):
    path = tmp_path / "print.png"
    path.touch(mode=0o000)
    with pytest.raises(BadInput, match=r"can't be read \(Permission denied\)"):
        read_image(path)


def test_enormous_files_are_not_read_into_memory(tmp_path):
    path = tmp_path / "print.png"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(BadInput, match=r"has 1099511627776 bytes, more than 1073741824"):
        read_image(path)


@pytest.mark.parametrize(("width", "height"), [(14000, 14300), (8268, 11692)])
@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "pbm"])
def test_large_scans_are_refused_in_one_sentence(tmp_path, suffix, width, height):
    """Pillow has limits of its own, below and above these sizes; its warning and its error must not show."""
    path = tmp_path / f"card.{suffix}"
    Image.new("1", (width, height)).save(path)
    with warnings.catch_warnings(record=True) as seen, pytest.raises(BadInput) as raised:
        warnings.simplefilter("always")
        read_image(path)
    assert str(raised.value) == (
        f"{path} has {width} x {height} pixels, more than 67108864 together: crop it to the print, or save it at "
        "500 ppi"
    )
    assert not seen


def test_want_of_memory_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "print.png"
    Image.fromarray(random_print(8, 8)).save(path)

    def greedy(data):
        raise MemoryError

    monkeypatch.setitem(_READERS, "PNG", greedy)
    with pytest.raises(BadInput, match=r"print\.png needs more memory than there is: crop it"):
        read_image(path)


def test_threads_read_files_with_odd_tags_without_warnings(tmp_path):
    """Pillow warns of EXIF data that it can't parse, and warnings are errors here."""
    path = tmp_path / "print.jpg"
    Image.fromarray(random_print(64, 64)).save(path, exif=b"Exif\0\0II*\0\xff\xff\0\0")
    expected = load_grey(path)
    with ThreadPoolExecutor(4) as pool:
        for grey in pool.map(load_grey, [path] * 80):
            assert np.array_equal(grey, expected)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_deep_files_that_use_12_bits_without_saying_so_are_noted(tmp_path, suffix):
    path = tmp_path / f"print.{suffix}"
    for top, noted in ((4095, True), (4096, False), (65535, False)):
        deep = np.array([[0, top]], np.uint16)
        if suffix == "pgm":
            path.write_bytes(b"P5 2 1 65535\n" + deep.astype(">u2").tobytes())
        else:
            Image.fromarray(deep).save(path)
        image = read_image(path)
        assert image.grey.tolist() == [[0, round(top / 257)]]
        assert bool(image.notes) == noted
        assert not noted or image.notes[0].startswith("has no sample above 4095 of 65535, so it comes out nearly black")
