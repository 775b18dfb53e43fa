"""Templates as integers: against slow loops, the embeddings that they stand for, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ridgecode.errors import BadInput
from ridgecode.matching.templates.format import BYTES, DEFAULT_BITS, STEPS, TemplateFormat, template_format
from ridgecode.matching.vectors import unit_vectors

FORMATS = [TemplateFormat(size, bits) for size in BYTES for bits in (8, 4, 1)]


def embeddings(n: int, dims: int, seed: int = 0) -> np.ndarray:
    return unit_vectors(np.random.default_rng(seed).standard_normal((n, dims)))


def integers_of(format: TemplateFormat) -> st.SearchStrategy[np.ndarray]:
    largest = {8: 127, 4: 7, 1: 1}[format.bits]
    values = st.integers(-largest, largest) if format.bits > 1 else st.sampled_from([-1, 1])
    return st.integers(0, 3).flatmap(lambda n: arrays(np.int8, (n, format.dims), elements=values))


@pytest.mark.parametrize(
    ("size", "bits", "dims"), [(64, 8, 64), (64, 4, 128), (64, 1, 512), (16, 8, 16), (128, 1, 1024)]
)
def test_sizes(size: int, bits: int, dims: int) -> None:
    format = TemplateFormat(size, bits)
    integers = format.quantise(embeddings(3, dims))
    assert (format.dims, integers.shape, integers.dtype) == (dims, (3, dims), np.int8)
    assert format.pack(integers).shape == (3, size) and format.pack(integers).dtype == np.uint8


@pytest.mark.parametrize("format", FORMATS, ids=str)
@given(data=st.data())
def test_what_was_packed_comes_back(format: TemplateFormat, data: st.DataObject) -> None:
    integers = data.draw(integers_of(format))
    np.testing.assert_array_equal(format.unpack(format.pack(integers)), integers)


def test_the_layout_of_the_bytes() -> None:
    """As docs/templates.md has it: the first number in the lowest bits."""
    eight, four, one = (TemplateFormat(16, bits) for bits in (8, 4, 1))
    assert eight.pack(np.array([[-127, 127, *[0] * 14]], np.int8))[0, :3].tolist() == [256 - 127, 127, 0]
    packed = four.pack(np.array([[-7, 7, 1, -1, *[0] * 28]], np.int8))[0, :3].tolist()
    assert packed == [(16 - 7) + 16 * 7, 1 + 16 * 15, 0]
    packed = one.pack(np.array([[1, -1, 1, *[-1] * 4, 1, 1, *[-1] * 119]], np.int8))[0, :3].tolist()
    assert packed == [0b10000101, 1, 0]


@pytest.mark.parametrize(("size", "bits", "most"), [(64, 8, 0.01), (64, 4, 0.07), (32, 4, 0.1), (128, 4, 0.05)])
def test_scores_are_cosines_up_to_rounding(size: int, bits: int, most: float) -> None:
    format = TemplateFormat(size, bits)
    a, noise = embeddings(200, format.dims), embeddings(200, format.dims, 1)
    for share in (0.0, 0.5, 1.0):
        b = unit_vectors((1 - share) * a + share * noise)
        dots = (format.quantise(a).astype(int) * format.quantise(b).astype(int)).sum(1)
        np.testing.assert_allclose(dots * format.scale, (a * b).sum(1), atol=most)


@pytest.mark.parametrize("bits", [8, 4])
def test_integers_are_rounded_multiples_of_one_step(bits: int) -> None:
    """By a loop over factors before rounding: the integers are those of one factor, the best by their length."""
    format = TemplateFormat(16 * bits // 4, bits)
    step, largest = STEPS[bits] / math.sqrt(format.dims), 2 ** (bits - 1) - 1
    for embedding, found in zip(embeddings(20, format.dims), format.quantise(embeddings(20, format.dims)), strict=True):
        scaled = embedding.astype(float)[None] * np.linspace(0.8, 1.25, 4001)[:, None] / step
        tried = np.clip(np.rint(scaled), -largest, largest)
        best = tried[np.argmin(np.abs(np.linalg.norm(tried, axis=1) * step - 1))]
        missing = abs(np.linalg.norm(best) * step - 1)
        assert abs(np.linalg.norm(found.astype(float)) * step - 1) <= missing + 1e-3
        assert np.abs(found - best).max() <= 1


@pytest.mark.parametrize("bits", [8, 4])
def test_the_step_has_the_least_error(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the dot product of random unit vectors, among steps a quarter smaller or a third larger."""
    format, step = TemplateFormat(16 * bits, bits), STEPS[bits]
    a, b = embeddings(2000, format.dims), embeddings(2000, format.dims, 1)

    def error(factor: float) -> float:
        monkeypatch.setitem(STEPS, bits, step * factor)
        errors = []
        for other in (b, unit_vectors(a + b)):
            integers = (format.quantise(one).astype(int) for one in (a, other))
            errors.append(np.prod([*integers], axis=0).sum(1) * format.scale - (a * other).sum(1))
        return float(np.square(errors).mean())

    assert error(1.0) < min(error(0.75), error(1.33))


@pytest.mark.parametrize("dims", [5, 64, 100, 512, 700])
def test_the_share_of_bits_that_differ_is_the_angle(dims: int) -> None:
    """Charikar's formula, for embeddings of any size."""
    format = TemplateFormat(64, 1)
    a, b = embeddings(400, dims), embeddings(400, dims, 1)
    for share in (0.0, 0.3, 0.6):
        other = unit_vectors((1 - share) * a + share * b)
        angles = np.arccos(np.clip((a * other).sum(1), -1, 1)) / math.pi
        differ = (format.quantise(a) != format.quantise(other)).mean(1)
        assert abs(differ.mean() - angles.mean()) < 0.01
        assert np.abs(differ - angles).max() < 0.13


def test_an_empty_array() -> None:
    for format in FORMATS:
        assert format.quantise(np.zeros((0, format.dims), np.float32)).shape == (0, format.dims)
        assert format.unpack(format.pack(np.zeros((0, format.dims), np.int8))).shape == (0, format.dims)


def test_a_zero_vector_has_a_template() -> None:
    assert not TemplateFormat(64, 8).quantise(np.zeros((1, 64))).any()


def test_embeddings_that_are_refused() -> None:
    wrong = embeddings(3, 64)
    wrong[1, 5] = np.nan
    for bits in (8, 1):
        with pytest.raises(BadInput, match=r"1 of 3 embeddings are NaN: train .* lower --learning_rate"):
            TemplateFormat(64, bits).quantise(wrong)
    with pytest.raises(BadInput, match="64 numbers of 8 bits, and the embedding has 128"):
        TemplateFormat(64, 8).quantise(embeddings(3, 128))


@pytest.mark.parametrize("data", [np.zeros((2, 32), np.uint8), np.zeros(64, np.uint8), np.zeros((2, 64), np.int8)])
def test_templates_that_are_refused(data: np.ndarray) -> None:
    for bits in (8, 4, 1):
        with pytest.raises(BadInput, match=r"give uint8 \(N, 64\)"):
            TemplateFormat(64, bits).unpack(data)


def test_formats_by_flags() -> None:
    assert template_format(0, 0, 128) is None
    assert template_format(64, 4, 128) == TemplateFormat(64, 4)
    assert template_format(64, 0, 0) == TemplateFormat(64, DEFAULT_BITS)
    assert template_format(64, 1, 77) == TemplateFormat(64, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((63, 8, 64), "--template_bytes is 63; give 16, 32, 64 or 128, or 0 for floats"),
        ((64, 3, 64), "--template_bits is 3; give 8, 4 or 1"),
        ((0, 4, 64), "--template_bits 4 needs --template_bytes"),
        (
            (64, 8, 128),
            "--template_bits 8 --template_bytes 128 or --template_bits 4 --template_bytes 64 or",
        ),
        ((64, 4, 100), "train an embedding of 128 numbers, or give --template_bits 1$"),
    ],
)
def test_flags_that_do_not_fit(given: tuple[int, int, int], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        template_format(*given)
