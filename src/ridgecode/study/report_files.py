"""Figures that a report takes as JSON files beside run folders: those of image codecs and of minutiae matchers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.errors import BadInput
from ridgecode.study.evaluation import folder_beside
from ridgecode.study.report_runs import SCHEMA, Run, finite

CODEC = "codec"
MINUTIAE = "minutiae"
POINT = ("quality", "bytes", "bytes_without_header", "mse", "psnr_db", "ssim")


@dataclass(frozen=True)
class FigureFile:
    """A JSON file that `ridgecode evaluate` wrote without a run's folder; `kind` is codec or minutiae."""

    path: Path
    kind: str
    content: Mapping[str, Any]

    @property
    def sheet(self) -> Path:
        """The arrays that an image codec's reconstruction sheet is made of."""
        return folder_beside(self.path) / "sheets" / "qualities.npz"

    def text(self, key: str) -> str:
        value = self.content.get(key)
        return "" if value is None else str(value)

    def figure(self, key: str) -> float | None:
        """A finite number of the file; None where it is missing."""
        return finite(self.content.get(key))


class Given(NamedTuple):
    """What a report was given: run folders, and the files that hold figures of codecs and of minutiae matchers."""

    folders: tuple[Path, ...]
    codecs: tuple[FigureFile, ...]
    minutiae: tuple[FigureFile, ...]


def sorted_out(paths: Sequence[Path | str]) -> Given:
    """Tells run folders from JSON files, and reads the latter; a file given twice counts once.

    Raises BadInput for a JSON file that can't be read or holds no figures of an image codec or a minutiae matcher, and
    where there is nothing but the latter's.
    """
    unique = list({Path(path).resolve(): Path(path) for path in paths}.values())
    files = [path for path in unique if path.suffix == ".json" and path.is_file()]
    read = [_read(path) for path in files]
    if read and len(files) == len(unique) and all(file.kind == MINUTIAE for file in read):
        raise BadInput(
            f"{files[0]} tells what a minutiae matcher found, which is drawn beside what was judged: name the run's "
            "folder too, or the file that `ridgecode evaluate` wrote of the codec"
        )
    return Given(
        tuple(path for path in unique if path not in files),
        tuple(file for file in read if file.kind == CODEC),
        tuple(file for file in read if file.kind == MINUTIAE),
    )


def read_minutiae(path: Path) -> FigureFile:
    """A file that a minutiae matcher's figures are in. Raises BadInput naming one that is something else."""
    content = _content(path)
    if content is None or not _judges(content):
        raise BadInput(
            f"{path} holds no figures of a minutiae matcher: evaluate the run with --matcher again, or delete it"
        )
    return FigureFile(path, MINUTIAE, content)


class Judged(NamedTuple):
    """Figures of minutiae matchers: those of each run by its name, and those of other prints than the runs' own."""

    of_runs: Mapping[str, tuple[FigureFile, ...]]
    others: tuple[FigureFile, ...]


def judged_by_run(runs: Sequence[Run], files: Sequence[FigureFile]) -> Judged:
    """The minutiae-*.json in the folders of `runs`, reconstructions first, and those of `files` that name them.

    Raises BadInput for such a file that is something else, and one whose run's name several of `runs` have.
    """
    of_runs = {
        run.name: [
            read_minutiae(path) for path in sorted(run.folder.glob("minutiae-*.json"), key=_reconstructions_first)
        ]
        for run in runs
    }
    known = {file.path.resolve() for files in of_runs.values() for file in files}
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
    return Judged({name: tuple(found) for name, found in of_runs.items()}, tuple(others))


def _reconstructions_first(path: Path) -> tuple[bool, str]:
    return "-reconstruction" not in path.name, path.name


def _read(path: Path) -> FigureFile:
    content = _content(path)
    kind = None if content is None else content.get("kind")
    if content is None or kind not in (CODEC, MINUTIAE):
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
        return read_minutiae(path)
    if not _measures(content):
        raise BadInput(f"{path} lacks figures of an image codec: make it again with `ridgecode evaluate --codec`")
    return FigureFile(path, CODEC, content)


def _content(path: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _measures(content: Mapping[str, Any]) -> bool:
    points = content.get("points")
    return (
        all(isinstance(content.get(key), str) for key in ("codec", "view", "split", "source"))
        and isinstance(points, list)
        and all(
            isinstance(point, dict) and all(finite(point.get(key)) is not None for key in POINT) for point in points
        )
        and all(point[key] > 0 for point in points for key in ("bytes", "bytes_without_header", "mse"))
    )


def _judges(content: Mapping[str, Any]) -> bool:
    rows, agreed = content.get("matching"), content.get("agreement")
    return (
        all(isinstance(content.get(key), str) for key in ("matcher", "protocol"))
        and isinstance(content.get("levels"), list)
        and (agreed is None or isinstance(agreed, dict))
        and isinstance(rows, list)
        and bool(rows)
        and isinstance(rows[0], dict)
        and all(finite(rows[0].get(key)) is not None for key in ("tar_at_fmr_1", "tar_at_fmr_0_1", "eer"))
    )
