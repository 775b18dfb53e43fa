"""The comparisons of each protocol against the same in plain loops."""

from itertools import combinations

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import comparison_list
from ridgecode.prints.labels import PrintLabel
from support.comparison_rows import as_rows
from support.several_sets import SETS, labels_of_sets


def test_aligned_has_each_altered_print_once_mated_and_others_of_other_subjects(make_store, labels):
    comparisons = comparison_list(make_store(labels), "all", "aligned", non_mated_per_probe=9)
    by_name = {label.name: label for label in labels}
    altered = [label for label in labels if label.level != "Real"]
    rows = as_rows(comparisons)
    assert len(rows) == len(altered) * 10
    assert sorted(row[0] for row in rows if row[2]) == sorted(label.name for label in altered)
    for probe, reference, mated, probe_subject, reference_subject, level, alteration in rows:
        p, r = by_name[probe], by_name[reference]
        assert (probe_subject, level, alteration, reference_subject) == (p.subject, p.level, p.alteration, r.subject)
        assert r.level == "Real"
        assert (p.finger_id == r.finger_id) if mated else (p.subject != r.subject)
    assert len(set(rows)) == len(rows)


def test_non_mated_references_are_drawn_evenly(make_store, labels):
    comparisons = comparison_list(make_store(labels), "all", "aligned", non_mated_per_probe=20)
    drawn = comparisons.reference_rows[~comparisons.mated]
    counts = np.bincount(drawn, minlength=80)
    # 480 probes x 20 draws over 80 references: 120 each, binomial spread about 9.5.
    assert counts.sum() == 480 * 20 and np.abs(counts - 120).max() < 45
    assert 5 < counts.std() < 15
    # Every other subject's reference can be drawn, the last and the first too.
    everyone = comparison_list(make_store(labels), "all", "aligned", non_mated_per_probe=1000)
    assert (np.bincount(everyone.probe_rows[~everyone.mated]) == 78).all()


def test_fvc_protocols_are_those_of_the_competition(make_store, make_fvc_labels):
    labels = make_fvc_labels()
    store = make_store(labels[::-1], source="fvc")
    by_name = {label.name: label for label in labels}
    fvc, everything = comparison_list(store, "all", "fvc"), comparison_list(store, "all", "fvc-all")
    assert (fvc.mated.sum(), (~fvc.mated).sum()) == (280, 45)
    assert (everything.mated.sum(), (~everything.mated).sum()) == (280, 2880)
    pairs = list(combinations(labels, 2))
    mated = {frozenset((a.name, b.name)) for a, b in pairs if a.finger_id == b.finger_id}
    first = {frozenset((a.name, b.name)) for a, b in pairs if a.impression == b.impression == 1}
    across = {frozenset((a.name, b.name)) for a, b in pairs if a.finger_id != b.finger_id}
    for comparisons, non_mated in ((fvc, first), (everything, across)):
        rows = as_rows(comparisons)
        assert {frozenset(row[:2]) for row in rows if row[2]} == mated
        assert {frozenset(row[:2]) for row in rows if not row[2]} == non_mated
        assert all(by_name[p].impression > by_name[r].impression for p, r, is_mated, *_ in rows if is_mated)


@pytest.mark.parametrize("ending", ["", "-all"])
def test_impressions_are_the_fvc_protocol_on_fvc_sets(make_store, ending):
    store = make_store(labels_of_sets(), source="fvc")
    ours, theirs = (comparison_list(store, "all", f"{name}{ending}") for name in ("impressions", "fvc"))
    assert ours.protocol == f"impressions{ending}"
    assert as_rows(ours) == as_rows(theirs)
    assert ours.set.tolist() == theirs.set.tolist()


def test_impressions_of_persons_with_several_fingers(make_store):
    """Mated are impressions of a finger; non-mated are two fingers of one set, in `fvc-all` of two persons."""
    labels = [
        PrintLabel(f"{name}/{finger}_{i}", f"{name}/{finger // 10}", "", "", "", f"{name}/{finger}", i, "Real", "")
        for name, fingers in {"A": (11, 12, 21, 22, 23, 31), "B": (11, 12, 21)}.items()
        for finger in fingers
        for i in (1, 2, 3)
    ]
    store = make_store(labels[::-1], source="impressions")
    pairs = list(combinations(labels, 2))
    mated = {frozenset((a.name, b.name)) for a, b in pairs if a.finger_id == b.finger_id}
    across = [(a, b) for a, b in pairs if a.finger_id != b.finger_id and a.name[0] == b.name[0]]
    apart = {frozenset((a.name, b.name)) for a, b in across if a.subject != b.subject}
    for protocol, wanted in (
        ("impressions", {frozenset((a.name, b.name)) for a, b in across if a.impression == b.impression == 1}),
        ("impressions-all", {frozenset((a.name, b.name)) for a, b in across}),
        ("fvc-all", apart),
    ):
        comparisons = comparison_list(store, "all", protocol)
        rows = as_rows(comparisons)
        assert len(rows) == len(mated) + len(wanted)
        assert {frozenset(row[:2]) for row in rows if row[2]} == mated
        assert {frozenset(row[:2]) for row in rows if not row[2]} == wanted
        assert comparisons.set_names == ["A", "B"]


def test_stores_without_comparisons_are_refused(make_store, make_socofing_labels, make_fvc_labels):
    with pytest.raises(BadInput, match="one subject only"):
        comparison_list(make_store(make_socofing_labels([1])), "all", "aligned")
    real = [label for label in make_socofing_labels([1, 2]) if label.level == "Real"]
    with pytest.raises(BadInput, match="no altered prints"):
        comparison_list(make_store(real), "all", "aligned")
    with pytest.raises(BadInput, match="one impression a finger"):
        comparison_list(make_store(real), "all", "fvc")
    with pytest.raises(BadInput, match="one subject only"):
        comparison_list(make_store(make_fvc_labels(1)), "all", "fvc")
    altered = [label for label in make_socofing_labels([1, 2]) if label.level != "Real"]
    with pytest.raises(BadInput, match="no altered print with the Real print"):
        comparison_list(make_store(altered), "all", "aligned")
    with pytest.raises(BadInput, match="no protocol is called 'crop'"):
        comparison_list(make_store(real), "all", "crop")


def test_probes_whose_real_print_was_skipped_are_left_out(make_store, make_socofing_labels):
    labels = [label for label in make_socofing_labels([1, 2, 3]) if label.name != "Real/2__M_Left_thumb_finger"]
    comparisons = comparison_list(make_store(labels), "all", "aligned")
    assert not any("2__M_Left_thumb" in name for name in comparisons.probe_names)
    assert comparisons.mated.sum() == 30


def test_fvc_protocols_compare_within_a_set(make_store):
    labels = labels_of_sets()
    store = make_store(labels, source="fvc")
    set_of = {label.name: label.name.rsplit("/", 1)[0] for label in labels}
    pairs = [(a, b) for a, b in combinations(labels, 2) if set_of[a.name] == set_of[b.name]]
    mated = {frozenset((a.name, b.name)) for a, b in pairs if a.finger_id == b.finger_id}
    first = {frozenset((a.name, b.name)) for a, b in pairs if a.impression == b.impression == 1}
    across = {frozenset((a.name, b.name)) for a, b in pairs if a.finger_id != b.finger_id}
    assert (len(mated), len(first)) == (8 * 3, 6 + 3)
    for protocol, non_mated in (("fvc", first), ("fvc-all", across)):
        found = comparison_list(store, "all", protocol)
        rows = as_rows(found)
        assert {frozenset(row[:2]) for row in rows if row[2]} == mated
        assert {frozenset(row[:2]) for row in rows if not row[2]} == non_mated
        assert len(rows) == len(mated) + len(non_mated)
        assert found.set.tolist() == [set_of[row[0]] for row in rows] and found.n_across_sets == 0
        assert found.set_names == sorted(SETS)


def test_a_joint_list_is_the_lists_of_its_sets(make_store):
    labels = labels_of_sets({"A": 3, "B": 2})
    joint = set(as_rows(comparison_list(make_store(labels, source="fvc"), "all", "fvc-all")))
    alone = [
        as_rows(
            comparison_list(make_store([x for x in labels if x.name.startswith(s)], source="fvc"), "all", "fvc-all")
        )
        for s in "AB"
    ]
    assert joint == {*alone[0], *alone[1]}


def test_sets_of_one_finger_each_have_no_non_mated_comparison(make_store):
    store = make_store(labels_of_sets({"A": 1, "B": 1}), source="fvc")
    for protocol in ("fvc", "fvc-all"):
        with pytest.raises(BadInput, match="one subject of each data set, and sets are not compared"):
            comparison_list(store, "all", protocol)


def test_other_sources_have_one_set(make_store):
    labels = labels_of_sets({"A": 2, "B": 2})
    found = comparison_list(make_store(labels, source="folder"), "all", "fvc")
    assert (~found.mated).sum() == 6 and found.set_names == []


def test_persons_of_several_fingers_are_kept_apart(make_store):
    """Names of three parts, person_finger_impression: a set is what precedes the finger's name."""
    labels = [
        PrintLabel(f"FVC/{p:03}_{f}_{i}", f"FVC/{p:03}", "", "", "", f"FVC/{p:03}_{f}", i, "Real", "")
        for p in (1, 2)
        for f in (1, 2)
        for i in (1, 2)
    ]
    found = comparison_list(make_store(labels, source="fvc"), "all", "fvc")
    assert (found.mated.sum(), (~found.mated).sum(), found.set_names) == (4, 4, ["FVC"])
