"""Comparison lists of an evaluation: drawn once, read again, refused where they are others."""

from pathlib import Path

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import Comparisons, comparison_list
from ridgecode.matching.scored_lists import ScoredList, evaluated_lists, has_non_mated, scored_list
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.templates import enrolment
from ridgecode.matching.templates.enrolment import Enrolment
from ridgecode.matching.vectors import dot_scores
from ridgecode.prints.store import PrintStore
from support.several_sets import labels_of_sets


@pytest.fixture(scope="module")
def store(altered_store: Path) -> PrintStore:
    return PrintStore.open(altered_store)


def names_of(listed: Comparisons) -> list[tuple[str, str, bool]]:
    return list(zip(listed.probe.tolist(), listed.reference.tolist(), listed.mated.tolist(), strict=True))


def test_a_list_has_the_prints_it_names_and_their_scores(store: PrintStore) -> None:
    listed = comparison_list(store, "val", "aligned")
    scored = ScoredList.of(store, listed)
    names = store.column("name").tolist()
    for named, prints in ((listed.probe_names, scored.probes), (listed.reference_names, scored.references)):
        for name, image in zip(named, prints, strict=True):
            np.testing.assert_array_equal(image, store.image(names.index(name)))

    def darkness(prints: np.ndarray) -> np.ndarray:
        return prints.mean((1, 2), dtype=np.float32)[:, None]

    scores = scored.scores(MatchingSystem("darkness", 4, darkness, dot_scores))
    for (probe, reference, _), score in zip(names_of(listed), scores, strict=True):
        means = [store.image(names.index(name)).mean(dtype=np.float64) for name in (probe, reference)]
        assert score == pytest.approx(means[0] * means[1], rel=1e-5)


def test_prints_that_fail_to_enrol(store: PrintStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores of their comparisons are NaN; a list for thresholds leaves these out."""
    listed = comparison_list(store, "val", "aligned")
    scored = ScoredList.of(store, listed)
    blank = [scored.probes[3], scored.references[0]]
    monkeypatch.setattr(
        enrolment, "print_quality", lambda grey: 0.0 if any(np.array_equal(grey, one) for one in blank) else 50.0
    )

    def darkness(prints: np.ndarray) -> np.ndarray:
        return prints.mean((1, 2), dtype=np.float32)[:, None]

    all_enrol = MatchingSystem("darkness", 4, darkness, dot_scores)
    some_fail = all_enrol._replace(enrolment=Enrolment(12.0))
    failed = (listed.probe_rows == 3) | (listed.reference_rows == 0)
    assert failed.any() and not failed.all()
    scores = scored.scores(some_fail)
    assert np.isnan(scores[failed]).all()
    np.testing.assert_array_equal(scores[~failed], scored.scores(all_enrol)[~failed])
    left = scored.enrolled_only(some_fail.enrolment)
    assert names_of(left.comparisons) == [one for one, fails in zip(names_of(listed), failed, strict=True) if not fails]
    np.testing.assert_array_equal(left.scores(some_fail), scores[~failed])
    assert scored.enrolled_only(None) is scored
    monkeypatch.setattr(enrolment, "print_quality", lambda grey: 0.0)
    with pytest.raises(BadInput, match="no mated and no non-mated comparison is left of the protocol aligned"):
        scored.enrolled_only(Enrolment(12.0))


def test_it_is_drawn_once_and_read_again(store: PrintStore, tmp_path: Path) -> None:
    first = scored_list(store, "val", "aligned", tmp_path, given=False)
    file = tmp_path / "aligned_val.parquet"
    data = file.read_bytes()
    assert names_of(first.comparisons) == names_of(comparison_list(store, "val", "aligned"))
    again = scored_list(store, "val", "aligned", tmp_path, given=False)
    assert names_of(again.comparisons) == names_of(first.comparisons)
    assert file.read_bytes() == data


def test_a_list_of_another_store(store: PrintStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run's own is drawn anew; one that the user named is taken, with a word of warning."""
    drawn = comparison_list(store, "val", "aligned")
    other = Comparisons(**{**drawn.__dict__, "store_digest": "0" * 64})
    file = tmp_path / "aligned_val.parquet"
    other.save(file)
    data = file.read_bytes()
    assert scored_list(store, "val", "aligned", tmp_path, given=True).comparisons.store_digest == "0" * 64
    assert "was drawn from another store" in capsys.readouterr().err
    assert file.read_bytes() == data
    assert scored_list(store, "val", "aligned", tmp_path, given=False).comparisons.store_digest == store.digest
    assert file.read_bytes() != data


def test_other_lists_are_refused(store: PrintStore, tmp_path: Path) -> None:
    comparison_list(store, "val", "aligned").save(tmp_path / "moved_val.parquet")
    for given in (True, False):
        with pytest.raises(BadInput, match="a list of the protocol aligned, not moved"):
            scored_list(store, "val", "moved", tmp_path, given)
    comparison_list(store, "train", "aligned").save(tmp_path / "aligned_val.parquet")
    with pytest.raises(BadInput, match="drawn from the split train, not val"):
        scored_list(store, "val", "aligned", tmp_path, given=True)
    # In the run's own folder it is drawn anew.
    assert scored_list(store, "val", "aligned", tmp_path, given=False).comparisons.split == "val"


def test_thresholds_come_from_validation(store: PrintStore, tmp_path: Path) -> None:
    (on_val,) = evaluated_lists(store, "val", ["aligned"], tmp_path, False)
    assert on_val.threshold_list is None and on_val.threshold_from == "val"
    aligned, moved = evaluated_lists(store, "train", ["aligned", "moved"], tmp_path, False)
    for one, protocol in ((aligned, "aligned"), (moved, "moved")):
        assert one.threshold_list is not None and one.threshold_from == "val"
        assert (one.measured.comparisons.protocol, one.measured.comparisons.split) == (protocol, "train")
        assert (one.threshold_list.comparisons.protocol, one.threshold_list.comparisons.split) == (protocol, "val")
    assert has_non_mated(store, "val") and not has_non_mated(store, "test")  # the test split has one subject


def test_without_two_validation_subjects_it_is_chosen_where_it_is_measured(
    make_store, make_socofing_labels, tmp_path: Path
) -> None:
    store = make_store(make_socofing_labels([1, 2, 401]))
    (found,) = evaluated_lists(store, "train", ["aligned"], tmp_path, False)
    assert found.threshold_list is None and found.threshold_from == "train"


def test_non_mated_comparisons_need_two_subjects_of_one_set(make_store) -> None:
    assert has_non_mated(make_store(labels_of_sets({"A": 1, "B": 2}), source="fvc"), "all")
    assert not has_non_mated(make_store(labels_of_sets({"A": 1, "B": 1}), source="fvc"), "all")
    assert has_non_mated(make_store(labels_of_sets({"A": 1, "B": 1}), source="folder"), "all")


def test_a_list_across_sets_of_an_older_version(make_store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run's own is drawn anew; one that the user named is taken, with a word of warning."""
    labels = labels_of_sets({"A": 2, "B": 2})
    store = make_store(labels, source="fvc")
    # Where sets are not known, all prints are compared with each other, as older versions did.
    older = comparison_list(make_store(labels, source="folder"), "all", "fvc")
    older.save(tmp_path / "fvc_all.parquet")
    given = scored_list(store, "all", "fvc", tmp_path, given=True).comparisons
    assert (~given.mated).sum() == 6 and given.n_across_sets == 4
    assert "4 of the 18 comparisons" in capsys.readouterr().err
    own = scored_list(store, "all", "fvc", tmp_path, given=False).comparisons
    assert (~own.mated).sum() == 2 and own.n_across_sets == 0
    again = scored_list(store, "all", "fvc", tmp_path, given=True).comparisons
    assert names_of(again) == names_of(own) and capsys.readouterr().err == ""
