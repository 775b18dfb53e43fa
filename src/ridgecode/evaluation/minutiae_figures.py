"""The figures of a minutiae matcher: true accept rates, prints against themselves, and agreement of minutiae."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.matching.bootstrap import ScoreBootstrap, bootstrap_rate, rate_interval
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.matching_table import matching_table
from ridgecode.matching.minutiae.agreement import MOST_DEGREES, MOST_PIXELS, agreement
from ridgecode.matching.minutiae.template import MINUTIAE_PPI, Minutiae

TAR_FMRS = {"tar_at_fmr_1": 0.01, "tar_at_fmr_0_1": 0.001}
"""The FMR of each true accept rate, by its key in the JSON."""
RATES = ("precision", "recall", "f1")
"""The rates of an `Agreement`."""


def tar_rows(scores: NDArray[np.float64], listed: Comparisons, name: str, template_bytes: int) -> list[dict[str, Any]]:
    """The rows of `matching_table`, each with the true accept rate, 1 - FNMR, at FMR 1 % and 0.1 %, and its 95 %
    interval over subjects; None for an FMR that the list is too short to show. `per_set` has them by data set too.

    scores: (C,), of the comparisons of `listed`, on which the threshold is chosen as well; name: of the matcher;
    template_bytes: its template's size
    """
    rows = []
    subjects = np.unique(listed.probe_subjects, return_inverse=True)[1][listed.probe_rows]
    for figures in matching_table(scores, listed, name, template_bytes, threshold_from=listed.split):
        chosen = np.ones(len(listed), dtype=bool)
        for column, wanted in ((listed.level, figures.level), (listed.alteration, figures.alteration)):
            if wanted != "all":
                chosen &= column == wanted
        row = figures.as_json()
        row |= _tars(row, scores[chosen], listed.mated[chosen], subjects[chosen])
        for name, of_set in row.get("per_set", {}).items():
            its = chosen & (listed.set == name)
            of_set |= _tars(of_set, scores[its], listed.mated[its], subjects[its])
        rows.append(row)
    return rows


def _tars(
    figures: Mapping[str, Any], scores: NDArray[np.float64], mated: NDArray[np.bool_], subjects: NDArray[np.int64]
) -> dict[str, float | None]:
    """The TAR of each of TAR_FMRS and its interval, whose trials are the subjects that have mated comparisons.

    figures: those of `matching_table` for the same N comparisons
    """
    bootstrap = ScoreBootstrap(scores[mated], scores[~mated], subjects[mated], subjects[~mated])
    n_subjects = len(np.unique(subjects[mated]))
    row: dict[str, float | None] = {}
    for key, fmr in TAR_FMRS.items():
        fnmr = figures[f"fnmr{key.removeprefix('tar')}"]
        if fnmr is None:
            row |= {key: None, f"{key}_low": None, f"{key}_high": None}
            continue
        low, high = rate_interval(1 - fnmr, 1 - bootstrap.fnmrs_at_fmr(fmr), n_subjects)
        row |= {key: 1 - fnmr, f"{key}_low": low, f"{key}_high": high}
    return row


def self_part(scores: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    """Of the scores (R,) of each reference with itself: mean, lowest, and the share accepted at `threshold`. The other
    figures of a matcher that rejects a print against itself mean nothing."""
    accepted = float((scores >= threshold).mean())
    return {"n": len(scores), "mean": float(scores.mean()), "lowest": float(scores.min()), "accepted": accepted}


def print_columns(
    scores: NDArray[np.float64],
    listed: Comparisons,
    probes: Sequence[Minutiae],
    references: Sequence[Minutiae],
    aligned: bool,
) -> dict[str, Any]:
    """The columns of a table with a row for each mated comparison: its prints, score and numbers of minutiae.

    scores: (C,), of the comparisons of `listed`; probes, references: the templates of its prints
    aligned: whether probes and references are aligned pixel by pixel; if so, further columns give the agreement of the
        probe's minutiae (found) with the reference's (true)
    """
    mated = np.flatnonzero(listed.mated)
    pairs = [(probes[listed.probe_rows[i]], references[listed.reference_rows[i]]) for i in mated]
    columns: dict[str, Any] = {
        "probe": listed.probe[mated].astype(str),
        "reference": listed.reference[mated].astype(str),
        "subject": listed.probe_subject[mated].astype(str),
        "level": listed.level[mated].astype(str),
        "alteration": listed.alteration[mated].astype(str),
        "score": scores[mated],
        "found": np.array([len(probe) for probe, _ in pairs]),
        "true": np.array([len(reference) for _, reference in pairs]),
    }
    if aligned:
        agreed = [agreement(probe, reference) for probe, reference in pairs]
        columns["matched"] = np.array([one.matched for one in agreed])
        columns |= {rate: np.array([getattr(one, rate) for one in agreed]) for rate in RATES}
    return columns


def agreement_part(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Means of `print_columns` over the `n` mated comparisons of `n_subjects`, with 95 % intervals over subjects."""
    part: dict[str, Any] = {"pixels": MOST_PIXELS, "degrees": MOST_DEGREES, "ppi": MINUTIAE_PPI}
    part |= {"n": len(columns["found"]), "n_subjects": len(np.unique(columns["subject"]))}
    for rate in RATES:
        low, high = bootstrap_rate(columns[rate], columns["subject"])
        part |= {rate: float(columns[rate].mean()), f"{rate}_low": low, f"{rate}_high": high}
    return part | {"mean_found": float(columns["found"].mean()), "mean_true": float(columns["true"].mean())}
