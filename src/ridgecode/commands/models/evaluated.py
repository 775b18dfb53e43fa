"""A matcher's figures and thresholds by data set, from the JSON of its evaluations."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ridgecode.matching.shipped.card import SensorFigures, SensorThreshold
from ridgecode.matching.shipped.data_sets import set_name

_OF_FIGURES = ("n_subjects", "n_mated", "n_non_mated", "eer", "eer_low", "eer_high", "fnmr_at_fmr_1", "fnmr_at_fmr_0_1")
_OF_ENROLMENT = ("n_prints", "n_failed_to_enrol")


def sensor_figures(content: Mapping[str, Any], systems: Collection[str]) -> Iterator[SensorFigures]:
    """The figures of the rows of `systems`, the matcher's names, for each data set of an evaluation.json."""
    for row in content["matching"]:
        if row["system"] not in systems or (row["level"], row["alteration"]) != ("all", "all"):
            continue
        sets = row.get("per_set") or {_only_set(content): row}
        for name, found in sets.items():
            whole = {**row, **found}
            figures = {key: whole[key] for key in _OF_FIGURES} | {key: whole.get(key) for key in _OF_ENROLMENT}
            yield SensorFigures(set_name(name, content["source"]), content["split"], row["protocol"], **figures)


def sensor_thresholds(content: Mapping[str, Any], systems: Collection[str]) -> Iterator[SensorThreshold]:
    """The thresholds of `systems`, the matcher's names, at each FMR and for each data set of an evaluation.json."""
    for one in content.get("thresholds", []):
        if one["system"] in systems:
            data = set_name(one["set"] or _only_set(content), content["source"])
            of = (data, one["split"], one["protocol"], one["fmr"], one["threshold"], one["n_non_mated"])
            yield SensorThreshold(*of)


def _only_set(content: Mapping[str, Any]) -> str:
    """The name of the data set of a store that holds one; "" where the evaluation does not have it."""
    sets = content.get("sets", [])
    return str(sets[0]) if len(sets) == 1 else ""
