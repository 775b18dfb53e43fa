"""Reads the JSON files that a report takes beside run folders: figures of image codecs and of minutiae matchers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.errors import BadInput
from ridgecode.evaluation.names import folder_beside
from ridgecode.files import read_text
from ridgecode.report.numbers import finite
from ridgecode.report.read_runs import SCHEMA
from ridgecode.report.runs import Run

CODEC = "codec"
MINUTIAE = "minutiae"
POINT_FIGURES = ("quality", "bytes", "bytes_without_header", "mse", "psnr_db", "ssim")
"""What each point in an image codec's file must have, as a finite number."""
MINUTIAE_FIGURES = ("eer",)
"""What the first matching row in a minutiae matcher's file must have, as a finite number."""
MINUTIAE_TARS = ("tar_at_fmr_1", "tar_at_fmr_0_1")
"""What that row must have as a finite number, or as null where the list is too short to show the FMR."""


@dataclass(frozen=True)
class FigureFile:
    """A JSON file with the figures of an image codec or of a minutiae matcher; `kind` is CODEC or MINUTIAE."""

    path: Path
    kind: str
    content: Mapping[str, Any]

    @property
    def sheet(self) -> Path:
        """The .npz file of prints that an image codec decoded at each quality."""
        return folder_beside(self.path) / "sheets" / "qualities.npz"

    def text(self, key: str) -> str:
        """A value of the file as text; "" where it is missing."""
        value = self.content.get(key)
        return "" if value is None else str(value)

    def figure(self, key: str) -> float | None:
        """A finite number of the file; None where it is missing."""
        return finite(self.content.get(key))


class ReportInput(NamedTuple):
    """What a report is made from: run folders, and the figures of image codecs and of minutiae matchers."""

    folders: tuple[Path, ...]
    codecs: tuple[FigureFile, ...]
    minutiae: tuple[FigureFile, ...]


def read_input(paths: Sequence[Path | str]) -> ReportInput:
    """Tells run folders from JSON files, and reads the JSON files; a path given twice counts once.

    Raises BadInput for a JSON file that can't be read or has no figures of an image codec or a minutiae matcher, and
    where all paths are files of minutiae matchers.
    """
    unique = list({Path(path).resolve(): Path(path) for path in paths}.values())
    files = [path for path in unique if path.suffix == ".json" and path.is_file()]
    read = [_read(path) for path in files]
    if read and len(files) == len(unique) and all(file.kind == MINUTIAE for file in read):
        raise BadInput(
            f"{files[0]} has the figures of a minutiae matcher, which a report draws beside the run or codec that they "
            "are about: name the run's folder too, or the file that `ridgecode evaluate` wrote of the codec"
        )
    return ReportInput(
        tuple(path for path in unique if path not in files),
        tuple(file for file in read if file.kind == CODEC),
        tuple(file for file in read if file.kind == MINUTIAE),
    )


class MinutiaeFiles(NamedTuple):
    """Files of minutiae matchers: those about each run, by the run's name, and those about other prints."""

    of_runs: Mapping[str, tuple[FigureFile, ...]]
    others: tuple[FigureFile, ...]


def minutiae_files(runs: Sequence[Run], files: Sequence[FigureFile]) -> MinutiaeFiles:
    """Joins the minutiae-*.json in the folders of `runs`, reconstructions first, with those of `files` that name a run.

    Raises BadInput for a minutiae-*.json without figures of a minutiae matcher, and for a file that names a run where
    several of `runs` have that name.
    """
    of_runs = {
        run.name: [
            _read_minutiae(path) for path in sorted(run.folder.glob("minutiae-*.json"), key=_reconstructions_first)
        ]
        for run in runs
    }
    known = {file.path.resolve() for found in of_runs.values() for file in found}
    others: list[FigureFile] = []
    for file in files:
        named = [run.name for run in runs if run.folder.resolve().name == file.text("run")]
        if len(named) > 1:
            raise BadInput(
                f"{file.path} is about a run {file.text('run')}, and {' and '.join(named)} are called so: call it "
                "minutiae-SOMETHING.json and put it into its run's folder"
            )
        if file.path.resolve() not in known:
            (of_runs[named[0]] if named else others).append(file)
    return MinutiaeFiles({name: tuple(found) for name, found in of_runs.items()}, tuple(others))


def _reconstructions_first(path: Path) -> tuple[bool, str]:
    return "-reconstruction" not in path.name, path.name


def _read(path: Path) -> FigureFile:
    content = _content(path)
    kind = content.get("kind")
    if kind not in (CODEC, MINUTIAE):
        raise BadInput(
            f"{path} holds no figures of an image codec or a minutiae matcher: name a run's folder, or a file that "
            "`ridgecode evaluate` wrote with --codec or --matcher"
        )
    schema = finite(content.get("schema"))
    if schema is None or schema > SCHEMA:
        raise BadInput(
            f"{path} has schema {content.get('schema')}, but this version reads {SCHEMA}: make it again with this "
            "version, or update ridgecode"
        )
    if kind == MINUTIAE:
        return _read_minutiae(path)
    if not _is_of_codec(content):
        raise BadInput(f"{path} lacks figures of an image codec: make it again with `ridgecode evaluate --codec`")
    return FigureFile(path, CODEC, content)


def _read_minutiae(path: Path) -> FigureFile:
    content = _content(path)
    if not _is_of_matcher(content):
        raise BadInput(
            f"{path} holds no figures of a minutiae matcher: evaluate the run with --matcher again, or delete it"
        )
    return FigureFile(path, MINUTIAE, content)


def _content(path: Path) -> Mapping[str, Any]:
    """The object in the JSON file; empty where there is none."""
    try:
        content = json.loads(read_text(path))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_of_codec(content: Mapping[str, Any]) -> bool:
    points = content.get("points")
    return (
        all(isinstance(content.get(key), str) for key in ("codec", "view", "split", "source"))
        and isinstance(points, list)
        and all(isinstance(point, dict) and _has_finite(point, POINT_FIGURES) for point in points)
        and all(point[key] > 0 for point in points for key in ("bytes", "bytes_without_header", "mse"))
    )


def _is_of_matcher(content: Mapping[str, Any]) -> bool:
    rows, agreed = content.get("matching"), content.get("agreement")
    return (
        all(isinstance(content.get(key), str) for key in ("matcher", "protocol"))
        and isinstance(content.get("levels"), list)
        and (agreed is None or isinstance(agreed, dict))
        and isinstance(rows, list)
        and bool(rows)
        and isinstance(rows[0], dict)
        and _has_finite(rows[0], MINUTIAE_FIGURES)
        and all(key in rows[0] and (rows[0][key] is None or _has_finite(rows[0], [key])) for key in MINUTIAE_TARS)
    )


def _has_finite(content: Mapping[str, Any], keys: Sequence[str]) -> bool:
    return all(finite(content.get(key)) is not None for key in keys)
