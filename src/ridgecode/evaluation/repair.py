"""The repair part of an evaluation: pixel errors, comparison scores before and after repair, and the sheet."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.errors import BadInput
from ridgecode.evaluation.names import COMPOSED, NOTHING, REPAIRED
from ridgecode.evaluation.repair_figures import Repairs, interval, measure_repairs, pixel_rows
from ridgecode.evaluation.repair_sheet import SHEET_FILE, RepairedPrints, repair_sheet
from ridgecode.matching.comparisons import store_rows
from ridgecode.matching.matching_table import matching_table
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.system_names import baseline
from ridgecode.matching.systems import MatchingSystem
from ridgecode.prints.altered_pairs import ALTERED_GREY_LEVELS, CLOSING_PX, AlteredPairs, altered_pairs
from ridgecode.prints.labels import ALTERATIONS, LEVELS
from ridgecode.prints.store import PrintStore

_FIGURES = ("eer", "eer_low", "eer_high", "fnmr_at_fmr_0_1", "d_prime", "n_mated", "n_non_mated", "n_subjects")


def repair_part(
    autoencoder: Autoencoder,
    store: PrintStore,
    split: str,
    folder: Path,
    systems: list[MatchingSystem],
    aligned: ScoredList | None,
) -> dict[str, Any]:
    """The part of evaluation.json for a network trained to repair: its `task`, and `repair` with the rows `pixels` and
    `scores`. Writes sheets/repair.npz and its picture, sheets/repair.png, in `folder`.

    systems: the training-free ones among them compare the prints; aligned: the list of that protocol, whose probes are
    repaired, or None for no scores. Raises BadInput if no altered print of the split has a Real print.
    """
    pairs = altered_pairs(store, split)
    altered = store.stack(pairs.altered)
    levels, alterations, subjects = (store.column(c)[pairs.altered] for c in ("level", "alteration", "subject"))
    repairs = measure_repairs(autoencoder, altered, store.stack(pairs.real), pairs.real_of)
    kinds = np.char.add(np.char.add(levels, " "), alterations)
    _write_sheet(folder, repairs, kinds, store.column("name")[pairs.altered])
    about = {"different": ALTERED_GREY_LEVELS, "closing": CLOSING_PX, "n_prints": len(pairs.altered)}
    scores: list[dict[str, Any]] = []
    if aligned is not None:
        view = autoencoder.view
        places = _places(store, pairs, aligned)
        probes = {
            NOTHING: aligned.probes,
            REPAIRED: view.put(aligned.probes, repairs.repaired[places]),
            COMPOSED: view.put(aligned.probes, repairs.composed[places]),
        }
        for system in (one for one in systems if baseline(one.name) is not None):
            for variant, prints in probes.items():
                scores += score_rows(system, variant, aligned._replace(probes=prints))
    pixels = pixel_rows(repairs, levels, alterations, subjects)
    return {"task": autoencoder.spec.task, "repair": {**about, "pixels": pixels, "scores": scores}}


def score_rows(system: MatchingSystem, variant: str, scored: ScoredList) -> list[dict[str, Any]]:
    """Rows of one system and variant: error rates as in the matching table, and the mean mated and non-mated score, the
    mated one with its 95 % bootstrap interval over subjects."""
    comparisons, scores = scored.comparisons, scored.scores(system).astype(np.float64)
    mated, subjects = comparisons.mated, comparisons.probe_subject.astype(str)
    rows = []
    for found in matching_table(scores, comparisons, system.name, system.bytes):
        chosen = _any_or(comparisons.level, found.level) & _any_or(comparisons.alteration, found.alteration)
        row: dict[str, Any] = {"system": system.name, "variant": variant}
        row |= {"level": found.level, "alteration": found.alteration}
        row |= interval("mated_score", scores[chosen & mated], subjects[chosen & mated])
        row["non_mated_score"] = float(scores[chosen & ~mated].mean())
        figures = found.as_json()
        rows.append(row | {key: figures[key] for key in _FIGURES})
    return rows


def _any_or(values: NDArray[np.object_], wanted: str) -> NDArray[np.bool_]:
    return np.ones(len(values), bool) if wanted == "all" else np.asarray(values == wanted)


def _places(store: PrintStore, pairs: AlteredPairs, aligned: ScoredList) -> NDArray[np.int64]:
    """The index of each of the list's probes among the pairs' altered prints, (P,)."""
    rows = store_rows(store, aligned.comparisons.probe_names)
    places = np.searchsorted(pairs.altered, rows).clip(max=len(pairs.altered) - 1)
    if (unknown := pairs.altered[places] != rows).any():
        name = aligned.comparisons.probe_names[unknown][0]
        raise BadInput(f"--comparisons: the aligned list's probe {name} is no altered print of the split; give another")
    return places


def _write_sheet(folder: Path, repairs: Repairs, kinds: NDArray[np.str_], names: NDArray[np.str_]) -> None:
    """Writes one print of each level and alteration, spread over the split's subjects."""
    distinct = sorted(set(kinds.tolist()), key=lambda kind: [(*LEVELS, *ALTERATIONS).index(w) for w in kind.split()])
    shown = []
    for i, kind in enumerate(distinct):
        places = np.flatnonzero(kinds == kind)
        shown.append(places[len(places) * (2 * i + 1) // (2 * len(distinct))])
    prints = RepairedPrints(
        repairs.altered[shown],
        repairs.region[shown],
        repairs.repaired[shown],
        repairs.real[shown],
        tuple(distinct),
        tuple(names[shown].tolist()),
    )
    prints.save(folder / "sheets" / SHEET_FILE)
    repair_sheet(prints, folder / "sheets" / "repair.png")
