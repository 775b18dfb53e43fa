"""The part of an evaluation that is about repair: pixels, scores before and after, and the sheet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import store_rows
from ridgecode.matching.measured import matching_table
from ridgecode.prints.altered_pairs import CLOSING, DIFFERENT, AlteredPairs, altered_pairs
from ridgecode.prints.labels import ALTERATIONS, LEVELS
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.matching_systems import MatchingSystem, ScoredList
from ridgecode.study.repair_figures import COMPOSED, NOTHING, REPAIRED, Repairs, interval, measure_repairs, pixel_rows
from ridgecode.study.repair_sheet import SHEET_FILE, RepairedPrints, repair_sheet
from ridgecode.study.report_matching import baseline

_FIGURES = ("eer", "eer_low", "eer_high", "fnmr_at_fmr_0_1", "d_prime", "n_mated", "n_non_mated", "n_subjects")


def repair_part(
    saved: SavedAutoencoder,
    store: PrintStore,
    split: str,
    folder: Path,
    systems: list[MatchingSystem],
    aligned: ScoredList | None,
) -> dict[str, Any]:
    """What evaluation.json tells of a network trained to repair: its `task`, and `repair` with the rows `pixels` and
    `scores`. Writes sheets/repair.npz and its picture, sheets/repair.png, in `folder`.

    systems: of which those that need no training are taken. aligned: the comparison list of that protocol, whose
    probes are repaired; without one there are no scores. Raises BadInput where the split has no altered print beside
    its Real one.
    """
    pairs = altered_pairs(store, split)
    altered = stack_prints(store, pairs.altered)
    levels, alterations, subjects = (store.column(c)[pairs.altered] for c in ("level", "alteration", "subject"))
    repairs = measure_repairs(saved, altered, stack_prints(store, pairs.real), pairs.real_of)
    kinds = np.char.add(np.char.add(levels, " "), alterations)
    _write_sheet(folder, repairs, kinds, store.column("name")[pairs.altered])
    about = {"different": DIFFERENT, "closing": CLOSING, "n_prints": len(pairs.altered)}
    scores: list[dict[str, Any]] = []
    if aligned is not None:
        view = saved.spec.window
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
    return {"task": saved.spec.task, "repair": {**about, "pixels": pixels, "scores": scores}}


def score_rows(system: MatchingSystem, variant: str, scored: ScoredList) -> list[dict[str, Any]]:
    """Error rates as in the matching table, and the mean mated and non-mated score, of one system and variant; the
    mated one with its 95 % interval over subjects."""
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


def repair_headline(found: Mapping[str, Any]) -> list[str]:
    """What a terminal shows of an evaluation's repair: a line, or none where the run has no such part."""
    if "repair" not in found:
        return []
    overall = {row["variant"]: row for row in found["repair"]["pixels"] if row["level"] == row["alteration"] == "all"}
    told = ", ".join(
        f"{place} {_number(overall[REPAIRED][name])} (nothing done {_number(overall[NOTHING][name])})"
        for place, name in (("inside", "mse_inside"), ("outside", "mse_outside"), ("all", "mse"))
    )
    return [f"repair of {found['repair']['n_prints']} altered prints: mse {told}"]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"


def _any_or(values: NDArray[np.object_], wanted: str) -> NDArray[np.bool_]:
    return np.ones(len(values), bool) if wanted == "all" else np.asarray(values == wanted)


def _places(store: PrintStore, pairs: AlteredPairs, aligned: ScoredList) -> NDArray[np.int64]:
    """Where the list's probes are among the pairs' altered prints."""
    rows = store_rows(store, aligned.comparisons.probe_names)
    places = np.searchsorted(pairs.altered, rows).clip(max=len(pairs.altered) - 1)
    if (strange := pairs.altered[places] != rows).any():
        name = aligned.comparisons.probe_names[strange][0]
        raise BadInput(f"--comparisons: the aligned list's probe {name} is no altered print of the split; give another")
    return places


def _write_sheet(folder: Path, repairs: Repairs, kinds: NDArray[np.str_], names: NDArray[np.str_]) -> None:
    """One print of each level and alteration, spread over the split's subjects."""
    distinct = sorted(set(kinds.tolist()), key=lambda kind: [(*LEVELS, *ALTERATIONS).index(w) for w in kind.split()])
    some = []
    for i, kind in enumerate(distinct):
        places = np.flatnonzero(kinds == kind)
        some.append(places[len(places) * (2 * i + 1) // (2 * len(distinct))])
    prints = RepairedPrints(
        repairs.altered[some],
        repairs.region[some],
        repairs.repaired[some],
        repairs.real[some],
        tuple(distinct),
        tuple(names[some].tolist()),
    )
    prints.save(folder / "sheets" / SHEET_FILE)
    repair_sheet(prints, folder / "sheets" / "repair.png")
