"""Comparison lists: how they are drawn, stored and read, and the images that they name."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.baselines import PixelCosine
from ridgecode.matching.comparisons import (
    Comparisons,
    comparison_list,
    probe_prints,
    reference_prints,
    store_rows,
)
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.vectors import dot_scores
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.store import PrintStore
from support.comparison_rows import as_rows


def test_split_and_duplicate_groups_are_kept_to(make_store, make_socofing_labels):
    labels = make_socofing_labels([1, 399, 401, 402, 480, 481])
    store = make_store(labels, groups={"Real/401__M_Left_index_finger": 0, "Real/481__M_Left_index_finger": 0})
    comparisons = comparison_list(store, "val", "aligned")
    assert set(comparisons.probe_subjects) == {"401", "402", "480"}
    assert set(comparisons.reference_subjects) == {"401", "402", "480"}
    names = {*comparisons.probe, *comparisons.reference}
    assert not any("401__M_Left_index" in name for name in names)
    assert any("401__M_Left_thumb" in name for name in names)


def test_list_is_the_same_whatever_the_order_of_the_store_and_differs_by_seed(make_store, labels):
    first = comparison_list(make_store(labels), "all", "aligned")
    shuffled = [labels[i] for i in np.random.default_rng(0).permutation(len(labels))]
    assert as_rows(comparison_list(make_store(shuffled), "all", "aligned")) == as_rows(first)
    assert as_rows(comparison_list(make_store(labels), "all", "moved")) == as_rows(first)
    other = comparison_list(make_store(labels), "all", "aligned", seed=1)
    assert len(other) == len(first) and as_rows(other) != as_rows(first)


def test_moved_moves_the_probes_only(make_store, labels):
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 20, 18), dtype=np.uint8)
    store = make_store(labels, images)
    aligned, moved = (comparison_list(store, "all", protocol) for protocol in ("aligned", "moved"))
    still = images[[[label.name for label in labels].index(name) for name in aligned.probe_names]]
    assert np.array_equal(probe_prints(store, aligned), still)
    assert np.array_equal(probe_prints(store, moved), move(still, movements_for(aligned.probe_names.tolist())))
    assert np.array_equal(reference_prints(store, moved), reference_prints(store, aligned))


@pytest.mark.parametrize("protocol", ["aligned", "fvc"])
def test_saved_and_loaded_it_is_the_same(tmp_path, make_store, labels, make_fvc_labels, protocol):
    store = make_store(labels if protocol == "aligned" else make_fvc_labels())
    comparisons = comparison_list(store, "all", protocol)
    comparisons.save(tmp_path / "list.parquet")
    again = Comparisons.load(tmp_path / "list.parquet")
    assert again.protocol == protocol
    assert as_rows(again) == as_rows(comparisons)
    for name in ("probe_names", "probe_levels", "reference_names", "reference_subjects", "probe_rows"):
        assert np.array_equal(getattr(again, name), getattr(comparisons, name))
    # Anyone can read the rows without ridgecode.
    assert pq.read_table(tmp_path / "list.parquet").column("probe").to_pylist() == comparisons.probe.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["list.parquet"]


def test_files_that_are_not_lists_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no such comparison list"):
        Comparisons.load(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("probe,reference")
    with pytest.raises(BadInput, match=r"text\.parquet: not a comparison list"):
        Comparisons.load(tmp_path / "text.parquet")
    pq.write_table(pa.table({"probe": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(BadInput, match=r"other\.parquet: Parquet, but not"):
        Comparisons.load(tmp_path / "other.parquet")


def test_a_print_that_the_store_lacks_is_named(make_store, make_socofing_labels):
    comparisons = comparison_list(make_store(make_socofing_labels([1, 2, 3])), "all", "aligned")
    smaller = make_store(make_socofing_labels([1, 2]))
    with pytest.raises(BadInput, match="a-store has no print 'Real/3__M_Left_index_finger'"):
        reference_prints(smaller, comparisons)
    assert store_rows(smaller, ["Real/1__M_Left_thumb_finger"]).tolist() == [7]


def test_real_fvc_set_has_the_competition_s_comparisons(tmp_path, real_data):
    prepare("fvc", real_data / "FVC" / "FVC2002_DB1_B", tmp_path / "store", progress=False)
    store = PrintStore.open(tmp_path / "store")
    for protocol, non_mated in (("fvc", 45), ("fvc-all", 2880)):
        comparisons = comparison_list(store, "all", protocol)
        assert (comparisons.mated.sum(), (~comparisons.mated).sum()) == (280, non_mated)
        baseline = PixelCosine.fit(reference_prints(store, comparisons))
        vectors = (
            baseline.vectors(probe_prints(store, comparisons)),
            baseline.vectors(reference_prints(store, comparisons)),
        )
        scores = dot_scores(*vectors, comparisons.probe_rows, comparisons.reference_rows)
        # Unaligned pixels say a little, no more.
        assert 0.1 < equal_error_rate(error_rates(scores[comparisons.mated], scores[~comparisons.mated])) < 0.5
