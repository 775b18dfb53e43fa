"""The fingers that a head is trained on: their impressions, and which prints views show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.training.views import finger_views
from ridgecode.training.views.finger_views import finger_sets
from ridgecode.training.views.variations import OF_ALTERED_PRINTS, OF_REAL_PRINTS


def test_altered_prints_belong_to_their_impression(matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    (one,) = finger_sets(store, "train")
    rows = store.rows("train", levels=None, identity=True)
    assert len(one) == 20
    for impressions in one.impressions:
        (of_one,) = impressions
        assert len(of_one) == 10
        assert store.column("level")[rows[of_one[0]]] == "Real"
        assert len(set(store.column("finger_id")[rows[of_one]])) == 1


def test_views_show_the_finger_and_tell_the_impression(matching_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = finger_sets(PrintStore.open(matching_store), "train")
    assert one.variation is OF_ALTERED_PRINTS
    halves = replace(one, impressions=[[rows[:5], rows[5:]] for (rows,) in one.impressions])
    shown = []
    monkeypatch.setattr(finger_views, "varied_views", lambda prints, *how: shown.append(prints))
    fingers = np.repeat(np.arange(20), 30)
    _, impressions = halves.views(fingers, np.random.default_rng(0), (97, 90))
    first = 0
    for print_, finger, impression in zip(shown[0], fingers, impressions, strict=True):
        rows = halves.impressions[finger][impression]
        (found,) = [row for row in rows if np.array_equal(halves.prints[row], print_)][:1]
        first += found == rows[0]
    assert set(impressions.tolist()) == {0, 1}
    # 35 % of the views show the first print of the impression, and a fifth of the others does by chance.
    assert 0.35 < first / len(fingers) < 0.60


def test_sets_of_one_finger_are_left_out_and_images_are_framed(tmp_path: Path) -> None:
    """FVC's names: two sets of fingers of several impressions, and one of a single finger."""
    random = np.random.default_rng(0)
    for name, fingers, shape in (("FVC2000/DB1_B", 5, (150, 170)), ("FVC2002/DB1_B", 4, (200, 120))):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for finger in range(101, 101 + fingers):
            for impression in (1, 2, 3):
                grey = random.integers(0, 256, shape, np.uint8)
                Image.fromarray(grey).save(folder / f"{finger}_{impression}.tif")
    store = PrintStore.open(prepare("fvc", tmp_path / "images", tmp_path / "store", progress=False).path)
    sets = finger_sets(store, "all")
    assert sorted((one.name, len(one)) for one in sets) == [("FVC2000/DB1_B", 5), ("FVC2002/DB1_B", 4)]
    for one in sets:
        assert one.variation is OF_REAL_PRINTS
        assert all(len(impressions) == 3 for impressions in one.impressions)
        views, _ = one.views(np.arange(4), random, (97, 90))
        assert views.shape == (4, 97, 90)
    assert sets[0].prints.shape[1:] == (160, 160)


def test_one_finger_is_refused(matching_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PrintStore.open(matching_store)
    monkeypatch.setattr(store, "rows", lambda **asked: np.arange(1))
    with pytest.raises(BadInput, match="no two fingers"):
        finger_sets(store, "train")
