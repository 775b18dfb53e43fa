"""Rate-distortion curves of a report: runs with a codec and image codecs, on the same prints."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ridgecode.codec.classical import CLASSICAL
from ridgecode.codec.fitted import FITTED
from ridgecode.codec.rate_distortion import RateDistortion, efficient_points
from ridgecode.prints.views import VIEWS
from ridgecode.study.minutiae_lists import RECONSTRUCTION
from ridgecode.study.report_files import FigureFile, Judged
from ridgecode.study.report_runs import Run, ValidationPrints, finite, read_arrays

LEARNED = "ridgecode"


class Judgement(NamedTuple):
    """What a minutiae matcher made of `n_prints` reconstructions: F1 of minutiae and TAR, fractions with their 95 %
    intervals; None where it was not measured."""

    n_prints: int
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    tar: float | None
    tar_low: float | None
    tar_high: float | None


class Losses(NamedTuple):
    """What was decoded beside the prints: MSE on [0, 1] with its 95 % interval, PSNR in dB, SSIM; milliseconds a print.
    None where it was not measured."""

    mse: float
    mse_low: float | None
    mse_high: float | None
    psnr_db: float | None
    ssim: float | None
    encode_ms: float | None
    decode_ms: float | None


@dataclass(frozen=True)
class RatePoint:
    """A codec at one setting; bytes are means over the prints, None where they were not measured.

    bytes: what a print takes on disk, its share of an archive where the format has one; file_bytes: as a file of its
    own; archive_bytes: in an archive; bare_bytes: without header. judged: by the minutiae matcher's name.
    """

    setting: str
    bytes: float
    file_bytes: float | None
    archive_bytes: float | None
    bare_bytes: float | None
    losses: Losses
    judged: Mapping[str, Judgement]
    run: str = ""
    prints: ValidationPrints | None = None


@dataclass(frozen=True)
class RateCurve:
    """The points of one codec by rising bytes; `learned` where they are runs."""

    name: str
    learned: bool
    points: tuple[RatePoint, ...]

    def distortion(self, bare: bool = False) -> RateDistortion:
        """Bytes on disk and MSE; with `bare` bytes without header, of the points where these are known."""
        sizes = [(point.bare_bytes if bare else point.bytes, point.losses.mse) for point in self.points]
        known = [(size, mse) for size, mse in sizes if size is not None]
        return RateDistortion(np.array([size for size, _ in known]), np.array([mse for _, mse in known]))

    @property
    def line(self) -> tuple[RatePoint, ...]:
        """The points that no other beats in bytes and MSE both: an encoder would use no other."""
        return tuple(self.points[place] for place in efficient_points(self.distortion()))


class Prints(NamedTuple):
    """What curves were measured on: only those of equal prints lie in one figure."""

    view: str
    source: str
    split: str
    n_prints: int
    n_subjects: int


@dataclass(frozen=True)
class RatePlot:
    """Curves on the same prints, learned ones first. `stores` are the digests of the stores they came from, as far as
    they are known."""

    prints: Prints
    curves: tuple[RateCurve, ...]
    stores: frozenset[str]

    @property
    def classical(self) -> list[RateCurve]:
        return [curve for curve in self.curves if not curve.learned]

    @property
    def learned(self) -> list[RateCurve]:
        return [curve for curve in self.curves if curve.learned]

    @property
    def pixels(self) -> int:
        """Pixels of a print, as the view keeps them."""
        view = VIEWS[self.prints.view]
        rows, columns = view.print_shape or (view.height, view.width)
        return rows * columns

    @property
    def matchers(self) -> list[str]:
        """The minutiae matchers that judged some point."""
        return sorted({name for curve in self.curves for point in curve.points for name in point.judged})


def rate_plots(runs: Sequence[Run], codecs: Sequence[FigureFile], judged: Judged) -> tuple[RatePlot, ...]:
    """The curves of all `runs` that have a codec and of the image `codecs`, with what minutiae matchers `judged` of
    them; none where there is no point at all.

    Runs of one view, backbone, distortion and task are points of one curve, whatever else they differ in; those that
    were trained without a rate have one of their own.
    """
    found: dict[Prints, dict[str, list[RatePoint]]] = {}
    stores: dict[Prints, set[str]] = {}
    coded = [run for run in runs if run.coded("payload_bytes") and run.coded("mse") and run.setting("view") in VIEWS]
    for run in coded:
        prints = _prints(run.setting, run.figure, run.source)
        found.setdefault(prints, {}).setdefault(_name(run, coded), []).append(_run_point(run, judged.of_runs[run.name]))
        stores.setdefault(prints, set()).add(run.setting("data_digest"))
    for file in codecs:
        prints = _prints(file.text, file.figure, file.text("source"))
        if prints.view in VIEWS:
            points = found.setdefault(prints, {}).setdefault(file.text("codec"), [])
            points += [point for point in _codec_points(file, judged.others) if point.setting not in _settings(points)]
            stores.setdefault(prints, set()).add(file.text("data_digest"))
    return tuple(
        RatePlot(prints, tuple(_curves(by_name)), frozenset(stores[prints] - {""}))
        for prints, by_name in sorted(found.items())
    )


def _prints(text: Callable[[str], str], figure: Callable[[str], float | None], source: str) -> Prints:
    counts = [int(figure(key) or 0) for key in ("n_prints", "n_subjects")]
    return Prints(text("view"), source, text("split"), *counts)


def _name(run: Run, coded: Sequence[Run]) -> str:
    """ "ridgecode", with what tells the curves of a view apart."""
    alike = [other for other in coded if other.setting("view") == run.setting("view")]
    keys = ("backbone", "distortion", "task")
    telling = [key for key in keys if len({other.setting(key) for other in alike}) > 1]
    return ", ".join([LEARNED, *(run.setting(key) for key in telling), *([] if _weight(run) else ["no rate"])])


def _weight(run: Run, name: str = "rate_weight") -> float:
    return finite(run.config.get(name)) or 0.0


def _setting(run: Run) -> str:
    """What tells a point from the others of its curve."""
    parts = [f"rate weight {_weight(run):g}"] if _weight(run) else [f"{run.latent_dim} dims"]
    identity = _weight(run, "identity_weight")
    return ", ".join([*parts, *([f"identity weight {identity:g}"] if identity else [])])


def _settings(points: Iterable[RatePoint]) -> set[str]:
    return {point.setting for point in points}


def _curves(by_name: Mapping[str, Sequence[RatePoint]]) -> list[RateCurve]:
    """Runs first, then image codecs in their usual order, those that are not among the usual ones last."""
    order = [name for name in by_name if name.startswith(LEARNED)]
    order += [name for name in (*CLASSICAL, *FITTED) if name in by_name]
    order += [name for name in by_name if name not in order]
    return [
        RateCurve(name, name.startswith(LEARNED), tuple(sorted(by_name[name], key=lambda point: point.bytes)))
        for name in order
    ]


def _run_point(run: Run, judged: Sequence[FigureFile]) -> RatePoint:
    size, prints = run.bytes_on_disk, run.prints
    assert size is not None
    return RatePoint(
        setting=_setting(run),
        bytes=size,
        file_bytes=run.coded("bytes"),
        archive_bytes=run.coded("archive_bytes"),
        bare_bytes=run.coded("payload_bytes"),
        losses=_losses(run.coded),
        judged=_judgements(file for file in judged if file.text("split") == run.setting("split")),
        run=run.name,
        prints=None if prints is None or prints.decoded is None else prints._replace(x_hat=prints.decoded),
    )


def _codec_points(file: FigureFile, judged: Sequence[FigureFile]) -> list[RatePoint]:
    arrays = read_arrays(file.sheet)
    about = {key: file.text(key) for key in ("codec", "view", "split", "source")}
    alike = [one for one in judged if all(one.text(key) == text for key, text in about.items())]
    points = []
    for content in file.content["points"]:
        quality = float(content["quality"])
        points.append(
            RatePoint(
                setting=f"{quality:g}",
                bytes=float(content["bytes"]),
                file_bytes=float(content["bytes"]),
                archive_bytes=None,
                bare_bytes=float(content["bytes_without_header"]),
                losses=_losses(lambda key, content=content: finite(content.get(key))),  # type: ignore[misc]
                judged=_judgements(one for one in alike if one.figure("quality") == quality),
                prints=_decoded(arrays, quality),
            )
        )
    return points


def _losses(figure: Callable[[str], float | None]) -> Losses:
    mse = figure("mse")
    assert mse is not None
    return Losses(mse, *(figure(key) for key in Losses._fields[1:]))


def _decoded(arrays: Mapping[str, np.ndarray], quality: float) -> ValidationPrints | None:
    """What lies in qualities.npz at one quality; None where it does not."""
    if not {"truth", "names", "qualities", "x_hat"} <= arrays.keys():
        return None
    truth, x_hat = arrays["truth"], arrays["x_hat"]
    places = np.flatnonzero(arrays["qualities"] == quality)
    if not len(places) or x_hat.shape[1:] != truth.shape:
        return None
    return ValidationPrints(truth, x_hat[places[0]], tuple(map(str, arrays["names"])))


def _judgements(files: Iterable[FigureFile]) -> dict[str, Judgement]:
    """Of reconstructions that were decoded from bytes, which such files tell the number of; the first of a matcher."""
    found: dict[str, Judgement] = {}
    for file in files:
        if file.text("protocol") != RECONSTRUCTION or file.figure("bytes") is None:
            continue
        row, agreed = file.content["matching"][0], file.content["agreement"] or {}
        judgement = Judgement(
            int(file.figure("n_prints") or 0),
            *(finite(agreed.get(key)) for key in ("f1", "f1_low", "f1_high")),
            *(finite(row.get(f"tar_at_fmr_0_1{end}")) for end in ("", "_low", "_high")),
        )
        found.setdefault(file.text("matcher"), judgement)
    return found
