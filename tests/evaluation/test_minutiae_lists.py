"""The lists of minutiae matchers against what the store holds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.evaluation.minutiae_lists import levels_of, originals, reconstruction_list, spread_rows
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore


def test_prints_are_spread_over_the_subjects(matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    rows = spread_rows(store, "all", 15)
    assert len(set(rows.tolist())) == 15
    assert len(set(store.column("subject")[rows].tolist())) >= 14
    assert (store.column("level")[rows] == "Real").all()
    assert len(spread_rows(store, "all", 1000)) == 30


def test_originals_are_the_chosen_fingers_and_their_alterations(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    listed = originals(store, "train", "aligned", ["Hard"], 4).comparisons
    assert len(listed.reference_names) == listed.mated.sum() == 4
    assert set(listed.probe_levels) == {"Hard"}
    for probe, reference, mated in zip(listed.probe, listed.reference, listed.mated, strict=True):
        assert mated == (Path(probe).name.removesuffix("_CR") == Path(reference).name)


def test_each_reconstruction_is_compared_with_its_original_and_with_others(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    listed, rows = reconstruction_list(store, "train", 8)
    assert store.column("name")[rows].tolist() == listed.probe_names.tolist() == listed.reference_names.tolist()
    assert listed.probe[listed.mated].tolist() == listed.reference[listed.mated].tolist() == sorted(listed.probe_names)
    for name, subject in zip(listed.probe_names, listed.probe_subjects, strict=True):
        others = [other for other, of in zip(listed.probe_names, listed.probe_subjects, strict=True) if of != subject]
        found = listed.reference[(listed.probe == name) & ~listed.mated]
        assert sorted(found) == others  # fewer than 20, so all of them
    again = reconstruction_list(store, "train", 8)
    np.testing.assert_array_equal(again.comparisons.reference_rows, listed.reference_rows)
    with pytest.raises(BadInput, match="one subject"):
        reconstruction_list(store, "test", 8)


def test_levels_are_read_from_the_flag() -> None:
    assert levels_of("all") == ["Easy", "Medium", "Hard"]
    assert levels_of("Hard, Easy") == ["Hard", "Easy"]
    for text, said in (("Real", "--levels Real is unknown"), (",", "--levels is empty")):
        with pytest.raises(BadInput, match=said):
            levels_of(text)


def test_lists_of_several_fvc_sets_stay_within_a_set(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("FVC2002_DB1_B", "FVC2002_DB2_B"):
        (tmp_path / "sets" / name).mkdir(parents=True)
        for finger in (101, 102, 103):
            for impression in (1, 2):
                grey = random.integers(0, 256, (60, 60), dtype=np.uint8)
                Image.fromarray(grey).save(tmp_path / "sets" / name / f"{finger}_{impression}.png")
    store = PrintStore.open(prepare("fvc", tmp_path / "sets", tmp_path / "store", progress=False).path)
    made = reconstruction_list(store, "all", 100).comparisons
    drawn = originals(store, "all", "fvc-all", [], 100).comparisons
    for listed, non_mated in ((made, 2 * 6 * 4), (drawn, 2 * 12)):
        assert (~listed.mated).sum() == non_mated
        assert all(a.split("/")[0] == b.split("/")[0] for a, b in zip(listed.probe, listed.reference, strict=True))
        assert listed.set_names == ["FVC2002_DB1_B", "FVC2002_DB2_B"]


def test_impressions_keep_their_size(tmp_path: Path) -> None:
    random, images = np.random.default_rng(0), {}
    for name, shape in (("FVC2002_DB1_B", (60, 80)), ("FVC2002_DB2_B", (120, 110))):
        (tmp_path / "sets" / name).mkdir(parents=True)
        for finger in (101, 102):
            for impression in (1, 2):
                images[f"{name}/{finger}_{impression}"] = grey = random.integers(0, 256, shape, dtype=np.uint8)
                Image.fromarray(grey).save(tmp_path / "sets" / name / f"{finger}_{impression}.png")
    prepared = prepare("fvc", tmp_path / "sets", tmp_path / "store", ppi=200, progress=False)
    compared = originals(PrintStore.open(prepared.path), "all", "fvc-all", [], 100)
    listed = compared.comparisons
    for names, prints in ((listed.probe_names, compared.probes), (listed.reference_names, compared.references)):
        for name, print in zip(names, prints, strict=True):
            np.testing.assert_array_equal(print, images[name])
