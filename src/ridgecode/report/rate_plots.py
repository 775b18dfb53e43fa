"""Gathers the rate-distortion curves of a report from its runs and from the files of image codecs."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ridgecode.codec.images.names import CLASSICAL, FITTED
from ridgecode.evaluation.names import RECONSTRUCTION
from ridgecode.prints.views import VIEWS
from ridgecode.report.files import FigureFile, MinutiaeFiles
from ridgecode.report.numbers import finite
from ridgecode.report.rate_curves import Losses, MinutiaeResult, Prints, RateCurve, RatePlot, RatePoint
from ridgecode.report.read_runs import read_arrays
from ridgecode.report.runs import Run, ValidationPrints
from ridgecode.report.shown_rates import shown

LEARNED = "ridgecode"
"""Begins the name of every curve of runs."""


def rate_plots(runs: Sequence[Run], codecs: Sequence[FigureFile], minutiae: MinutiaeFiles) -> tuple[RatePlot, ...]:
    """A plot for each set of prints on which runs with a codec or image `codecs` were measured; none without any.

    Runs of one view, backbone, distortion and task are points of one curve, whatever other settings they differ in;
    runs that were trained without a rate term have a curve of their own. Raises BadInput where an image codec's arrays
    can't be read.
    """
    found: dict[Prints, dict[str, list[RatePoint]]] = {}
    stores: dict[Prints, set[str]] = {}
    coded = [run for run in runs if run.coded("payload_bytes") and run.coded("mse") and run.setting("view") in VIEWS]
    for run in coded:
        prints = _prints(run.setting, run.figure, run.source)
        point = _run_point(run, minutiae.of_runs[run.name])
        found.setdefault(prints, {}).setdefault(_curve_name(run, coded), []).append(point)
        stores.setdefault(prints, set()).add(run.setting("data_digest"))
    for file in codecs:
        prints = _prints(file.text, file.figure, file.text("source"))
        if prints.view in VIEWS:
            points = found.setdefault(prints, {}).setdefault(file.text("codec"), [])
            known = {point.setting for point in points}
            points += [point for point in _codec_points(file, minutiae.others) if point.setting not in known]
            stores.setdefault(prints, set()).add(file.text("data_digest"))
    return tuple(
        RatePlot(prints, tuple(_curves(by_name)), frozenset(stores[prints] - {""}))
        for prints, by_name in sorted(found.items())
    )


def _prints(text: Callable[[str], str], figure: Callable[[str], float | None], source: str) -> Prints:
    counts = [int(figure(key) or 0) for key in ("n_prints", "n_subjects")]
    return Prints(text("view"), source, text("split"), *counts)


def _curve_name(run: Run, coded: Sequence[Run]) -> str:
    """ "ridgecode", with those settings that differ among the runs `coded` of the same view."""
    alike = [other for other in coded if other.setting("view") == run.setting("view")]
    keys = ("backbone", "distortion", "task")
    varying = [key for key in keys if len({other.setting(key) for other in alike}) > 1]
    return ", ".join([LEARNED, *(run.setting(key) for key in varying), *([] if _weight(run) else ["no rate"])])


def _weight(run: Run, name: str = "rate_weight") -> float:
    return finite(run.config.get(name)) or 0.0


def _setting(run: Run) -> str:
    """The name of a run's point on its curve."""
    parts = [f"rate weight {_weight(run):g}"] if _weight(run) else [f"{run.latent_dim} dims"]
    identity = _weight(run, "identity_weight")
    return ", ".join([*parts, *([f"identity weight {identity:g}"] if identity else [])])


def _curves(by_name: Mapping[str, Sequence[RatePoint]]) -> list[RateCurve]:
    """Runs first, then known image codecs in the order of their names' lists, then other codecs."""
    order = [name for name in by_name if name.startswith(LEARNED)]
    order += [name for name in (*CLASSICAL, *FITTED) if name in by_name]
    order += [name for name in by_name if name not in order]
    return [
        RateCurve(name, name.startswith(LEARNED), tuple(sorted(by_name[name], key=lambda point: point.bytes)))
        for name in order
    ]


def _run_point(run: Run, minutiae: Sequence[FigureFile]) -> RatePoint:
    size, prints = run.bytes_on_disk, run.prints
    assert size is not None
    return RatePoint(
        setting=_setting(run),
        bytes=size,
        file_bytes=run.coded("bytes"),
        archive_bytes=run.coded("archive_bytes"),
        bare_bytes=run.coded("payload_bytes"),
        bpp=run.coded("bpp") if run.setting("view") == "full" else 8 * size / _pixels(run.setting("view")),
        losses=_losses(run.coded),
        minutiae=_minutiae_results(file for file in minutiae if file.text("split") == run.setting("split")),
        run=run.name,
        prints=None if prints is None or prints.decoded is None else prints._replace(x_hat=prints.decoded),
    )


def _pixels(view: str) -> int:
    """How many pixels of a print the view keeps."""
    rows, columns = VIEWS[view].print_shape or (VIEWS[view].height, VIEWS[view].width)
    return rows * columns


def _codec_points(file: FigureFile, minutiae: Sequence[FigureFile]) -> list[RatePoint]:
    arrays = read_arrays(file.sheet)
    about = {key: file.text(key) for key in ("codec", "view", "split", "source")}
    alike = [one for one in minutiae if all(one.text(key) == text for key, text in about.items())]
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
                bpp=8 * float(content["bytes"]) / _pixels(about["view"]),
                losses=_losses(lambda key, content=content: finite(content.get(key))),  # type: ignore[misc]
                minutiae=_minutiae_results(one for one in alike if one.figure("quality") == quality),
                prints=_decoded(arrays, quality),
            )
        )
    return points


def _losses(figure: Callable[[str], float | None]) -> Losses:
    mse = figure("mse")
    assert mse is not None
    return Losses(mse, *(figure(key) for key in Losses._fields[1:]))


def _decoded(arrays: Mapping[str, np.ndarray], quality: float) -> ValidationPrints | None:
    """The prints that qualities.npz holds for one quality; None where it holds none."""
    if not {"truth", "names", "qualities", "x_hat"} <= arrays.keys():
        return None
    truth, x_hat = arrays["truth"], arrays["x_hat"]
    places = np.flatnonzero(arrays["qualities"] == quality)
    if not len(places) or x_hat.shape[1:] != truth.shape:
        return None
    return ValidationPrints(truth, x_hat[places[0]], tuple(map(str, arrays["names"])))


def _minutiae_results(files: Iterable[FigureFile]) -> dict[str, MinutiaeResult]:
    """The first result of each matcher, by its name, among files on reconstructions that were decoded from bytes: only
    those files have `bytes`."""
    found: dict[str, MinutiaeResult] = {}
    for file in files:
        if file.text("protocol") != RECONSTRUCTION or file.figure("bytes") is None:
            continue
        row, agreed = shown(file.content["matching"][0]), file.content["agreement"] or {}
        result = MinutiaeResult(
            int(file.figure("n_prints") or 0),
            *(finite(agreed.get(key)) for key in ("f1", "f1_low", "f1_high")),
            *(finite(row.get(f"tar_at_fmr_0_1{end}")) for end in ("", "_low", "_high")),
            *(finite(row.get(key)) for key in ("n_mated", "n_non_mated")),
        )
        found.setdefault(file.text("matcher"), result)
    return found
