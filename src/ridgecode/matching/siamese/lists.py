"""The held-out pairs of an image Siamese run, as comparison lists in its folder.

`pairs-by-pair`: held out by pair, as in the write-ups, so the same fingers, often the same images, were trained on.
`pairs-by-subject`: pairs of subjects that were not trained on.
"""

from pathlib import Path

import numpy as np

from ridgecode.matching.comparisons import Comparisons, probe_prints, reference_prints, with_sets
from ridgecode.matching.scored_lists import EvaluatedList, ScoredList
from ridgecode.matching.siamese.images import SiameseImages
from ridgecode.matching.siamese.pair_rules import PairList
from ridgecode.matching.siamese.pairs import SiamesePairs
from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.prints.movement import Limits, move, movements_for
from ridgecode.prints.store import PrintStore

PROTOCOLS = {"pair": "pairs-by-pair", "subject": "pairs-by-subject"}
PROBE_LIMITS = Limits(rotation_deg=30.0, shift=0.10, scale=0.10, blur_sigma=0.5, per_axis=True)
"""The limits within which system B moves its probes."""
FOLDER = "pairs"


def save_pair_lists(run: Path, data: SiameseImages, pairs: SiamesePairs) -> ScoredList:
    """Writes the lists to the run's `pairs/`; returns the list that training is validated on."""
    protocol = PROTOCOLS[pairs.split_by]
    val = _comparisons(data, pairs.val, protocol, "val")
    val.save(run / FOLDER / "val.parquet")
    others = (("test", pairs.test, protocol), ("unseen", pairs.unseen, PROTOCOLS["subject"]))
    for name, held_out, its_protocol in others:
        if held_out is not None:
            _comparisons(data, held_out, its_protocol, name).save(run / FOLDER / f"{name}.parquet")
    return _scored(data.store, val, data.spec, pairs.augment)


def own_pair_lists(run: Path, store: PrintStore, saved: SavedSiamese) -> list[EvaluatedList]:
    """The run's lists: the pairs held out for test, or for validation if there are none, and the pairs of unseen
    subjects, if any. Thresholds are chosen on the validation pairs. Raises BadInput if the store lacks a print."""

    def read(name: str) -> ScoredList:
        comparisons = Comparisons.load(run / FOLDER / f"{name}.parquet")
        return _scored(store, comparisons, saved.spec, saved.facts.moved_probes)

    val = read("val")
    threshold_from = f"val, {val.comparisons.protocol}"
    others = [name for name in ("test", "unseen") if (run / FOLDER / f"{name}.parquet").is_file()]
    lists = [] if "test" in others else [EvaluatedList(val, None, threshold_from)]
    return lists + [EvaluatedList(read(name), val, threshold_from) for name in others]


def _comparisons(data: SiameseImages, pairs: PairList, protocol: str, split: str) -> Comparisons:
    probes, probe_rows = np.unique(pairs.probe, return_inverse=True)
    references, reference_rows = np.unique(pairs.reference, return_inverse=True)

    def column(name: str, places: np.ndarray) -> np.ndarray:
        return data.store.column(name)[data.rows[places]].astype(object)

    # Sorted by name, as every comparison list is.
    probe_order, reference_order = (np.argsort(column("name", places)) for places in (probes, references))
    probes, references = probes[probe_order], references[reference_order]
    return Comparisons(
        protocol=protocol,
        probe_names=column("name", probes),
        probe_subjects=column("subject", probes),
        probe_levels=column("level", probes),
        probe_alterations=column("alteration", probes),
        reference_names=column("name", references),
        reference_subjects=column("subject", references),
        probe_rows=np.argsort(probe_order)[probe_rows].astype(np.int64),
        reference_rows=np.argsort(reference_order)[reference_rows].astype(np.int64),
        mated=pairs.mated,
        split=split,
        store_digest=data.store.digest,
    )


def _scored(store: PrintStore, comparisons: Comparisons, spec: SiameseSpec, moved_probes: bool) -> ScoredList:
    """The list with its images at the network's size; each probe's movement is seeded by its name."""
    comparisons, store = with_sets(store, comparisons), store.fitted(spec.fit)
    probes = probe_prints(store, comparisons)
    if moved_probes:
        probes = move(probes, movements_for(comparisons.probe_names, limits=PROBE_LIMITS))
    return ScoredList(comparisons, probes, reference_prints(store, comparisons))
