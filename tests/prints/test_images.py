"""Image files to grey, against decoders that read the bytes pixel by pixel."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images import is_image, load_grey


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
@given(st.sampled_from(["png", "jpg", "tif", "pgm", "bmp"]), st.data())
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


def test_clutter_is_no_image(tmp_path):
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "._1__M_Left_index_finger.BMP", "README.txt", "BMP"):
        assert not is_image(tmp_path / name)
    for name in ("a.BMP", "a.bmp", "a.pgm", "a.PNG", "a.jpg", "a.JPEG", "a.tif", "a.TIFF"):
        assert is_image(tmp_path / name)
