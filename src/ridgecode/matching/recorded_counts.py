"""What the threshold of a run rests on: from its model's file, or for runs of older versions from the run's lists."""

import json
from contextlib import suppress
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.files import read_text
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.decision_threshold import ThresholdCounts
from ridgecode.matching.exact_interval import clopper_pearson
from ridgecode.matching.system_names import HEAD


def recorded_counts(
    run: Path, saved: ThresholdCounts, fmr: float, protocol: str, store_digest: str = ""
) -> ThresholdCounts:
    """The counts in a model's file, `saved`; where that has none, those of the validation list in the folder `run`, or
    of the run's evaluation.json; where these are missing too, unknown ones.

    fmr: the false match rate at the threshold; protocol: of the list; store_digest: of the store that the run was
    trained on, "" if unknown, since lists and figures of other stores are passed over. An older run's interval is the
    exact one, since its scores are gone.
    """
    if saved.n_non_mated is not None:
        return saved
    found = _of_list(run, protocol, store_digest) or _of_evaluation(run, protocol, store_digest)
    if found is None:
        return saved
    n_mated, n_non_mated, n_subjects = found
    high = clopper_pearson(fmr, n_subjects).high if 0 <= fmr <= 1 and n_subjects > 0 else None
    return ThresholdCounts(n_mated, n_non_mated, n_subjects, high)


def _of_list(run: Path, protocol: str, store_digest: str) -> tuple[int, int, int] | None:
    """Of an image system's own validation pairs, or of the list that `evaluate` wrote for a head."""
    for path in (run / "pairs" / "val.parquet", run / "comparisons" / f"{protocol}_val.parquet"):
        with suppress(BadInput):
            listed = Comparisons.load(path)
            if listed.protocol == protocol and _same(listed.store_digest, store_digest):
                non_mated = ~listed.mated
                n_subjects = len(set(listed.probe_subject[non_mated].tolist()))
                return int(listed.mated.sum()), int(non_mated.sum()), n_subjects
    return None


def _of_evaluation(run: Path, protocol: str, store_digest: str) -> tuple[int, int, int] | None:
    """Of a head's row in evaluation.json, which is on validation subjects, as the threshold is."""
    try:
        content = json.loads(read_text(run / "evaluation.json"))
        if not _same(content.get("data_digest", ""), store_digest):
            return None
        row = next(
            row
            for row in content["matching"]
            if (row["system"], row["protocol"], row["level"], row["alteration"]) == (HEAD, protocol, "all", "all")
        )
        return int(row["n_mated"]), int(row["n_non_mated"]), int(row["n_subjects"])
    except (OSError, ValueError, AttributeError, KeyError, TypeError, StopIteration):
        return None


def _same(one: str, other: str) -> bool:
    """Whether two digests are equal, as far as they are known."""
    return not one or not other or one == other
