"""The findings of a report in words: best sizes, whether every doubling helped, PCA, published figures, matching."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ridgecode.codec.rate_distortion import bytes_at
from ridgecode.study.report_numbers import (
    change,
    count,
    fixed,
    in_bytes,
    listed,
    percent,
    percent_interval,
    significant,
    significant_interval,
)
from ridgecode.study.report_rate_gains import STATED_MSE, all_classical, best_classical, bytes_at_mse, saving
from ridgecode.study.report_rates import RatePlot
from ridgecode.study.report_runs import Run, published_bce, published_mse
from ridgecode.study.report_series import Series, mean_and_spread
from ridgecode.study.report_study import Study

MOST_FINDINGS = 6


class Finding(NamedTuple):
    """What was found about `subject`: the figure that matters most, and sentences."""

    subject: str
    headline: str
    sentences: tuple[str, ...]


class Size(NamedTuple):
    """One latent size of a series: the figure it is ranked by, its spread over seeds, and the run it stands for.

    The figure is the mean over seeds, and otherwise that of the best run.
    """

    value: float
    spread: float | None
    run: Run


def findings(study: Study) -> list[Finding]:
    """What the study shows: a finding a plot of rates, a finding a series, or one for all settings of one latent size,
    and one a protocol."""
    alone: dict[tuple[str, str, int], list[Series]] = {}
    for series in study.autoencoders:
        if len(series.by_size) == 1:
            alone.setdefault((series.view, ranked_by(series), next(iter(series.by_size))), []).append(series)
    together = {key: group for key, group in alone.items() if len(group) > 2}
    grouped = [series for group in together.values() for series in group]
    found = [_of_settings(group, key, size) for (_, key, size), group in together.items()]
    found += [_of_series(series) for series in study.autoencoders if series not in grouped]
    known = [finding for finding in found if finding is not None]
    left = len(known) - MOST_FINDINGS
    shown = known[:MOST_FINDINGS]
    if left > 0:
        shown.append(Finding("Further series", str(left), ("They stand in the table of latent sizes.",)))
    matching = [finding for protocol in study.protocols if (finding := _matching(study, protocol))]
    rates = [finding for plot in study.rates if (finding := _rate(plot)) is not None]
    return [
        finding._replace(sentences=tuple(_unbroken(sentence) for sentence in finding.sentences if sentence))
        for finding in (*rates, *shown, *matching)
    ]


def ranked_by(series: Series) -> str:
    """The measure that series are ranked by: their own distortion, since BCE and MSE can't be compared."""
    return "bce" if series.of_bce else "mse"


def _of_series(series: Series) -> Finding | None:
    key = ranked_by(series)
    sizes = _measured(series, key)
    if not sizes:
        return None
    best = min(sizes, key=lambda size: sizes[size].value)
    lead = "Lowest" if len(series.runs) > 1 else "Reached"
    sentences = [f"{lead} with {best} dims{_cost(sizes[best].run)}: {_quality(sizes[best], key)}."]
    sentences.append(_doublings(sizes))
    if series.backbone != "pca":
        pca = _measured(series, "mse")
        pairs = {n: (size.value, theirs) for n, size in pca.items() if (theirs := size.run.figure("pca", "mse"))}
        sentences.append(_comparison(pairs, "Its MSE", "PCA's"))
    sentences.append(_against_published(sizes, key, "Its"))
    return Finding(series.label, f"{key.upper()} {significant(sizes[best].value)}", tuple(sentences))


def _of_settings(group: Sequence[Series], key: str, dims: int) -> Finding | None:
    """Several settings of one latent size: the best, the next and the worst of them."""
    measured = [(size, series) for series in group for size in _measured(series, key).values()]
    if not measured:
        return None
    measured.sort(key=lambda item: item[0].value)
    best, series = measured[0]
    sentences = [f"Lowest by {series.label}{_cost(best.run)}: {_quality(best, key)}."]
    if len(measured) > 1:
        (second, its), (last, worst) = measured[1], measured[-1]
        further = f"; the highest is {significant(last.value)} by {worst.label}" if len(measured) > 2 else ""
        sentences.append(f"Next is {its.label} at {significant(second.value)}{further}.")
    sentences.append(_against_published({dims: best}, key, "The lowest"))
    return Finding(
        f"{dims} dims, {len(measured)} settings", f"{key.upper()} {significant(best.value)}", tuple(sentences)
    )


def _measured(series: Series, key: str) -> dict[int, Size]:
    """The sizes of `series` that have a figure `key`."""
    sizes = {}
    for dims, runs in series.by_size.items():
        values = {run.name: value for run in runs if (value := run.figure(key)) is not None}
        if values:
            best = min((run for run in runs if run.name in values), key=lambda run: values[run.name])
            mean, spread = mean_and_spread(list(values.values()))
            sizes[dims] = Size(mean, spread, best) if series.repeats else Size(values[best.name], None, best)
    return sizes


def _cost(run: Run) -> str:
    figure = run.figure
    if figure("bytes") is None:
        return ""
    coded = ""
    if run.bytes_on_disk is not None:
        mse = significant(run.coded("mse"))
        coded = f"; coded, a print takes {in_bytes(run.bytes_on_disk)} bytes on disk and has an MSE of {mse}"
    depth = f" at {count(figure('depth_bits'))} bits a dim" if figure("depth_bits") is not None else ""
    return f" in {count(figure('bytes'))} bytes{depth} ({fixed(figure('bpp'))} bits per pixel{coded})"


def _quality(size: Size, key: str) -> str:
    figure = size.run.figure
    facts = []
    if size.spread is not None:
        facts.append(
            f"the mean over seeds, ± {significant(size.spread, 2)}; of the best seed {key.upper()} "
            f"{significant(figure(key))}"
        )
    if key == "bce":
        if figure("bce_above_floor") is not None:
            facts.append(f"{significant(figure('bce_above_floor'))} nats a pixel above the entropy floor")
        facts.append(f"MSE {significant(figure('mse'))}")
    elif figure("mse_low") is not None and figure("mse_high") is not None:
        facts.append(f"95 % interval {_in_words(significant_interval(figure('mse_low'), figure('mse_high')))}")
    if figure("psnr_db") is not None:
        facts.append(f"PSNR {fixed(figure('psnr_db'))} dB")
    if figure("ssim") is not None:
        facts.append(f"SSIM {significant(figure('ssim'), 3)}")
    return ", ".join(facts) or "nothing else was measured"


def _doublings(sizes: dict[int, Size]) -> str:
    order = sorted(sizes)
    if len(order) < 2:
        return ""
    worse = [
        f"from {small} to {large} dims ({significant(sizes[small].value)} to {significant(sizes[large].value)})"
        for small, large in pairwise(order)
        if sizes[large].value >= sizes[small].value
    ]
    step = "doubling" if all(large == 2 * small for small, large in pairwise(order)) else "step up"
    if not worse:
        return f"Every {step} from {order[0]} to {order[-1]} dims lowered it."
    return f"Not every {step} helped: it did not fall {listed(worse)}."


def _against_published(sizes: dict[int, Size], key: str, whose: str) -> str:
    theirs = published_bce if key == "bce" else published_mse
    pairs = {n: (size.value, published) for n, size in sizes.items() if (published := theirs(size.run))}
    return _comparison(pairs, f"{whose} {key.upper()}", "the published one")


def _comparison(pairs: dict[int, tuple[float, float]], ours: str, theirs: str) -> str:
    """Such as: its MSE is below PCA's at 8 to 256 dims (most at 128, by 49 %) and not below it at 512 dims (...)."""
    if not pairs:
        return ""
    below = [size for size, (a, b) in sorted(pairs.items()) if a < b]
    above = [size for size in sorted(pairs) if size not in below]
    parts = []
    if below:
        most = min(below, key=lambda size: pairs[size][0] / pairs[size][1])
        by = change(*pairs[most]).lstrip("−")
        where = f"at all {len(pairs)} sizes" if not above and len(pairs) > 1 else f"at {_sizes(below, pairs)} dims"
        parts.append(f"below {theirs} {where} ({f'most at {most}, ' if len(below) > 1 else ''}by {by})")
    if above:
        shown = listed([f"{significant(pairs[s][0])} against {significant(pairs[s][1])} at {s}" for s in above[:3]])
        parts.append(f"not below {'it' if below else theirs} at {_sizes(above, pairs)} dims ({shown})")
    return f"{ours} is {' and '.join(parts)}."


def _sizes(sizes: Sequence[int], measured: Iterable[int]) -> str:
    """Sizes in words; three or more that follow each other among the `measured` ones become a range."""
    order = sorted(measured)
    stretches: list[list[int]] = []
    for size in sizes:
        if stretches and order.index(size) == order.index(stretches[-1][-1]) + 1:
            stretches[-1].append(size)
        else:
            stretches.append([size])
    words: list[str] = []
    for stretch in stretches:
        words += [f"{stretch[0]} to {stretch[-1]}"] if len(stretch) > 2 else [str(size) for size in stretch]
    return listed(words)


def _matching(study: Study, protocol: str) -> Finding | None:
    pooled = [entry for entry in study.matching if entry.pooled and entry.row.get("protocol") == protocol]
    own = [entry for entry in pooled if not entry.baseline and entry.figure("eer") is not None]
    baselines = [entry for entry in pooled if entry.baseline and entry.figure("eer") is not None]
    if not own:
        return None
    best = min(own, key=lambda entry: entry.eer)
    interval = percent_interval(best.figure("eer_low"), best.figure("eer_high"))
    size = f" in {count(best.figure('bytes'))} bytes" if best.figure("bytes") is not None else ""
    text = f"Lowest by {best.label.full}{size}" + (f": 95 % interval {_in_words(interval)} %." if interval else ".")
    rival = min(baselines, key=lambda entry: entry.eer, default=None)
    if rival is None:
        beside = "No training-free baseline was measured beside it."
    else:
        size = f" ({count(rival.figure('bytes'))} bytes)" if rival.figure("bytes") is not None else ""
        verdict = "is worse at" if rival.eer > best.eer else "does as well or better with"
        beside = f"The best training-free baseline, {rival.system}{size}, {verdict} {percent(rival.eer)} %."
    return Finding(f"Matching, {protocol}", f"EER {percent(best.eer)} %", (text, beside))


def _rate(plot: RatePlot) -> Finding | None:
    """Bytes of the first learned codec beside those of the classical ones; None without both."""
    best = best_classical(plot)
    if not plot.learned or best is None:
        return None
    ours = plot.learned[0]
    found = saving(plot, all_classical(plot), ours.distortion())
    points = ours.line
    least, most = in_bytes(points[0].bytes), in_bytes(points[-1].bytes)
    spans = f"{least} bytes" if len(points) == 1 else f"{least} to {most} bytes"
    sentences = [
        f"{ours.name} takes {spans} a print on disk; {best.name}, the best classical codec, takes "
        f"{in_bytes(best.points[0].bytes)} at least."
    ]
    headline = spans
    if not math.isnan(found.percent):
        sign = "fewer" if found.percent < 0 else "more"
        headline = f"{abs(found.percent):.0f} % {sign} bytes"
        sentences.append(
            f"That is {sign} than the best classical codec needs at each MSE from {significant(found.mse_low, 3)} to "
            f"{significant(found.mse_high, 3)} (Bjontegaard, bytes on disk)."
        )
    for mse in STATED_MSE.get(plot.prints.view, ()):
        own, theirs = bytes_at_mse(ours, mse), bytes_at(all_classical(plot), mse)
        if own is not None and not math.isnan(theirs):
            sentences.append(
                f"At an MSE of {mse:g} it takes {in_bytes(own)} bytes, the best classical codec {in_bytes(theirs)}."
            )
    return Finding(f"Rate and distortion, {plot.prints.view}", headline, tuple(sentences))


def _unbroken(sentence: str) -> str:
    """With no line break between a number and its sign."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%").replace("± ", "±\N{NO-BREAK SPACE}")


def _in_words(interval: str) -> str:
    return interval.replace("–", " to ")
