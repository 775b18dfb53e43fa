"""Which files are taken for images, by name and by first bytes."""

import io
import os
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images import is_image, looks_like_image, read_image
from ridgecode.prints.images.formats import SUFFIXES, format_of, is_read
from support.image_files import saved, smooth_grey

GREY = smooth_grey()
READ = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
UNREAD = {
    "HEIC": b"\0\0\0\x18ftypheic",
    "AVIF": b"\0\0\0\x18ftypavif",
    "JPEG XL": imagecodecs.jpegxl_encode(GREY),
    "Photoshop": b"8BPS\0\1",
    "FITS": b"SIMPLE  =                    T",
    "ISO/IEC 19794-4 finger image": b"FIR\x00010\0",
    "OpenEXR": b"v/1\x01\2\0\0\0",
    "QOI": imagecodecs.qoi_encode(np.dstack([GREY] * 3)),
}


def test_clutter_is_no_image(tmp_path: Path) -> None:
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "._1__M_Left_index_finger.BMP", "README.txt", "BMP"):
        assert not is_image(tmp_path / name)
    names = "a.BMP a.bmp a.pgm a.PNG a.jpg a.JPEG a.tif a.TIFF a.jpe a.jfif a.gif a.webp a.jp2 a.ppm a.wsq a.an2 a.eft"
    for name in names.split():
        assert is_image(tmp_path / name)


def test_known_suffixes_look_like_images_without_a_look_inside(tmp_path: Path) -> None:
    for suffix in (*SUFFIXES, ".heic", ".HEIF", ".psd", ".dng", ".jxl", ".avif", ".raw", ".dcm", ".cr2", ".tga"):
        assert looks_like_image(tmp_path / f"missing{suffix}"), suffix
    for name in ("missing.txt", "missing.csv", "missing", ".png"):
        assert not looks_like_image(tmp_path / name), name


@pytest.mark.parametrize("kind", READ)
def test_first_bytes_of_what_other_writers_wrote(tmp_path: Path, kind: str) -> None:
    data = saved(Image.fromarray(GREY), kind)
    assert is_read(format_of(data))
    for name in ("print", "print.dat", ".print"):
        (tmp_path / name).write_bytes(data)
        assert looks_like_image(tmp_path / name)
        assert not is_image(tmp_path / name)
    assert read_image(tmp_path / "print").grey.shape == GREY.shape


@pytest.mark.parametrize("name", UNREAD)
def test_formats_that_are_not_read_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "print"
    path.write_bytes(UNREAD[name])
    assert looks_like_image(path)
    with pytest.raises(BadInput, match=f"print is a {name} file, which is not read: save it as PNG"):
        read_image(path)


def test_other_files_are_said_to_be_what_they_are(tmp_path: Path) -> None:
    dicom = bytes(128) + b"DICM" + bytes(9)
    for content, why in (
        (b"%PDF-1.7\n", "PDF document, not an image: extract"),
        (dicom, "DICOM file, which is not read: save"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "web page, not an image: download"),
        (bytes(5000), "zeros only, as interrupted copies do"),
        (b"not an image\n", "no readable image; BMP, PNG"),
    ):
        path = tmp_path / "print.png"
        path.write_bytes(content)
        with pytest.raises(BadInput, match=why) as raised:
            read_image(path)
        assert str(raised.value).startswith(f"{path} ")


def test_text_and_programs_do_not_look_like_images(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (
        b"",
        b"P",
        b"BM is a unit of the army, as far as I know.",
        b"P5",
        b"1.001",
        b"\x7fELF\2\1\1",
        b"PK\3\4",
        b"#!/bin/sh",
        b"II",
        b"\0" * 40,
    ):
        path.write_bytes(content)
        assert not looks_like_image(path), content


def test_pipes_and_folders_do_not_look_like_images(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    for name in ("pipe", "folder", "broken", "null\0byte"):
        assert not looks_like_image(tmp_path / name)


def test_a_byte_more_or_less_does_not_make_another_format() -> None:
    data = io.BytesIO(saved(Image.fromarray(GREY), "PNG")).getvalue()
    assert format_of(data[1:]) == ""
    assert format_of(b"\0" + data) == ""
