"""Templates as files, and prints at 500 ppi."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.minutiae.template import Minutiae, at_500_ppi


def some(n: int, bits: int = 16) -> Minutiae:
    generator = np.random.default_rng(n)
    x, y, direction, quality = (generator.random(n).astype(np.float32) for _ in range(4))
    kind = generator.integers(0, 2, n).astype(np.uint8)
    return Minutiae(x, y, direction * 360, kind, quality, np.array([242, 225]), generator.random((n, bits)) < 0.5)


@pytest.mark.parametrize("n", [0, 5])
def test_a_template_comes_back_from_its_file(tmp_path: Path, n: int) -> None:
    saved = some(n)
    saved.save(tmp_path / "a.npz")
    loaded = Minutiae.load(tmp_path / "a.npz")
    for field in fields(Minutiae):
        one, other = getattr(saved, field.name), getattr(loaded, field.name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert len(loaded) == n


def test_bytes_are_those_of_a_standard_record_and_the_descriptors() -> None:
    assert some(5, 0).bytes == 30
    assert some(5, 256).bytes == 30 + 5 * 32


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"])
def test_another_file_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.npz: no minutiae template"):
        Minutiae.load(tmp_path / "a.npz")


def test_a_wave_of_4_px_at_200_ppi_has_10_px_at_500() -> None:
    wave = np.tile(127 + 120 * np.cos(2 * np.pi * np.arange(80) / 4), (40, 1)).astype(np.uint8)
    large = at_500_ppi(wave)
    assert large.shape == (100, 200)
    spectrum = np.abs(np.fft.rfft(large[50] - large[50].mean()))
    assert 200 / spectrum.argmax() == 10


@pytest.mark.parametrize("print", [np.zeros((0, 5), np.uint8), np.zeros((9, 9)), np.zeros((9, 9, 3), np.uint8)])
def test_only_grey_prints_are_taken(print: np.ndarray) -> None:
    with pytest.raises(BadInput, match="grey uint8 prints"):
        at_500_ppi(print)


def test_a_print_at_500_ppi_stays_as_it_is() -> None:
    print = np.random.default_rng(0).integers(0, 256, (30, 41), dtype=np.uint8)
    assert np.array_equal(at_500_ppi(print, 500), print)
    assert at_500_ppi(print, 1000).shape == (15, 20)
