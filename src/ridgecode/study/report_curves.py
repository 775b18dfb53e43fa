"""A report's curves: distortion and EER against latent size, learning curves, ROC and DET, each with its alt text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ridgecode.study.figure_style import Drawing
from ridgecode.study.figures import (
    ErrorCurve,
    LearningCurve,
    SizeCurve,
    det_figure,
    learning_figure,
    roc_figure,
    setting_figure,
    size_figure,
)
from ridgecode.study.published import PUBLISHED_BCE, PUBLISHED_MSE
from ridgecode.study.report_matching import baseline_dims, own_entry, own_system
from ridgecode.study.report_numbers import percent, significant
from ridgecode.study.report_runs import MATCHER, Run, finite
from ridgecode.study.report_series import Series, mean_and_spread
from ridgecode.study.report_study import Study

NAN = float("nan")
MOST_ERROR_CURVES = 6
Measure = Callable[[Run], float | None]


class ReportFigure(NamedTuple):
    """A drawing under its file's name, with what it shows in words (`alt`) and how to read it (`caption`)."""

    name: str
    alt: str
    caption: str
    drawing: Drawing


def distortion_figures(study: Study) -> list[ReportFigure]:
    """MSE against latent size, one figure a view; with a single size for several series, MSE by setting instead."""
    figures = []
    for view in study.views:
        series = [one for one in study.autoencoders if one.view == view]
        name = f"mse_{view}" if len(study.views) > 1 else "mse"
        curves = _size_curves(study, series, _mse, _interval("mse_low", "mse_high"), _mse_label)
        if not curves:
            continue
        where = f", {view}" if view else ""
        if len(curves) > 2 and len({size for curve in curves for size in curve.sizes}) == 1:
            figures.append(_by_setting(curves, name, f"MSE by setting{where}"))
            continue
        references = _mse_references(study, series, view)
        title = f"MSE against latent size{where}"
        figures.append(
            ReportFigure(
                name,
                _size_alt(title, [*curves, *references], significant),
                "Lower is better. Bars are 95 % intervals over subjects, or one standard deviation over seeds. "
                + ("A run trained on BCE shows its MSE for comparison only." if _any_bce(series) else ""),
                size_figure([*curves, *references], title, "MSE of pixels in [0, 1]"),
            )
        )
    return figures


def bce_figures(study: Study) -> list[ReportFigure]:
    """BCE of the runs trained on it against latent size, with the published BCE and the entropy floor."""
    series = [one for one in study.autoencoders if one.view == "crop32"]
    curves = _size_curves(study, series, lambda run: run.figure("bce"), lambda run: None, lambda one: one.label)
    if not curves:
        return []
    floors = {
        round(bce - above, 4)
        for one in series
        for run in one.runs
        if (bce := run.figure("bce")) is not None and (above := run.figure("bce_above_floor")) is not None
    }
    levels = [("entropy floor", floors.pop())] if len(floors) == 1 else []
    references = [_published(study, PUBLISHED_BCE)]
    title = "BCE against latent size, crop32"
    alt = _size_alt(title, [*curves, *references], significant)
    alt += "".join(f" The entropy floor of the targets is {significant(value)}." for _, value in levels)
    caption = "Lower is better; the entropy floor, which no model can go below, is included. Not comparable with MSE."
    drawing = size_figure([*curves, *references], title, "BCE in nats a pixel", levels, from_zero=False)
    return [ReportFigure("bce", alt, caption, drawing)]


def eer_figures(study: Study) -> list[ReportFigure]:
    """EER against latent size, one figure a protocol, with the training-free baselines."""
    figures = []
    for protocol in study.protocols:

        def value(run: Run, protocol: str = protocol) -> float | None:
            entry = own_entry(run, protocol)
            return None if entry is None or entry.figure("eer") is None else 100 * entry.eer

        def ends(run: Run, protocol: str = protocol) -> tuple[float, float] | None:
            entry = own_entry(run, protocol)
            low, high = (entry.figure("eer_low"), entry.figure("eer_high")) if entry else (None, None)
            return None if low is None or high is None else (100 * low, 100 * high)

        curves = _size_curves(study, (*study.autoencoders, *study.matchers), value, ends, _system_label)
        if not curves:
            continue
        pooled = [entry for entry in study.matching if entry.baseline and entry.pooled]
        pooled = [
            entry for entry in pooled if entry.row.get("protocol") == protocol and entry.figure("eer") is not None
        ]
        rates = {entry.system: 100 * entry.eer for entry in pooled}
        components = {baseline_dims(system): rate for system, rate in rates.items() if baseline_dims(system)}
        references, levels = [], list(rates.items())
        if len(components) > 2:
            sizes = sorted(components)
            rates_of_sizes = tuple(components[size] for size in sizes)
            references.append(SizeCurve("whitened PCA", tuple(sizes), rates_of_sizes, reference="pca"))
            levels = [(system, rate) for system, rate in levels if not baseline_dims(system)]
        shown = [rate for curve in (*curves, *references) for rate in curve.values] + [rate for _, rate in levels]
        log = min(shown) > 0 and max(shown) > 8 * min(shown)
        title = f"EER against latent size, {protocol}"
        alt = _size_alt(title, [*curves, *references], lambda rate: f"{rate:.2f} %")
        alt += "".join(f" Baseline {system}: {rate:.2f} %." for system, rate in levels)
        caption = "Lower is better. All levels and alterations together. Grey lines are training-free baselines."
        y_label = "EER in %" + (" (log scale)" if log else "")
        drawing = size_figure([*curves, *references], title, y_label, levels, log=log)
        figures.append(ReportFigure(f"eer_{protocol}", alt, caption, drawing))
    return figures


def learning_figures(study: Study) -> list[ReportFigure]:
    """Losses by epoch: one figure a series of several sizes, and one a loss for all series of a single size."""
    groups: dict[str, list[Series]] = {}
    for series in (*study.autoencoders, *study.matchers):
        several = len(series.by_size) > 1
        groups.setdefault(series.label if several else f"{series.kind} {_loss(series)}", []).append(series)
    figures = []
    for number, group in enumerate(groups.values()):
        curves = [curve for series in group for curve in _learning_curves(series)]
        if not curves:
            continue
        loss = _loss(group[0])
        title = "Learning curves, " + (group[0].label if len(group) == 1 else f"loss {loss}")
        lowest = [(curve.label, min(losses)) for curve in curves if (losses := _known(curve.validation))]
        said = "; ".join(f"{label}: {significant(value)}" for label, value in lowest[:16])
        alt = f"{title}. Training and validation loss by epoch. Lowest validation loss of {said}."
        caption = "Solid: validation, dashed: training, which is measured on training crops while weights still move."
        drawing = learning_figure(curves, title, f"loss ({loss})" if loss else "loss")
        figures.append(ReportFigure(f"learning_{number + 1}", alt, caption, drawing))
    return figures


def error_figures(study: Study) -> list[ReportFigure]:
    """ROC and DET a protocol: the systems with the lowest EER, and the training-free baselines."""
    figures = []
    for protocol in study.protocols:
        own, baselines = [], {}
        for run in study.runs:
            entry, curve = own_entry(run, protocol), run.curves.get((own_system(run), protocol))
            if entry is not None and curve is not None:
                prefix = "" if run.kind == MATCHER else f"{entry.system}, "
                own.append((entry.eer, f"{prefix}{study.labels[run.name].full}", curve))
        for entry in study.matching:
            curve = entry.run.curves.get((entry.system, protocol))
            if entry.baseline and entry.pooled and entry.row.get("protocol") == protocol and curve is not None:
                baselines.setdefault(entry.system, (entry.eer, entry.system, curve))
        if not own:
            continue
        best = sorted(own, key=lambda item: item[0])[:MOST_ERROR_CURVES]
        free = sorted(baselines.values(), key=lambda item: item[0])[:3]
        curves = [
            ErrorCurve(f"{label} ({percent(eer)} %)", curve.fmr, curve.fnmr, reference=i >= len(best))
            for i, (eer, label, curve) in enumerate([*best, *free])
        ]
        said = "; ".join(curve.label for curve in curves)
        caption = "In brackets the EER. Grey lines are training-free baselines. "
        if len(own) > len(best):
            caption += f"The {len(best)} systems of lowest EER out of {len(own)}; all are in the table. "
        roc, det = f"ROC, {protocol}", f"DET, {protocol}"
        diagonal = "The dotted diagonal is where FMR and FNMR are equal."
        alt = f"curves with the EER of each: {said}."
        figures.append(ReportFigure(f"roc_{protocol}", f"{roc} {alt}", caption, roc_figure(curves, roc)))
        figures.append(ReportFigure(f"det_{protocol}", f"{det} {alt}", caption + diagonal, det_figure(curves, det)))
    return figures


def _size_curves(
    study: Study,
    series: Iterable[Series],
    value: Measure,
    ends: Callable[[Run], tuple[float, float] | None],
    label: Callable[[Series], str],
) -> list[SizeCurve]:
    curves = []
    for one in series:
        points: list[tuple[int, float, float, float]] = []
        dots: list[tuple[int, float]] = []
        for size, runs in one.by_size.items():
            measured = [(found, run) for run in runs if (found := value(run)) is not None]
            if not measured or not size:
                continue
            values = [found for found, _ in measured]
            if len(values) > 1:
                dots += [(size, found) for found in values]
            if one.repeats and len(values) > 1:
                mean, spread = mean_and_spread(values)
                points.append((size, mean, mean - (spread or 0.0), mean + (spread or 0.0)))
            else:
                best, run = min(measured, key=lambda item: item[0])
                points.append((size, best, *(ends(run) or (NAN, NAN))))
        if points:
            sizes, middle, low, high = zip(*points, strict=True)
            curves.append(SizeCurve(label(one), sizes, middle, low, high, tuple(dots), look=study.look(one)))
    return curves


def _mse(run: Run) -> float | None:
    return run.figure("mse")


def _interval(low: str, high: str) -> Callable[[Run], tuple[float, float] | None]:
    def ends(run: Run) -> tuple[float, float] | None:
        a, b = run.figure(low), run.figure(high)
        return None if a is None or b is None else (a, b)

    return ends


def _any_bce(series: Sequence[Series]) -> bool:
    return any(one.distortion.startswith("bce") for one in series)


def _mse_label(one: Series) -> str:
    return f"{one.label} (its MSE)" if one.distortion.startswith("bce") else one.label


def _system_label(series: Series) -> str:
    if series.kind == MATCHER:
        return series.label
    systems = [system for run in series.runs if (system := own_system(run))]
    return f"{systems[0]}, {series.label}" if systems else series.label


def _mse_references(study: Study, series: Sequence[Series], view: str) -> list[SizeCurve]:
    pca: dict[int, float] = {}
    for one in series:
        for run in one.runs:
            value = run.figure("pca", "mse")
            if value is not None:
                pca.setdefault(run.latent_dim, value)
    references = []
    runs_of_pca = {size for one in series if one.backbone == "pca" for size in one.by_size}
    # Runs of PCA draw that line themselves.
    if pca and not pca.keys() <= runs_of_pca:
        sizes = sorted(pca)
        references.append(SizeCurve("PCA", tuple(sizes), tuple(pca[size] for size in sizes), reference="pca"))
    if view == "crop32":
        references.append(_published(study, PUBLISHED_MSE))
    return references


def _published(study: Study, values: Mapping[int, float]) -> SizeCurve:
    label = "published" if study.sources == ["socofing"] else "published (on SOCOFing)"
    return SizeCurve(label, tuple(values), tuple(values.values()), reference="published")


def _by_setting(curves: Sequence[SizeCurve], name: str, title: str) -> ReportFigure:
    ordered = sorted(curves, key=lambda curve: curve.values[0])
    size = ordered[0].sizes[0]
    ends = [None if curve.low[0] != curve.low[0] else (curve.low[0], curve.high[0]) for curve in ordered]
    title = f"{title}, {size} dims"
    said = "; ".join(f"{curve.label}: {significant(curve.values[0])}" for curve in ordered)
    labels, values = [curve.label for curve in ordered], [curve.values[0] for curve in ordered]
    drawing = setting_figure(labels, values, ends, title, "MSE of pixels in [0, 1]")
    return ReportFigure(name, f"{title}, lowest first. {said}.", "Lower is better. Bars are 95 % intervals.", drawing)


def _learning_curves(series: Series) -> list[LearningCurve]:
    sizes = list(series.by_size)
    curves = []
    for run in series.runs:
        if not run.metrics:
            continue
        columns = {key: tuple(_number(entry.get(key)) for entry in run.metrics) for key in ("train_loss", "val_loss")}
        epochs = tuple(_number(entry.get("epoch")) for entry in run.metrics)
        several = len(sizes) > 1
        rank = sizes.index(run.latent_dim) / (len(sizes) - 1) if several else None
        label = f"{run.latent_dim} dims" if several else series.label
        if _known(columns["train_loss"]) or _known(columns["val_loss"]):
            curves.append(LearningCurve(label, epochs, columns["train_loss"], columns["val_loss"], rank))
    return curves


def _loss(series: Series) -> str:
    return series.runs[0].setting("loss") if series.kind == MATCHER else series.distortion


def _number(value: object) -> float:
    number = finite(value)
    return NAN if number is None else number


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if value == value]


def _size_alt(title: str, curves: Sequence[SizeCurve], text: Callable[[float], str]) -> str:
    """Every point in words, for example "ridge, mse: 0.1129 at 8, 0.06170 at 32 dims."."""
    lines = []
    for curve in curves:
        points = ", ".join(f"{text(value)} at {size}" for size, value in zip(curve.sizes, curve.values, strict=True))
        lines.append(f"{curve.label}: {points} dims.")
    return f"{title}. {' '.join(lines)}"
