"""Finished run folders as a report reads them.

Only config.yaml must be there. What else is missing stays empty, and the report says so in words; what is there but
can't be read raises BadInput.
"""

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from ridgecode.errors import BadInput
from ridgecode.study.published import PUBLISHED_BCE, PUBLISHED_MSE, comparable_with_published
from ridgecode.study.run_folder import ADDED_LATER

SCHEMA = 1
AUTOENCODER = "autoencoder"
MATCHER = "matcher"
SIAMESE = "siamese"


class ValidationPrints(NamedTuple):
    """The first validation prints (n, h, w) uint8, what the run makes of them, and their n names; of a run with a codec
    also what their bytes decode to."""

    truth: np.ndarray
    x_hat: np.ndarray
    names: tuple[str, ...]
    decoded: np.ndarray | None = None


class Curve(NamedTuple):
    """FMR and FNMR, both (T,) fractions, over T ascending thresholds."""

    fmr: np.ndarray
    fnmr: np.ndarray


@dataclass(frozen=True)
class Run:
    """One run folder. `curves` is keyed by (system, protocol); `evaluation` is empty where there was none."""

    folder: Path
    name: str
    kind: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[Mapping[str, Any], ...] = ()
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[tuple[str, str], Curve] = field(default_factory=dict)
    prints: ValidationPrints | None = None
    source: str = ""

    def setting(self, key: str) -> str:
        """A setting as text: what was evaluated, or else what was configured, or else ""."""
        value = self.evaluation.get(key, self.config.get(key, ADDED_LATER.get(key, "")))
        return "" if value is None else str(value)

    def figure(self, *keys: str) -> float | None:
        """A finite number of evaluation.json, by its path of keys; None where it is missing."""
        value: Any = self.evaluation
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return finite(value)

    def coded(self, key: str) -> float | None:
        """A figure of the run's codec; None where it has none, or was evaluated before this was measured."""
        return self.figure("coded", key)

    @property
    def bytes_on_disk(self) -> float | None:
        """Mean bytes of a print as its codec writes it: in an archive, or where that was not measured the payload
        alone; None without a codec."""
        archive = self.coded("archive_bytes")
        return self.coded("payload_bytes") if archive is None else archive

    def mse_at(self, bits: int) -> float | None:
        """The MSE with each latent dim rounded to `bits` bits; None where it was not measured."""
        stated = self.figure("mse_at_bits", str(bits))
        return self.figure("mse_at_depth") if stated is None and self.figure("depth_bits") == bits else stated

    @property
    def depths(self) -> list[int]:
        """The bits a latent dim that the MSE was measured at, ascending."""
        found = self.evaluation.get("mse_at_bits")
        known = {int(bits) for bits in found if str(bits).isdigit()} if isinstance(found, Mapping) else set()
        own = self.figure("depth_bits")
        return sorted(known if own is None else known | {int(own)})

    @property
    def latent_dim(self) -> int:
        """The latent size in dims; 0 where it is not known."""
        value = finite(self.evaluation.get("latent_dim", self.config.get("latent_dim")))
        return int(value) if value else 0

    @property
    def matching(self) -> list[Mapping[str, Any]]:
        """The rows of evaluation.json's matching table."""
        return [row for row in self.evaluation.get("matching") or [] if isinstance(row, Mapping)]

    @property
    def seconds(self) -> float | None:
        """How long the training took, in seconds."""
        stated = finite(self.environment.get("seconds"))
        if stated is None and self.metrics:
            stated = finite(self.metrics[-1].get("seconds"))
        return stated

    @property
    def epochs(self) -> int | None:
        """How many epochs were trained."""
        return len({entry.get("epoch") for entry in self.metrics}) or None


def finite(value: Any) -> float | None:
    """`value` as a float; None where it is no number or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def published_mse(run: Run) -> float | None:
    """The published MSE at the run's latent size; None where the two can't be compared."""
    return PUBLISHED_MSE.get(run.latent_dim) if comparable_with_published(run.source, run.setting("view")) else None


def published_bce(run: Run) -> float | None:
    """The published BCE (entropy floor included) at the run's latent size; None where the two can't be compared."""
    return PUBLISHED_BCE.get(run.latent_dim) if comparable_with_published(run.source, run.setting("view")) else None


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
    return f"{folder} is no run folder, it has no config.yaml: name one that train-autoencoder or train-matcher wrote"


def _kind(folder: Path, config: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    if evaluation.get("kind") in (AUTOENCODER, MATCHER, SIAMESE):
        return str(evaluation["kind"])
    verb = str(config.get("verb", ""))
    if verb == "train-matcher" and config.get("system", "latent") != "latent":
        return SIAMESE
    if verb == "train-matcher" or (not verb and "comparator" in config):
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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, "YAML") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "YAML")
    return content


def _json(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
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
        # A run that is still training, or was killed, may leave a line half written.
        with suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                # A resumed run may write an epoch again: the later line holds.
                entries[entry.get("epoch", number)] = entry
    if len(lines) > 1 and not entries:
        raise _unreadable(path, "one JSON object a line")
    return tuple(entries.values())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; none where there is no file. Raises BadInput where it can't be read."""
    if not path.is_file():
        return {}
    try:
        # Opened here, because np.load leaves a file open that it can't read.
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
    """For each path the fewest last parts that tell all paths apart."""
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]
