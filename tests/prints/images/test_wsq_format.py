"""WSQ files by NIST's coder, read in another process, against its decoder called directly."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import smooth_grey

GREY = smooth_grey(120, 100)


@pytest.fixture(scope="module")
def coder() -> Any:
    return pytest.importorskip("_wsq")


@pytest.fixture(scope="module")
def coded(coder: Any) -> bytes:
    return bytes(coder.compress(GREY.tobytes(), *GREY.shape, 0.75))


def test_pixels_and_resolution(coder: Any, coded: bytes) -> None:
    pixels, width, height, _ = coder.decompress(coded)
    image = decode(coded)
    assert np.array_equal(image.grey, np.frombuffer(bytes(pixels), np.uint8).reshape(height, width))
    assert image.grey.shape == GREY.shape
    assert image.ppi == 500  # which NBIS writes into its comment
    assert decode(coded + b"tail").grey.shape == GREY.shape


def test_the_resolution_of_the_comment(coded: bytes) -> None:
    assert decode(coded.replace(b"PPI 500", b"PPI 333")).ppi == 333
    at = coded.index(b"\xff\xa8")
    end = at + 2 + int.from_bytes(coded[at + 2 : at + 4], "big")
    assert decode(coded[:at] + coded[end:]).ppi == 0


@pytest.mark.parametrize("padding", [b"", b"\0", b"\xff", b"\xaa"])
def test_cut_files_are_damaged(coded: bytes, padding: bytes) -> None:
    for share in (0.02, 0.3, 0.6, 0.95):
        kept = coded[: int(share * len(coded))]
        with pytest.raises(BadInput, match=r"damaged WSQ|no readable image"):
            decode(kept + padding * (len(coded) - len(kept)))


def test_damage_that_ends_the_decoder_does_not_end_this_process(
    coded: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(8):
        content = np.frombuffer(coded, np.uint8).copy()
        content[random.integers(200, len(content) - 2, 40)] = random.integers(0, 255, 40)
        try:
            decode(content.tobytes())
        except BadInput as error:
            assert "damaged WSQ" in str(error)
            refused += 1
    assert refused
    assert capfd.readouterr() == ("", "")


def test_small_and_huge_images_are_refused(coder: Any, coded: bytes) -> None:
    small = bytes(coder.compress(smooth_grey(60, 100).tobytes(), 60, 100, 0.75))
    with pytest.raises(BadInput, match="100 x 60 pixels, and NIST's decoder"):
        decode(small)
    at = coded.index(b"\xff\xa2") + 6
    with pytest.raises(BadInput, match="65535 x 65535 pixels, more than"):
        decode(coded[:at] + b"\xff\xff\xff\xff" + coded[at + 4 :])


def test_without_the_package_the_extra_is_named(coded: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ridgecode.prints.images.wsq_format.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"is a WSQ file, which needs the extra: pip install 'ridgecode\[codecs\]'"):
        decode(coded)
    assert importlib.util.find_spec("_wsq") is not None
