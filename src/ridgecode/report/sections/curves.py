"""A report's learning curves, ROC and DET curves."""

from collections.abc import Sequence

from ridgecode.figures.curves import LearningCurve, learning_figure
from ridgecode.figures.error_curves import (
    LEAST_FMR,
    ErrorCurve,
    det_figure,
    precision_recall_figure,
    roc_figure,
)
from ridgecode.matching.error_rates import shows_fmr
from ridgecode.report.matching import Entry, comparisons_of, largest_list, own_entry, own_system
from ridgecode.report.numbers import compared, eer_phrase, finite, percent, significant
from ridgecode.report.runs import AUTOENCODER, MATCHER, SIAMESE, Curve
from ridgecode.report.section import ReportFigure
from ridgecode.report.series import Series
from ridgecode.report.study import Study

NAN = float("nan")
MOST_ERROR_CURVES = 6


def learning_figures(study: Study) -> list[ReportFigure]:
    """Losses by epoch: a figure for each series of several sizes; those of a single size share one for each loss."""
    groups: dict[str, list[Series]] = {}
    for series in study.series:
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
    """ROC, DET and precision-recall curves for each protocol: the systems with the lowest EER, and the baselines."""
    figures = []
    for protocol in study.protocols:
        own: list[tuple[Entry, str, Curve]] = []
        baselines: dict[str, tuple[Entry, str, Curve]] = {}
        for run in study.runs:
            entry, curve = own_entry(run, protocol), run.curves.get((own_system(run), protocol))
            if entry is not None and curve is not None:
                prefix = f"{entry.system}, " if run.kind == AUTOENCODER else ""
                own.append((entry, f"{prefix}{study.labels[run.name].full}", curve))
        for entry in study.matching:
            curve = entry.run.curves.get((entry.system, protocol))
            if entry.baseline and entry.pooled and entry.row.get("protocol") == protocol and curve is not None:
                baselines.setdefault(entry.system, (entry, entry.system, curve))
        if not own:
            continue
        best = sorted(own, key=lambda item: item[0].eer)[:MOST_ERROR_CURVES]
        free = sorted(baselines.values(), key=lambda item: item[0].eer)[:3]
        curves = [
            ErrorCurve(f"{label} ({eer_phrase(entry.row)})", curve.fmr, curve.fnmr, reference=i >= len(best))
            for i, (entry, label, curve) in enumerate([*best, *free])
        ]
        said = "; ".join(curve.label for curve in curves)
        listed = largest_list(study.matching, protocol)
        of = comparisons_of(listed) if listed else ""
        beside = f": {compared(listed.row)} comparisons" if listed and of else ""
        caption = "In brackets the EER. Grey lines are training-free baselines. "
        caption += f"The rates are of {of}. " if of else ""
        caption += _least_fmr(listed)
        if len(own) > len(best):
            caption += f"The {len(best)} systems of lowest EER out of {len(own)}; all are in the table. "
        roc, det, balanced = f"ROC, {protocol}", f"DET, {protocol}", f"Precision and recall, {protocol}"
        diagonal = "The dotted diagonal is where FMR and FNMR are equal."
        alt = f"curves with the EER of each: {said}."
        figures.append(ReportFigure(f"roc_{protocol}", f"{roc} {alt}", caption, roc_figure(curves, roc + beside)))
        figures.append(
            ReportFigure(f"det_{protocol}", f"{det} {alt}", caption + diagonal, det_figure(curves, det + beside))
        )
        share = _mated_share(listed)
        prior = f"Precision depends on the list, of which {percent(share)} % is mated. "
        drawn = precision_recall_figure(curves, share, balanced + beside)
        figures.append(ReportFigure(f"precision_recall_{protocol}", f"{balanced} {alt}", caption + prior, drawn))
    return figures


def _least_fmr(entry: Entry | None) -> str:
    """The FMR below which a curve's list is too short (see `shows_fmr`), where the figures go further down."""
    n_non_mated = entry.figure("n_non_mated") if entry else None
    if not n_non_mated or shows_fmr(int(n_non_mated), LEAST_FMR):
        return ""
    if n_non_mated <= 3:
        return "So few non-mated comparisons show no FMR. "
    return f"Below an FMR of {percent(3 / n_non_mated)} % there are too few non-mated comparisons to show it. "


def _mated_share(entry: Entry | None) -> float:
    """The fraction of mated comparisons in the list of an entry."""
    mated, non_mated = (entry.figure(key) or 0.0 if entry else 0.0 for key in ("n_mated", "n_non_mated"))
    return mated / (mated + non_mated) if mated + non_mated else 0.5


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
    if series.kind == SIAMESE:
        return "contrastive" if series.runs[0].setting("system") in ("stripes", "contrastive") else "bce"
    return series.runs[0].setting("loss") if series.kind == MATCHER else series.distortion


def _number(value: object) -> float:
    number = finite(value)
    return NAN if number is None else number


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if value == value]
