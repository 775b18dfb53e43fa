"""Reads finished run folders for a report.

Only config.yaml is required. The report names other files that are missing; a file that can't be read raises BadInput.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ridgecode.errors import BadInput
from ridgecode.files import read_text
from ridgecode.report.numbers import finite
from ridgecode.report.runs import AUTOENCODER, MATCHER, SIAMESE, Curve, Run, ValidationPrints
from ridgecode.runs.run_folder import verb_of

SCHEMA = 1
"""The highest `schema` of evaluation.json that this version reads."""


def read_runs(folders: Sequence[Path | str]) -> list[Run]:
    """Reads run folders; a folder given twice counts once.

    Raises BadInput where none is given, one is no run folder, or one of its files can't be read.
    """
    paths = list({Path(folder).resolve(): Path(folder) for folder in folders}.values())
    if not paths:
        raise BadInput("no runs were given to report on: name one or more run folders, for example runs/*")
    names = _short_names([path.resolve() for path in paths])
    return [_read_run(path, name) for path, name in zip(paths, names, strict=True)]


def _read_run(folder: Path, name: str) -> Run:
    if not (folder / "config.yaml").is_file():
        raise BadInput(_why_no_run(folder))
    config = _yaml(folder / "config.yaml")
    evaluation = _json(folder / "evaluation.json")
    schema = finite(evaluation.get("schema", SCHEMA))
    if schema is None or schema > SCHEMA:
        raise BadInput(
            f"{folder / 'evaluation.json'} has schema {evaluation.get('schema')}, but this version reads {SCHEMA}: "
            "evaluate the run again with this version, or update ridgecode"
        )
    environment = _json(folder / "environment.json")
    return Run(
        folder=folder,
        name=name,
        kind=_kind(folder, config, evaluation),
        config=config,
        environment=environment,
        metrics=_metrics(folder / "metrics.jsonl"),
        evaluation=evaluation,
        curves=_curves(folder / "curves.npz"),
        prints=_prints(folder / "sheets" / "validation.npz"),
        source=_source(config, evaluation, environment),
    )


def _why_no_run(folder: Path) -> str:
    if not folder.exists():
        return f"there is no run folder {folder}: check the path"
    if not folder.is_dir():
        return f"{folder} is a file, not a run folder: name the folder that holds config.yaml"
    if any((child / "config.yaml").is_file() for child in folder.iterdir() if child.is_dir()):
        return f"{folder} holds runs but is no run itself: name the runs in it, for example {folder}/*/"
    return f"{folder} is no run folder, it has no config.yaml: name the --run_dir of a training"


def _kind(folder: Path, config: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    if evaluation.get("kind") in (AUTOENCODER, MATCHER, SIAMESE):
        return str(evaluation["kind"])
    verb = verb_of(config)
    if verb == "train-siamese":
        return SIAMESE
    if verb == "train-head" or (not verb and "comparator" in config):
        return MATCHER
    if verb == "train-autoencoder" or (not verb and "backbone" in config):
        return AUTOENCODER
    raise BadInput(f"{folder / 'config.yaml'} is of no verb that can be reported: name an autoencoder or a matcher run")


def _source(config: Mapping[str, Any], evaluation: Mapping[str, Any], environment: Mapping[str, Any]) -> str:
    for holder in (evaluation, environment, config):
        if holder.get("source"):
            return str(holder["source"])
    store = Path(str(config.get("data") or "")) / "store.json"
    return str(_json(store).get("source") or "") if config.get("data") else ""


def _yaml(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(read_text(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, "YAML") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "YAML")
    return content


def _json(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(read_text(path))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _unreadable(path, "JSON") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "JSON")
    return content


def _metrics(path: Path) -> tuple[Mapping[str, Any], ...]:
    if not path.is_file():
        return ()
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    entries: dict[Any, Mapping[str, Any]] = {}
    for number, line in enumerate(lines):
        # The last line of a run that is still training or was killed may be incomplete.
        with suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                # A resumed run may write an epoch again; the later line replaces the earlier.
                entries[entry.get("epoch", number)] = entry
    if len(lines) > 1 and not entries:
        raise _unreadable(path, "one JSON object a line")
    return tuple(entries.values())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; none where there is no file. Raises BadInput where it can't be read."""
    if not path.is_file():
        return {}
    try:
        # Opened here, because np.load does not close a file that it can't read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, "NumPy arrays") from error


def _curves(path: Path) -> dict[tuple[str, str], Curve]:
    arrays = read_arrays(path)
    curves = {}
    for key, fmr in arrays.items():
        stem, _, measure = key.rpartition("|")
        fnmr = arrays.get(f"{stem}|fnmr")
        if measure != "fmr" or fnmr is None or fmr.shape != fnmr.shape or fmr.ndim != 1 or not len(fmr):
            continue
        system, _, protocol = stem.rpartition("|")
        curves[system, protocol] = Curve(fmr.astype(np.float64), fnmr.astype(np.float64))
    return curves


def _prints(path: Path) -> ValidationPrints | None:
    arrays = read_arrays(path)
    if not arrays:
        return None
    truth, x_hat = arrays.get("truth"), arrays.get("x_hat")
    if truth is None or x_hat is None or truth.ndim != 3 or truth.shape != x_hat.shape or not len(truth):
        raise _unreadable(path, "the arrays truth and x_hat of one shape (n, h, w)")
    names = arrays.get("names", np.arange(len(truth)))
    decoded = arrays.get("decoded")
    if decoded is not None and decoded.shape != truth.shape:
        raise _unreadable(path, "the arrays truth and decoded of one shape (n, h, w)")
    return ValidationPrints(truth, x_hat, tuple(str(name) for name in names), decoded)


def _unreadable(path: Path, what: str) -> BadInput:
    return BadInput(f"{path} can't be read as {what}: evaluate or train the run again, or leave it out")


def _short_names(paths: Sequence[Path]) -> list[str]:
    """The last parts of each path, as few as make all names different."""
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]
