"""TIFF files written by tifffile, imagecodecs, Pillow and by hand, against the samples that were written."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ridgecode.errors import BadInput
from ridgecode.prints.images import pixels, tiff
from ridgecode.prints.images.read import decode
from support.image_files import make_tiff, packed, scaled_slowly, smooth_grey

GREY = smooth_grey()
HEIGHT, WIDTH = GREY.shape
LOSSLESS = (None, "zlib", "lzw", "packbits", "lzma", "zstd", "jpeg2000")


def written(samples: NDArray[Any], **keywords: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **keywords)
    return file.getvalue()


def of_bits(bits: int) -> NDArray[np.int64]:
    return np.random.default_rng(bits).integers(0, 2**bits, (HEIGHT, WIDTH))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", LOSSLESS)
def test_8_and_16_bits_of_every_compression(compression: str | None, order: str, photometric: str) -> None:
    for bits, tile in ((8, None), (16, None), (8, (16, 16)), (16, (16, 16))):
        if (compression, order, bits) == ("jpeg2000", ">", 16):
            continue  # tifffile hands the bytes to the encoder in the wrong order
        samples = of_bits(bits)
        stored = (samples if photometric == "minisblack" else 2**bits - 1 - samples).astype(f"u{bits // 8}")
        data = written(stored, compression=compression, byteorder=order, photometric=photometric, tile=tile)
        assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1)), (bits, tile)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", range(1, 17))
def test_every_depth_by_hand(bits: int, order: str) -> None:
    samples = of_bits(bits)
    for photometric in (0, 1):
        stored = samples if photometric == 1 else 2**bits - 1 - samples
        content = stored.astype(f"{order}u2").tobytes() if bits == 16 else packed(stored, bits)
        data = make_tiff([(WIDTH, HEIGHT, content, {258: (3, [bits]), 262: (3, [photometric])})], order)
        assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1)), photometric


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_signed_samples_are_shifted_by_half_their_range(compression: str | None, bits: int) -> None:
    samples = of_bits(bits)
    signed = (samples - 2 ** (bits - 1)).astype(f"i{bits // 8}")
    grey = scaled_slowly(samples, 2**bits - 1)
    for photometric, expected in (("minisblack", grey), ("miniswhite", 255 - grey)):
        data = written(signed, compression=compression, photometric=photometric)
        assert np.array_equal(decode(data).grey, expected)
    image = decode(written(np.abs(signed // 2), photometric="minisblack"))
    assert image.notes[0].startswith("holds signed samples, none of them negative")


def test_the_stated_largest_sample_of_16_bit_scans_is_white() -> None:
    samples = of_bits(12)
    samples[0, :2] = 0, 4095
    data = make_tiff([(WIDTH, HEIGHT, samples.astype("<u2").tobytes(), {258: (3, [16]), 281: (3, [4095])})])
    image = decode(data)
    assert np.array_equal(image.grey, scaled_slowly(samples, 4095))
    assert image.notes == ("states 4095 as its largest sample, which is taken for the full range",)
    # Statistics that are no range of 9 to 15 bits, or that a sample passes, change nothing.
    for stated, shift in ((3000, 0), (4095, 4)):
        data = make_tiff(
            [(WIDTH, HEIGHT, (samples << shift).astype("<u2").tobytes(), {258: (3, [16]), 281: (3, [stated])})]
        )
        assert np.array_equal(decode(data).grey, scaled_slowly(samples << shift, 65535))


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_colours_become_luma(compression: str | None, planar: str, deep: bool) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    stored = colours.astype(np.uint16) * 257 if deep else colours
    stored = stored if planar == "contig" else np.moveaxis(stored, 2, 0)
    data = written(stored, photometric="rgb", planarconfig=planar, compression=compression)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decode(data).grey - luma).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["grey", "white is zero", "rgb", "planar"])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha", "unspecified"])
def test_transparency_is_blended_with_white(alpha: str, kind: str, dtype: type) -> None:
    opacity = np.random.default_rng(2).integers(0, 256, GREY.shape, dtype=np.uint8)
    light = 255 - GREY if kind == "white is zero" else GREY
    if alpha == "assocalpha":
        light = np.rint(light.astype(float) * opacity / 255).astype(np.uint8)
    channels = [*([light] * (3 if kind == "rgb" else 1)), opacity]
    stored = np.stack(channels, 0 if kind == "planar" else 2).astype(dtype) * (257 if dtype == np.uint16 else 1)
    data = written(
        stored.astype(dtype),
        photometric={"rgb": "rgb", "white is zero": "miniswhite"}.get(kind, "minisblack"),
        planarconfig="separate" if kind == "planar" else "contig",
        extrasamples=[alpha],
    )
    blended = (GREY * (opacity / 255) + 255 - opacity) if alpha != "unspecified" else GREY
    assert np.abs(decode(data).grey - blended).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("largest", [65535, 65280, 255])
def test_palettes_of_every_depth(bits: int, largest: int) -> None:
    """White is 65535, 255 * 256 or 255, as writers have it."""
    levels = np.random.default_rng(bits).permutation(256)[: 2**bits]
    levels[:2] = 0, 255
    entries = levels * {65535: 257, 65280: 256, 255: 1}[largest]
    samples = of_bits(bits)
    tags = {258: (3, [bits]), 262: (3, [3]), 320: (3, [*entries, *entries, *entries])}
    data = make_tiff([(WIDTH, HEIGHT, packed(samples, bits), tags)])
    assert np.array_equal(decode(data).grey, levels[samples])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "zlib", "jpeg", "ccitt"])
def test_orientation_is_applied_once(compression: str | None, orientation: int) -> None:
    """Against Pillow's ImageOps, which turns a picture that carries the same orientation."""
    picture = Image.fromarray(GREY > 128) if compression == "ccitt" else Image.fromarray(GREY)
    file = io.BytesIO()
    names = {None: "raw", "zlib": "tiff_adobe_deflate", "jpeg": "jpeg", "ccitt": "group4"}
    picture.save(file, "TIFF", compression=names[compression], tiffinfo={274: orientation})
    exif = Image.Exif()
    exif[274] = orientation
    png = io.BytesIO()
    picture.convert("L").save(png, "PNG", exif=exif)
    turned = np.asarray(ImageOps.exif_transpose(Image.open(png)).convert("L"))
    grey = decode(file.getvalue()).grey
    assert grey.shape == turned.shape
    assert np.abs(grey.astype(int) - turned).max() <= (40 if compression == "jpeg" else 0)


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_changes_nothing(orientation: int) -> None:
    data = make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), {274: (3, [orientation])})])
    assert np.array_equal(decode(data).grey, GREY)


@pytest.mark.parametrize("kind", ["float32", "float16", "float64", "complex64", "uint32", "int32", "uint64"])
def test_samples_without_a_plain_range_are_refused(kind: str) -> None:
    with pytest.raises(BadInput, match=r"(floating-point|beyond 16 bits).*save it as 8-bit or 16-bit grey"):
        decode(written(GREY.astype(kind), photometric="minisblack"))


def test_cameras_raw_data_and_mixed_depths_are_refused() -> None:
    with pytest.raises(BadInput, match="raw data: develop it"):
        decode(make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), {262: (3, [32803])})]))
    tags = {258: (3, [5, 6, 5]), 262: (3, [2]), 277: (3, [3])}
    with pytest.raises(BadInput, match=r"\(5, 6, 5\) bits"):
        decode(make_tiff([(WIDTH, HEIGHT, bytes(2 * GREY.size), tags)]))


@pytest.mark.parametrize("compression", [*LOSSLESS[1:], "jpeg"])
@pytest.mark.parametrize("padding", [None, b"\0", b"\xff"])
def test_cut_files_are_refused(compression: str, padding: bytes | None, capfd: pytest.CaptureFixture[str]) -> None:
    # Of 16 levels only: zstd stores what it can't compress as it is, where padding passes for pixels.
    data = written(smooth_grey(200, 180) // 16 * 16, compression=compression, photometric="minisblack")
    kept = data[: len(data) * 2 // 3]
    with pytest.raises(BadInput, match="truncated or damaged TIFF"):
        decode(kept + padding * (len(data) - len(kept)) if padding else kept)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("scheme", ["tiff_ccitt", "group3", "group4"])
def test_fax_compression_whole_and_cut(scheme: str) -> None:
    bilevel = smooth_grey(200, 180) > 128
    file = io.BytesIO()
    Image.fromarray(bilevel).save(file, "TIFF", compression=scheme)
    assert np.array_equal(decode(file.getvalue()).grey, np.where(bilevel, 255, 0))
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as written_file:
        (page,) = written_file.pages
        start, count = page.dataoffsets[0], page.databytecounts[0]
        tags = {258: (3, [1]), 259: (3, [int(page.compression)]), 262: (3, [int(page.photometric)])}
    strip = file.getvalue()[start : start + count]
    assert np.array_equal(decode(make_tiff([(180, 200, strip, tags)])).grey, np.where(bilevel, 255, 0))
    for padding in (b"\0", b"\xff"):
        cut = strip[: count // 2] + padding * (count - count // 2)
        with pytest.raises(BadInput, match="truncated or damaged TIFF"):
            decode(make_tiff([(180, 200, cut, tags)]))


def test_huge_pages_are_refused_before_their_pixels_are_read() -> None:
    with pytest.raises(BadInput, match=r"20000 x 20000 pixels, more than 67108864 .* crop it to the print"):
        decode(make_tiff([(20_000, 20_000, b"", {})]))
    tiles = {322: (4, [60_000]), 323: (4, [60_000]), 324: (4, [8]), 325: (4, [8])}
    for more in ({**tiles, 273: (4, [8])}, {32997: (4, [200_000])}):
        with pytest.raises(BadInput, match="more than 268435456 samples in a page or tile"):
            decode(make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), more)]))
    with pytest.raises(BadInput, match="0 x 5 pixels"):
        decode(make_tiff([(0, 5, b"", {})]))


@pytest.mark.parametrize(("numbers", "unit", "ppi"), [((500, 500), 2, 500), ((197, 197), 3, 500), ((500, 500), 1, 0)])
def test_resolution_tags(numbers: tuple[int, int], unit: int, ppi: float) -> None:
    tags = {282: (5, [numbers[0], 1]), 283: (5, [numbers[1], 1]), 296: (3, [unit])}
    assert decode(make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), tags)])).ppi == ppi


def test_resolution_without_a_unit_is_per_inch_and_zero_denominators_say_nothing() -> None:
    tags = {282: (5, [1000, 2]), 283: (5, [1000, 2])}
    assert decode(make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), tags)])).ppi == 500
    assert decode(make_tiff([(WIDTH, HEIGHT, GREY.tobytes(), {282: (5, [500, 0]), 283: (5, [0, 0])})])).ppi == 0


def test_without_imagecodecs_pillow_reads_or_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: object, **__: object) -> None:
        raise ValueError("requires the 'imagecodecs' package")

    deep = of_bits(16).astype(np.uint16)
    files = {
        "white is zero": written(65535 - deep, compression="lzw", photometric="miniswhite"),
        "plain": written(deep, compression="lzw", photometric="minisblack"),
        "signed": written(GREY.astype(np.int16), compression="lzw", photometric="minisblack"),
        "12 bits": make_tiff([(WIDTH, HEIGHT, packed(of_bits(12), 12), {258: (3, [12]), 262: (3, [0])})]),
    }
    monkeypatch.setattr(tifffile.TiffPage, "asarray", without)
    for name in ("white is zero", "plain"):
        assert np.array_equal(decode(files[name]).grey, scaled_slowly(deep, 65535)), name
    for name in ("signed", "12 bits"):
        with pytest.raises(BadInput, match=r"pip install 'ridgecode\[codecs\]'"):
            decode(files[name])


def test_lightness_of_lab() -> None:
    """Grey of CIE L* as sRGB writes it (IEC 61966-2-1), by the formulas."""
    lightness = GREY / 255 * 100
    luminance = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3)
    expected = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055) * 255
    data = written(np.dstack([GREY, 0 * GREY, 0 * GREY]), photometric="cielab")
    assert np.abs(decode(data).grey - expected).max() <= 1


def test_kinds_that_no_decoder_reads_say_so() -> None:
    data = written(np.dstack([GREY] * 3).astype(np.uint16), photometric="cielab")
    with pytest.raises(BadInput, match="photometric interpretation 8, 16 bits"):
        decode(data)


def test_the_limit_is_that_of_all_formats() -> None:
    assert tiff.check_size is pixels.check_size


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_of_every_depth_in_tiff(bits: int) -> None:
    samples = of_bits(bits).astype(np.uint8 if bits == 8 else np.uint16)
    arguments = {"lossless": True, "bitspersample": bits}
    data = written(samples, compression="jpeg", compressionargs=arguments, photometric="minisblack")
    assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_bits_stored_from_the_lowest_on(bits: int) -> None:
    """FillOrder 2: the bits of each byte are in reverse order."""
    samples = of_bits(bits)
    content = samples.astype("<u2").tobytes() if bits == 16 else packed(samples, bits)
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in content)
    data = make_tiff([(WIDTH, HEIGHT, turned, {258: (3, [bits]), 266: (3, [2])})])
    assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1))


def test_rare_compressions_and_predictors() -> None:
    deep = of_bits(16).astype(np.uint16)
    for keywords in (
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib", "predictor": True, "byteorder": ">"},
        {"compression": "jpegxl"},
        {"bigtiff": True},
    ):
        assert np.array_equal(
            decode(written(deep, photometric="minisblack", **keywords)).grey, scaled_slowly(deep, 65535)
        )
    colours = np.dstack([GREY] * 3)
    data = written(colours, photometric="rgb", compression="webp", compressionargs={"lossless": True})
    assert np.array_equal(decode(data).grey, GREY)


def test_samples_beyond_their_depth_are_damage() -> None:
    samples = of_bits(16).astype(np.uint16)
    data = written(samples, compression="jpeg", compressionargs={"lossless": True}, photometric="minisblack")
    with pytest.raises(BadInput, match="damaged"):
        decode(data)
