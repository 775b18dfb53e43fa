"""A report's figures against latent size: MSE, BCE and EER, beside PCA, baselines and published figures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from ridgecode.figures.curves import SizeCurve, setting_figure, size_figure
from ridgecode.matching.system_names import baseline
from ridgecode.report.matching import comparisons_of, largest_list, own_entry, own_system
from ridgecode.report.numbers import percent, significant
from ridgecode.report.published import PUBLISHED_BCE, PUBLISHED_MSE
from ridgecode.report.runs import MATCHER, Run
from ridgecode.report.section import ReportFigure
from ridgecode.report.series import Series, mean_and_spread
from ridgecode.report.study import Study

NAN = float("nan")
Measure = Callable[[Run], float | None]


def distortion_figures(study: Study) -> list[ReportFigure]:
    """MSE against latent size, a figure for each view; MSE by setting where all series have one and the same."""
    figures = []
    for view in study.views:
        series = [one for one in study.autoencoders if one.view == view]
        name = f"mse_{view}" if len(study.views) > 1 else "mse"
        curves = _size_curves(study, series, _mse, _interval("mse_low", "mse_high"), _mse_label)
        if not curves:
            continue
        where = f", {view}" if view else ""
        if _one_size(curves):
            x_label = "MSE of pixels in [0, 1]"
            figures.append(_by_setting(curves, name, f"MSE by setting{where}", x_label, significant))
            continue
        references = _mse_references(study, series, view)
        title = f"MSE against latent size{where}"
        figures.append(
            ReportFigure(
                name,
                _size_alt(title, [*curves, *references], significant),
                "Lower is better. Bars are 95 % intervals over subjects, or one standard deviation over seeds. "
                + (
                    "A run trained on BCE shows its MSE for comparison only."
                    if any(one.of_bce for one in series)
                    else ""
                ),
                size_figure([*curves, *references], title, "MSE of pixels in [0, 1]"),
            )
        )
    return figures


def bce_figures(study: Study) -> list[ReportFigure]:
    """BCE of the runs trained on it against latent size, with the published BCE and the entropy floor."""
    series = [one for one in study.autoencoders if one.view == "crop32" and one.of_bce]
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
    """EER against latent size, or by setting, with the training-free baselines: a figure for each protocol."""
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
        if _one_size(curves):
            name, what = f"eer_{protocol}", f"EER by system, {protocol}"
            figures.append(_by_setting(curves, name, what, "EER in %", _percent, list(rates.items())))
            continue
        references, levels = _baseline_lines(rates)
        shown = [rate for curve in (*curves, *references) for rate in curve.values] + [rate for _, rate in levels]
        log = min(shown) > 0 and max(shown) > 8 * min(shown)
        title = f"EER against latent size, {protocol}"
        alt = _size_alt(title, [*curves, *references], _percent)
        alt += "".join(f" Baseline {system}: {_percent(rate)}." for system, rate in levels)
        listed = largest_list(study.matching, protocol)
        of = comparisons_of(listed) if listed else ""
        caption = "Lower is better. All levels and alterations together. Grey lines are training-free baselines."
        caption += f" The rates are of {of}." if of else ""
        y_label = "EER in %" + (" (log scale)" if log else "")
        drawing = size_figure([*curves, *references], title, y_label, levels, log=log)
        figures.append(ReportFigure(f"eer_{protocol}", alt, caption, drawing))
    return figures


def _baseline_lines(rates: Mapping[str, float]) -> tuple[list[SizeCurve], list[tuple[str, float]]]:
    """Whitened PCA of one view with three sizes or more is a curve; every other baseline is a horizontal level."""
    curves, levels = [], []
    windows: dict[str, dict[int, float]] = {}
    for system, rate in rates.items():
        known = baseline(system)
        if known is not None and known.dims:
            windows.setdefault(known.window, {})[known.dims] = rate
        else:
            levels.append((system, rate))
    for window, components in windows.items():
        suffix = f" {window}" if window else ""
        sizes = sorted(components)
        if len(sizes) > 2:
            values = tuple(components[size] for size in sizes)
            look: Literal["pca window", "pca"] = "pca window" if window else "pca"
            curves.append(SizeCurve(f"whitened PCA{suffix}", tuple(sizes), values, reference=look))
        else:
            levels += [(f"pca{size}{suffix}", components[size]) for size in sizes]
    return curves, levels


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


def _mse_label(one: Series) -> str:
    return f"{one.label} (its MSE)" if one.of_bce else one.label


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
    # Where runs of PCA have the same sizes, they are that line already.
    if pca and not pca.keys() <= runs_of_pca:
        sizes = sorted(pca)
        references.append(SizeCurve("PCA", tuple(sizes), tuple(pca[size] for size in sizes), reference="pca"))
    if view == "crop32":
        references.append(_published(study, PUBLISHED_MSE))
    return references


def _published(study: Study, values: Mapping[int, float]) -> SizeCurve:
    label = "published" if study.sources == ["socofing"] else "published (on SOCOFing)"
    return SizeCurve(label, tuple(values), tuple(values.values()), reference="published")


def _one_size(curves: Sequence[SizeCurve]) -> bool:
    """Whether there are more than two curves, all of the same single latent size: points above each other."""
    return len(curves) > 2 and len({size for curve in curves for size in curve.sizes}) == 1


def _by_setting(
    curves: Sequence[SizeCurve],
    name: str,
    what: str,
    x_label: str,
    text: Callable[[float], str],
    levels: Sequence[tuple[str, float]] = (),
) -> ReportFigure:
    ordered = sorted(curves, key=lambda curve: curve.values[0])
    title = f"{what}, {ordered[0].sizes[0]} dims"
    ends = [None if curve.low[0] != curve.low[0] else (curve.low[0], curve.high[0]) for curve in ordered]
    said = "; ".join(f"{curve.label}: {text(curve.values[0])}" for curve in ordered)
    said += "".join(f"; {label}: {text(value)}" for label, value in levels)
    labels, values = [curve.label for curve in ordered], [curve.values[0] for curve in ordered]
    drawing = setting_figure(labels, values, ends, title, x_label, levels)
    caption = "Lower is better. Bars are 95 % intervals over subjects, or one standard deviation over seeds."
    return ReportFigure(name, f"{title}, lowest first. {said}.", caption, drawing)


def _size_alt(title: str, curves: Sequence[SizeCurve], text: Callable[[float], str]) -> str:
    """The title and every point in words, for example "ridge, mse: 0.1129 at 8, 0.06170 at 32 dims."."""
    lines = []
    for curve in curves:
        points = ", ".join(f"{text(value)} at {size}" for size, value in zip(curve.sizes, curve.values, strict=True))
        lines.append(f"{curve.label}: {points} dims.")
    return f"{title}. {' '.join(lines)}"


def _percent(value: float) -> str:
    return f"{percent(value / 100)} %" if value else "no error"
