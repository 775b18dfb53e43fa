"""Altered prints with their Real prints, and where they were altered, against names and slow loops."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.altered_pairs import ALTERED_GREY_LEVELS, CLOSING_PX, altered_pairs, altered_region
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.labels import socofing_name
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import write_bmp


def name_of_real(altered: str) -> str:
    """From the altered print's name alone: Altered/Altered-Hard/1__M_Left_index_finger_CR to Real/..._finger."""
    return "Real/" + altered.split("/")[-1].rsplit("_", 1)[0]


def slow_region(altered: NDArray[np.uint8], real: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """A pixel is in the region when every square that holds it reaches a changed pixel."""
    n, height, width = altered.shape
    reach = CLOSING_PX // 2
    out = np.zeros(altered.shape, bool)
    for i in range(n):
        changed = [
            [abs(int(altered[i, y, x]) - int(real[i, y, x])) > ALTERED_GREY_LEVELS for x in range(width)]
            for y in range(height)
        ]

        def around(y: int, x: int) -> list[tuple[int, int]]:
            rows = range(max(0, y - reach), min(height, y + reach + 1))
            return [(v, u) for v in rows for u in range(max(0, x - reach), min(width, x + reach + 1))]

        dilated = {(y, x) for y in range(height) for x in range(width) if any(changed[v][u] for v, u in around(y, x))}
        for y in range(height):
            for x in range(width):
                out[i, y, x] = all(place in dilated for place in around(y, x))
    return out


@pytest.mark.parametrize("split", ["train", "val", "all"])
def test_pairs_are_those_of_the_names(synthetic_store: Path, split: str) -> None:
    store = PrintStore.open(synthetic_store)
    pairs, names = altered_pairs(store, split), store.column("name")
    assert len(pairs.altered) == {"train": 450, "val": 90, "all": 720}[split]
    assert [name_of_real(name) for name in names[pairs.altered]] == names[pairs.real[pairs.real_of]].tolist()
    assert set(pairs.altered) <= set(store.rows(split, levels=None))
    assert set(pairs.real) == set(store.rows(split))


def write(images: Path, subject: str, level: str = "Real", kind: str = "", impression: int = 1) -> str:
    """Writes a grey print as one of SOCOFing's files; returns its name."""
    name = socofing_name(subject, "M", "Left", "index", level, kind, impression)
    path = images / f"{name}.BMP"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bmp(path, np.full((97, 90), 100, np.uint8))
    return name


def test_an_altered_print_without_its_real_one_is_left_out(tmp_path: Path) -> None:
    images = tmp_path / "images"
    kept = [write(images, "1"), write(images, "1", "Easy", "CR"), write(images, "1", "Easy", "Obl")]
    write(images, "1", impression=2)  # nobody altered it
    write(images, "2", "Easy", "CR")  # without its Real print
    write(images, "3")  # never altered
    store = PrintStore.open(prepare("synthetic", images, tmp_path / "store", progress=False).path)
    pairs, names = altered_pairs(store, "all"), store.column("name")
    assert names[pairs.altered].tolist() == kept[1:]
    assert names[pairs.real].tolist() == kept[:1]
    assert pairs.real_of.tolist() == [0, 0]


def test_a_store_without_altered_prints(tmp_path: Path) -> None:
    write(tmp_path / "images", "1")
    store = PrintStore.open(prepare("synthetic", tmp_path / "images", tmp_path / "store", progress=False).path)
    with pytest.raises(BadInput, match=f"--data {store.path} has no altered print of a train subject"):
        altered_pairs(store, "train")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.2))
def test_region_against_a_slow_loop(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    real = random.integers(0, 256, (2, 13, 11), np.uint8)
    step = random.choice(
        [0, ALTERED_GREY_LEVELS, ALTERED_GREY_LEVELS + 1, 200], real.shape, p=[1 - share, *[share / 3] * 3]
    )
    altered = np.where(real < 128, real + step, np.maximum(real, step) - step).clip(0, 255).astype(np.uint8)
    found = altered_region(altered, real)
    np.testing.assert_array_equal(found, slow_region(altered, real))
    assert found[np.abs(altered.astype(int) - real) > ALTERED_GREY_LEVELS].all()


def test_an_intact_print_has_no_region() -> None:
    real = np.random.default_rng(0).integers(0, 256, (3, 97, 90), np.uint8)
    assert not altered_region(real, real).any()
    everywhere = 255 - real
    everywhere[abs(everywhere.astype(int) - real) <= ALTERED_GREY_LEVELS] = 0
    assert altered_region(everywhere, np.where(everywhere == 0, 255, real).astype(np.uint8)).all()


def test_real_prints_lie_as_their_altered_ones_do(real_data: Path, tmp_path: Path) -> None:
    """Outside the altered region SOCOFing's altered prints are their Real prints to the grey level."""
    store = PrintStore.open(
        prepare("socofing", real_data / "SOCOFing", tmp_path / "store", subjects="1-3", progress=False).path
    )
    pairs = altered_pairs(store, "all")
    altered, real = store.stack(pairs.altered), store.stack(pairs.real[pairs.real_of])
    region = altered_region(altered, real)
    assert 0.1 < region.mean() < 0.3
    assert np.abs(altered.astype(int) - real)[~region].mean() < 0.05
