"""The store that an image Siamese system trains on: when it is made, kept, remade, and what is said of its folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.store import run_store, siamese_store
from ridgecode.prints.datasets.folder import is_triplets
from ridgecode.prints.store import PrintStore


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (12, 10), dtype=np.uint8)).save(path)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    for seed in range(9):
        save(tmp_path / f"faces/s{seed // 3 + 1}/{seed % 3}.png", seed)
    return tmp_path / "faces"


def store_of(data: Path, run: Path, fresh: bool = True) -> PrintStore:
    return siamese_store("auto", "contrastive", data, run, fresh)


def names(store: PrintStore) -> list[str]:
    return [str(name) for name in store.column("name")]


def test_nothing_is_said_where_all_was_taken(faces, tmp_path, capsys):
    assert len(store_of(faces, tmp_path / "run")) == 9
    assert capsys.readouterr() == ("", "")


def test_what_was_left_out_is_said_on_standard_error(faces, tmp_path, capsys):
    (faces / "s1/x.heic").touch()
    (faces / "s1/.ipynb_checkpoints").mkdir()
    save(faces / "s1/.ipynb_checkpoints/0-checkpoint.png", 0)
    save(faces / "s1/9.png", 0)
    assert len(store_of(faces, tmp_path / "run")) == 9
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"ridgecode: of {faces},",
        "taken: 9 prints of 3 identities (9 .png)",
        "left out: 3",
        "  1 .png, hidden file or folder: s1/.ipynb_checkpoints/0-checkpoint.png",
        "  1 .heic, suffix that is not read: s1/x.heic",
        "  1 .png, copy of another print of its identity: s1/9.png",
        f"the whole list is in {tmp_path / 'run/store/store.json'}",
    ]


def regroup(faces: Path) -> None:
    (faces / "s2/0.png").rename(faces / "s1/9.png")
    (faces / "s3").rename(faces / "bob")


def test_a_run_that_has_not_begun_remakes_its_store(faces, tmp_path):
    store_of(faces, tmp_path / "run")
    regroup(faces)
    assert names(store_of(faces, tmp_path / "run")) == [
        *("bob/0", "bob/1", "bob/2", "s1/0", "s1/1", "s1/2", "s1/9", "s2/1", "s2/2"),
    ]


def test_a_run_that_has_begun_keeps_its_store_and_says_so(faces, tmp_path, capsys):
    first = store_of(faces, tmp_path / "run")
    again = store_of(faces, tmp_path / "run", fresh=False)
    assert again.digest == first.digest
    assert capsys.readouterr().err == ""
    regroup(faces)
    kept = store_of(faces, tmp_path / "run", fresh=False)
    assert kept.digest == first.digest
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{faces} has changed since this run began" in said
    save(tmp_path / "other/a/0.png", 1)
    with pytest.raises(BadInput, match=f"holds a run on {faces}, not .*other"):
        store_of(tmp_path / "other", tmp_path / "run", fresh=False)
    assert PrintStore.open(tmp_path / "run/store").digest == first.digest


def test_the_store_of_a_refused_command_is_replaced(faces, tmp_path):
    store_of(faces, tmp_path / "run")
    for seed in range(4):
        save(tmp_path / f"other/{'ab'[seed % 2]}/{seed}.png", seed)
    assert names(store_of(tmp_path / "other", tmp_path / "run")) == ["a/0", "a/2", "b/1", "b/3"]


def test_stripes_keep_their_equal_images(tmp_path, capsys):
    store = siamese_store("auto", "stripes", tmp_path / "none", tmp_path / "run", fresh=True)
    assert len(store) == 30
    assert len(siamese_store("stripes", "stripes", tmp_path / "none", tmp_path / "run", fresh=False)) == 30
    assert "has changed" not in capsys.readouterr().err


def test_triplets_keep_their_places(tmp_path):
    for number in range(4):
        for name, seed in (("anchor", 0), ("positive", 1), ("negative", number)):
            save(tmp_path / f"data/{name}/{number}.png", seed)
    store = store_of(tmp_path / "data", tmp_path / "run")
    assert len(store) == 12
    assert is_triplets(list(store.column("finger_id")))


def test_triplets_of_unequal_numbers_are_said(tmp_path, capsys):
    for name, count in (("anchor", 3), ("negative", 4), ("positive", 3)):
        for number in range(count):
            save(tmp_path / f"data/{name}/{number}.png", number)
    store_of(tmp_path / "data", tmp_path / "run")
    line = capsys.readouterr().err.splitlines()[0]
    assert "holds 3 in anchor/, 4 in negative/, 3 in positive/" in line
    assert line.endswith("those beyond 3 are in no pair")


def test_a_bad_image_is_named_with_a_way_out_that_the_verb_has(faces, tmp_path):
    (faces / "s1/0.png").write_bytes(b"")
    with pytest.raises(BadInput, match=r"s1/0\.png is empty.*ridgecode prepare --source folder"):
        store_of(faces, tmp_path / "run")


def test_a_folder_that_can_not_be_used_is_refused_with_flags_that_the_verb_has(faces, tmp_path):
    (tmp_path / "empty/s1").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"holds no image: give --data a folder"):
        store_of(tmp_path / "empty", tmp_path / "run")
    save(faces / "0.png", 0)
    with pytest.raises(BadInput, match=r"0\.png lies in no identity's folder.*`ridgecode prepare .* --pattern`"):
        store_of(faces, tmp_path / "run")


def test_the_store_that_a_run_is_measured_on(faces, tmp_path):
    store_of(faces, tmp_path / "run")
    assert run_store(tmp_path / "run", faces) == tmp_path / "run/store"
    assert run_store(tmp_path / "run", tmp_path / "run/store") == tmp_path / "run/store"
    about = json.loads((tmp_path / "run/store/store.json").read_text())
    assert about["request"]["root"] == str(faces)
