"""The persons of sets of second impressions, and the stores that `prepare` makes of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.fvc import list_fvc
from ridgecode.prints.datasets.impressions import list_impressions
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.datasets.set_rules import SetRule
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore
from support.empty_files import touch


def subjects(root: Path, person_digits: int | None = None) -> dict[str, str]:
    return {file.label.name: file.label.subject for file in list_impressions(root, person_digits).files}


def test_persons_are_told_by_the_finger_s_number(tmp_path: Path) -> None:
    touch(tmp_path, "FCJ2020/1014_1.png", "FCJ2020/1014_2.png", "FCJ2020/1015_1.png", "FCJ2020/1024_1.png")
    touch(tmp_path, "UareU/1210_1.png", "UareU/1301_1.png", "Lindex101/12_1.png", "phone/3_1.png")
    found = subjects(tmp_path)
    assert found == {
        "FCJ2020/1014_1": "FCJ2020/101",
        "FCJ2020/1014_2": "FCJ2020/101",
        "FCJ2020/1015_1": "FCJ2020/101",
        "FCJ2020/1024_1": "FCJ2020/102",
        "Lindex101/12_1": "Lindex101/12",
        "UareU/1210_1": "UareU/12",
        "UareU/1301_1": "UareU/13",
        "phone/3_1": "phone/3",
    }
    # One set's folder gives the same names and persons as the folder of several.
    for name in ("FCJ2020", "UareU"):
        assert subjects(tmp_path / name) == {one: who for one, who in found.items() if one.startswith(f"{name}/")}
    assert set(subjects(tmp_path / "FCJ2020", 0).values()) == {"FCJ2020/1014", "FCJ2020/1015", "FCJ2020/1024"}
    assert set(subjects(tmp_path / "FCJ2020", 3).values()) == {"FCJ2020/1"}


@given(st.sets(st.tuples(st.integers(0, 99_999), st.integers(1, 3)), min_size=1, max_size=20), st.integers(0, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_but_the_persons_is_as_fvc_s_reader_has_it(tmp_path_factory, prints, digits) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path_factory.mktemp("set")
    touch(root, "99999_9.png", *(f"{finger}_{impression}.png" for finger, impression in prints))
    ours, theirs = list_impressions(root, digits), list_fvc(root)
    assert [file.path for file in ours.files] == [file.path for file in theirs.files]
    for one, other in zip(ours.files, theirs.files, strict=True):
        assert (one.label.name, one.label.finger_id) == (other.label.name, other.label.finger_id)
        finger = f"{int(other.label.subject.removeprefix(f'{root.name}/')):09d}"
        assert one.label.subject == f"{root.name}/{int(finger[: 9 - digits])}"
        assert one.label.impression == other.label.impression


def test_digits_that_leave_no_person_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "phone/31_1.png", "phone/7_1.png")
    assert set(subjects(tmp_path, 1).values()) == {"phone/3", "phone/0"}
    with pytest.raises(BadInput, match="no finger of the set phone has a number of more than 2 digits"):
        list_impressions(tmp_path, 2)


def test_names_that_tell_the_person_need_no_digits(tmp_path: Path) -> None:
    touch(tmp_path, "UareU/012_3_1.png", "UareU/012_4_1.png")
    listing = list_impressions(tmp_path)
    assert {file.label.subject for file in listing.files} == {"UareU/012"}
    assert listing.remarks == ()
    touch(tmp_path, "UareU/5_1.png", "UareU/1301_1.png")
    assert subjects(tmp_path, 1) == {
        "UareU/012_3_1": "UareU/012",
        "UareU/012_4_1": "UareU/012",
        "UareU/5_1": "UareU/0",
        "UareU/1301_1": "UareU/130",
    }
    assert len(list_impressions(tmp_path).remarks) == 1


def test_a_folder_without_prints_is_refused_as_fvc_s_reader_does(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        list_impressions(tmp_path / "missing")
    with pytest.raises(BadInput, match="holds no image"):
        list_impressions(tmp_path)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two sets of 60 x 40 px prints: FCJ2020 with the persons 101, 125, 131 and 200, two fingers each, two impressions;
    phone with 12 fingers."""
    random = np.random.default_rng(0)
    names = [f"FCJ2020/{person}{finger}" for person in (101, 125, 131, 200) for finger in (4, 5)]
    for name in (*names, *(f"phone/{finger}" for finger in range(1, 13))):
        for impression in (1, 2):
            path = tmp_path / "sets" / f"{name}_{impression}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (60, 40), np.uint8)).save(path)
    return tmp_path / "sets"


def store_of(sets: Path, out: Path, **options) -> PrintStore:  # type: ignore[no-untyped-def]
    return PrintStore.open(prepare("impressions", sets, out, progress=False, strict=True, **options).path)


def persons(store: PrintStore, split: str, set_name: str) -> list[str]:
    rows = store.rows(split)
    return sorted(set(store.column("subject")[rows][print_sets(store, rows) == set_name].tolist()))


def test_a_store_splits_each_set_by_its_own_rule(sets: Path, tmp_path: Path) -> None:
    store = store_of(sets, tmp_path / "store")
    assert (store.source, len(store)) == ("impressions", 40)
    assert persons(store, "train", "FCJ2020") == ["FCJ2020/101"]
    assert persons(store, "val", "FCJ2020") == ["FCJ2020/125"]
    assert persons(store, "test", "FCJ2020") == ["FCJ2020/131", "FCJ2020/200"]
    assert [len(persons(store, split, "phone")) for split in ("train", "val", "test")] == [9, 1, 2]
    # A set is split in the same way alone.
    alone = store_of(sets / "phone", tmp_path / "alone")
    for split in ("train", "val", "test"):
        assert persons(alone, split, "phone") == persons(store, split, "phone")
    chosen = store_of(sets, tmp_path / "chosen", subjects="1-130")
    assert persons(chosen, "all", "FCJ2020") == ["FCJ2020/101", "FCJ2020/125"]
    assert len(persons(chosen, "all", "phone")) == 12


def test_the_resolution_is_the_flag_s_else_that_of_sets_yaml_else_the_tag_s_else_500(
    sets: Path, tmp_path: Path
) -> None:
    tagged = sets / "phone/3_1.png"
    with Image.open(tagged) as image:
        image.load()
        image.save(tagged, dpi=(400, 400))
    store = store_of(sets, tmp_path / "a")
    heights = dict(zip(store.column("name").tolist(), store.column("height").tolist(), strict=True))
    assert heights.pop("phone/3_1") == 60 * 200 // 400
    assert set(heights.values()) == {60 * 200 // 500}
    (sets / "sets.yaml").write_text("phone: {ppi: 1000}\n")
    report = prepare("impressions", sets, tmp_path / "a", progress=False)
    assert report.made_anew == "what is known of its sets has changed"
    assert any(
        line.startswith("1 file has 400 ppi by its own tag; 1000 ppi, sets.yaml, was") for line in report.account
    )
    store = PrintStore.open(tmp_path / "a")
    of_phone = [name.startswith("phone/") for name in store.column("name").tolist()]
    assert store.column("height").tolist() == [60 * 200 // (1000 if phone else 500) for phone in of_phone]
    assert set(store_of(sets, tmp_path / "b", ppi=250).column("height").tolist()) == {60 * 200 // 250}
    assert prepare("impressions", sets, tmp_path / "a", progress=False).reused


def test_another_split_is_another_store(sets: Path, tmp_path: Path) -> None:
    """Comparison lists of a split are kept by the store's digest, so that it must change with the split."""
    first = store_of(sets, tmp_path / "store")
    (sets / "sets.yaml").write_text("FCJ2020: {split: {train: 125, val: 101}}\n")
    second = store_of(sets, tmp_path / "store")
    assert persons(second, "val", "FCJ2020") == ["FCJ2020/101"]
    assert persons(second, "test", "FCJ2020") == ["FCJ2020/131", "FCJ2020/200"]
    assert first.digest != second.digest
    rules = json.loads((tmp_path / "store/store.json").read_text())["request"]["sets"]
    assert SetRule(**rules["FCJ2020"]) == SetRule(0.0, 1, {"train": "125", "val": "101"})


def test_flags_that_do_not_fit_are_refused(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--person_digits can't be given with --source fvc"):
        prepare("fvc", sets, tmp_path / "store", person_digits=1)
    with pytest.raises(BadInput, match="--person_digits -1 is no number of digits: give 0 to 9"):
        prepare("impressions", sets, tmp_path / "store", person_digits=-1)


def test_the_real_sets(real_data: Path, tmp_path: Path) -> None:
    store = store_of(real_data / "IMPRESSIONS", tmp_path / "store")
    counts = {}
    for name in ("FCJ2020", "Lindex101", "Rindex28", "UareU"):
        of_set = print_sets(store, store.rows()) == name
        counts[name] = [len(set(store.column(column)[of_set].tolist())) for column in ("name", "finger_id", "subject")]
    assert counts == {
        "FCJ2020": [608, 152, 38],
        "Lindex101": [404, 101, 101],
        "Rindex28": [112, 28, 28],
        "UareU": [260, 65, 7],
    }
    assert [len(persons(store, split, "FCJ2020")) for split in ("train", "val", "test")] == [24, 6, 8]
