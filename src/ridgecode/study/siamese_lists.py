"""The lists of pairs that an image Siamese run is judged on, as files of its folder.

`pairs-by-pair`: held out by pair, as the write-ups have it: the same images, or at least the same fingers, were trained
on. `pairs-by-subject`: of subjects that were not trained on.
"""

from pathlib import Path

import numpy as np

from ridgecode.matching.comparisons import Comparisons, probe_prints, reference_prints
from ridgecode.matching.pair_lists import PairList
from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.prints.movement import Limits, move, movements_for
from ridgecode.prints.store import PrintStore
from ridgecode.study.evaluate_matching import Judged
from ridgecode.study.matching_systems import ScoredList
from ridgecode.study.siamese_pairs import SiameseImages, SiamesePairs

PROTOCOLS = {"pair": "pairs-by-pair", "subject": "pairs-by-subject"}
PROBE_LIMITS = Limits(rotation_deg=30.0, shift=0.10, scale=0.10, blur_sigma=0.5, per_axis=True)
"""How system B moves its probes."""
FOLDER = "pairs"


def save_pair_lists(run: Path, data: SiameseImages, pairs: SiamesePairs) -> ScoredList:
    """Writes the lists to the run's `pairs/`; returns the one that training is judged by."""
    protocol = PROTOCOLS[pairs.split_by]
    val = _comparisons(data, pairs.val, protocol, "val")
    val.save(run / FOLDER / "val.parquet")
    for name, more, of in (("test", pairs.test, protocol), ("unseen", pairs.unseen, PROTOCOLS["subject"])):
        if more is not None:
            _comparisons(data, more, of, name).save(run / FOLDER / f"{name}.parquet")
    return _scored(data.store, val, data.spec, pairs.augment)


def judged_pairs(run: Path, store: PrintStore, saved: SavedSiamese) -> list[Judged]:
    """The run's lists: pairs held out for test (else for validation), and those of subjects that were kept apart, each
    with the validation pairs that its threshold comes from. Raises BadInput where the store lacks a print."""

    def read(name: str) -> ScoredList:
        comparisons = Comparisons.load(run / FOLDER / f"{name}.parquet")
        return _scored(store, comparisons, saved.spec, saved.facts.moved_probes)

    val = read("val")
    of = f"val, {val.comparisons.protocol}"
    has = {name: (run / FOLDER / f"{name}.parquet").is_file() for name in ("test", "unseen")}
    judged = [Judged(read("test"), val, of) if has["test"] else Judged(val, None, of)]
    return [*judged, Judged(read("unseen"), val, of)] if has["unseen"] else judged


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
    """The list with its images at the network's size; probes are moved by their names."""
    probes = spec.fit(probe_prints(store, comparisons))
    if moved_probes:
        probes = move(probes, movements_for(comparisons.probe_names, limits=PROBE_LIMITS))
    return ScoredList(comparisons, probes, spec.fit(reference_prints(store, comparisons)))
