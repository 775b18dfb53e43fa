"""The pairs of an image Siamese training: within a data set; on few identities drawn again, left out or refused."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.matching.names import SystemName
from ridgecode.matching.siamese.images import SiameseImages
from ridgecode.matching.siamese.lists import save_pair_lists
from ridgecode.matching.siamese.pair_rules import PairList
from ridgecode.matching.siamese.pairs import siamese_pairs
from ridgecode.matching.siamese.systems import siamese_spec
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.labels import PrintLabel
from ridgecode.prints.store import PrintStore
from support.several_sets import labels_of_sets

SIZE = (60, 60)


def images_of(make_store, labels: list[PrintLabel], source: str, system: SystemName = "l1") -> SiameseImages:
    prints = np.random.default_rng(0).integers(0, 256, (len(labels), *SIZE), dtype=np.uint8)
    return SiameseImages(make_store(labels, prints, source=source), siamese_spec(system, "ours", SIZE, *SIZE, 0))


@pytest.mark.parametrize("system", get_args(SystemName))
def test_all_lists_of_an_fvc_store_stay_within_a_set(make_store, tmp_path: Path, system: SystemName) -> None:
    data = images_of(make_store, labels_of_sets({"A": 12, "B": 12}), "fvc", system)
    found = siamese_pairs(data, "pair", "pair", seed=0)
    lists: list[PairList] = [found.train(0), found.val, *(one for one in (found.test, found.unseen) if one)]
    for pairs in lists:
        sets = [[data.names[place].split("/")[0] for place in places] for places in (pairs.probe, pairs.reference)]
        assert sets[0] == sets[1]
        assert not pairs.mated.all()
    assert save_pair_lists(tmp_path, data, found).comparisons.set_names == ["A", "B"]


def test_a_given_list_across_sets_is_taken_with_a_warning(
    make_store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = images_of(make_store, labels_of_sets({"A": 20, "B": 20}), "fvc")
    lines = [f"A/{101 + i}_1,A/{101 + i}_2,1\nA/{101 + i}_1,B/{101 + i}_2,0" for i in range(20)]
    (tmp_path / "pairs.csv").write_text("probe,reference,mated\n" + "\n".join(lines))
    siamese_pairs(data, "pair", "pair", seed=0, pair_list=tmp_path / "pairs.csv")
    assert "20 of the 40 pairs" in capsys.readouterr().err


def test_a_list_of_too_few_identities_names_the_cause_and_the_way_out(make_store, tmp_path: Path) -> None:
    labels = [PrintLabel(f"s{s}/{i}", f"s{s}", "", "", "", f"s{s}", i, "Real", "") for s in range(8) for i in (1, 2, 3)]
    data = images_of(make_store, labels, "folder")
    lines = [f"s{s}/1,s{s}/{i},1\ns{s}/1,s{(s + 1) % 8}/{i},0" for s in range(8) for i in (2, 3)]
    (tmp_path / "pairs.csv").write_text("probe,reference,mated\n" + "\n".join(lines))
    with pytest.raises(BadInput, match=r"validation side .* puts 1 of the list's 8 identities there; give --split_by"):
        siamese_pairs(data, "subject", "subject", seed=0, pair_list=tmp_path / "pairs.csv")
    by_pair = siamese_pairs(data, "pair", "subject", seed=0, pair_list=tmp_path / "pairs.csv")
    assert len(by_pair.val.mated)
    few = "\n".join(["probe,reference,mated", "s0/1,s0/2,1", "s0/1,s1/1,0"])
    (tmp_path / "pairs.csv").write_text(few)
    with pytest.raises(BadInput, match="has no mated and non-mated pair: it has 0 of 2 pairs; give more pairs"):
        siamese_pairs(data, "pair", "pair", seed=0, pair_list=tmp_path / "pairs.csv")


def images(tmp_path: Path, *counts: int, system: str = "contrastive", source: str = "folder") -> SiameseImages:
    """A store of identities with so many images each, 12x12."""
    random = np.random.default_rng(0)
    for number, count in enumerate(counts):
        for image in range(count):
            name = f"s{number}/{image}.png" if source == "folder" else f"DB1_B/{101 + number}_{image + 1}.png"
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (12, 12), dtype=np.uint8)).save(path)
    report = prepare(source, tmp_path / "images", tmp_path / "store", progress=False)
    return SiameseImages(PrintStore.open(report.path), siamese_spec(system, "ours", (12, 12), 12, 12))  # type: ignore[arg-type]


def test_identities_of_one_image_are_in_non_mated_pairs_alone(tmp_path: Path) -> None:
    data = images(tmp_path, 1, 3, 1, 2)
    assert data.alone().tolist() == ["s0", "s2"]
    pairs = siamese_pairs(data, "pair", "pair", 0, n_pairs=400)
    every = [pairs.train(0), pairs.val]
    for one in every:
        same = data.identity[one.probe] == data.identity[one.reference]
        np.testing.assert_array_equal(same, one.mated)
        assert (one.probe != one.reference).all()
        assert not np.isin(data.fingers[one.probe[one.mated]], data.alone()).any()
    used = np.concatenate([one.probe[~one.mated] for one in every])
    assert set(data.fingers[used]) == {"s0", "s1", "s2", "s3"}


@pytest.mark.parametrize("seed", range(12))
def test_a_few_validation_probes_are_drawn_until_both_kinds_are_there(seed: int, tmp_path: Path) -> None:
    # 20 probes, of which 2 are held out: half of all draws would be of one kind.
    data = images(tmp_path, 5, 5, 5, 5, 5, system="subtract")
    assert sorted(siamese_pairs(data, "pair", "pair", seed).val.mated) == [False, True]


def test_one_validation_identity_is_named_with_the_way_out(tmp_path: Path) -> None:
    for system in ("contrastive", "subtract", "l1"):
        data = images(tmp_path / system, 3, 3, 3, 3, 3, system=system)
        with pytest.raises(BadInput, match=r"from 1 of 5 identities here: give more, or --split_by pair"):
            siamese_pairs(data, "subject", "subject", 0)
    lines = [f"s{i}/{j}.png,s{(i + k) % 5}/{j + k}.png,{1 - k}" for i in range(5) for j in range(2) for k in (0, 1)]
    (tmp_path / "pairs.csv").write_text("probe,reference,mated\n" + "\n".join(lines))
    with pytest.raises(BadInput, match="puts 1 of the list's 5 identities there; give --split_by pair"):
        siamese_pairs(data, "subject", "subject", 0, pair_list=tmp_path / "pairs.csv")


def test_a_set_with_too_few_validation_subjects_is_trained_on_by_pair_without_them(tmp_path: Path) -> None:
    data = images(tmp_path, 5, 5, 5, 5, 5, 5, system="subtract", source="fvc")
    assert set(data.split) == {"train", "val", "test"}
    pairs = siamese_pairs(data, "pair", "subject", 0)
    assert pairs.unseen is None  # its one validation subject gives no non-mated pair
    assert set(data.split[pairs.val.probe]) == {"train"}


def test_validation_pairs_of_one_kind_are_refused(tmp_path: Path) -> None:
    data = images(tmp_path, 3, 3, 3)
    with pytest.raises(BadInput, match=r"validation pairs lack .*mated ones, .* more --n_pairs"):
        siamese_pairs(data, "pair", "pair", 0, n_pairs=4)
