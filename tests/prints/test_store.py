"""Opening stores that are missing, half written, of another version, or whose files don't belong together."""

import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import PRINT_SHAPE
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from support.random_prints import centred, some_prints


@pytest.fixture
def store(tmp_path):
    for number in (1, 2):
        path = tmp_path / f"images/s{number}/1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((3 + number, 5), number, np.uint8)).save(path)
    return prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path


def refused(path, why):
    with pytest.raises(BadInput, match=why) as raised:
        PrintStore.open(path)
    assert str(path) in str(raised.value)
    assert re.search("prepare", str(raised.value))


def test_a_good_store_opens(store):
    assert len(PrintStore.open(str(store))) == 2


def test_what_is_no_store(store, tmp_path):
    refused(tmp_path / "missing", "no folder")
    refused(tmp_path / "images", "no prepared store")
    refused(store / "prints.u8", "no folder")


@pytest.mark.parametrize("file", ["store.json", "index.parquet", "prints.u8"])
def test_a_file_is_missing(store, file):
    (store / file).unlink()
    refused(store, file.replace(".", r"\."))


@pytest.mark.parametrize("file", ["store.json", "index.parquet", "prints.u8"])
@pytest.mark.parametrize("kept", [0, 0.5, 0.97])
def test_a_file_is_half_written(store, file, kept):
    data = (store / file).read_bytes()
    (store / file).write_bytes(data[: int(kept * len(data))])
    refused(store, "broken")


@pytest.mark.parametrize("change", [{"n_prints": 3}, {"format": "other"}, {"digest": None}])
def test_store_json_tells_otherwise(store, change):
    about = json.loads((store / "store.json").read_text()) | change
    (store / "store.json").write_text(json.dumps({key: value for key, value in about.items() if value is not None}))
    refused(store, "broken")


@pytest.mark.parametrize("text", ["[]", "3", '"ridgecode prints"'])
def test_store_json_is_of_another_kind(store, text):
    (store / "store.json").write_text(text)
    refused(store, "broken")


def test_another_version(store):
    about = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(about | {"version": 99}))
    refused(store, "version 99")


def test_files_of_two_stores(store, tmp_path):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "images/s1/2.png")
    other = prepare("folder", tmp_path / "images", tmp_path / "other", progress=False).path
    shutil.copy(other / "prints.u8", store / "prints.u8")
    refused(store, "broken")
    shutil.copy(other / "index.parquet", store / "index.parquet")
    refused(store, "broken")


def stored(tmp_path: Path, sizes: list[tuple[int, int]]) -> PrintStore:
    for number, (height, width) in enumerate(sizes):
        path = tmp_path / f"images/s{number}/1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(some_prints(1, height, width, number)[0]).save(path)
    return PrintStore.open(prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path)


def test_prints_of_one_size_are_stacked_as_they_are(tmp_path: Path) -> None:
    store = stored(tmp_path, [(40, 50)] * 3)
    rows = np.array([2, 0])
    found = store.stack(rows)
    assert found.shape == (2, 40, 50)
    for image, row in zip(found, rows, strict=True):
        np.testing.assert_array_equal(image, store.image(row))


def test_prints_of_several_sizes_are_brought_to_the_canonical_one(tmp_path: Path) -> None:
    store = stored(tmp_path, [(40, 50), (120, 100), (97, 90), (40, 50)])
    found = store.stack(np.arange(4))
    assert found.shape == (4, *PRINT_SHAPE)
    for row, image in enumerate(found):
        np.testing.assert_array_equal(image, centred(store.image(row), *PRINT_SHAPE))
    # The store decides, not the rows that are asked for: probes and references of one list have one size.
    assert store.stack(np.array([0, 3])).shape == (2, *PRINT_SHAPE)
    assert store.stack(np.array([], np.int64)).shape[0] == 0
    with pytest.raises(IndexError):
        store.stack([4])


def top_left(prints: np.ndarray) -> np.ndarray:
    """A fit for the tests, which other processes can import: the first 20 rows and 30 columns."""
    return prints[:, :20, :30] if len(prints) else np.empty((0, 20, 30), np.uint8)


def test_a_fitted_store_brings_each_print_to_its_size_from_all_its_pixels(tmp_path: Path) -> None:
    store = stored(tmp_path, [(40, 50), (120, 100), (20, 30)])
    assert not store.one_size
    fitted = store.fitted(top_left)
    wanted = [store.image(row)[:20, :30] for row in (2, 0, 1)]
    np.testing.assert_array_equal(fitted.stack([2, 0, 1]), wanted)
    assert fitted.stack([]).shape == (0, 20, 30)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).stack([2, 0, 1]), wanted)
    assert store.stack([0]).shape == (1, *PRINT_SHAPE)  # the store itself stays as it is


def test_prints_are_those_of_the_rows_that_the_same_arguments_give(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    for arguments in ({}, {"split": "val"}, {"split": "test", "levels": None}, {"levels": ("Hard",), "identity": True}):
        rows = store.rows(**arguments)
        assert len(rows)
        np.testing.assert_array_equal(store.prints(**arguments), [store.image(int(row)) for row in rows])
