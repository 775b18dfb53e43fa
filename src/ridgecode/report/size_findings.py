"""The findings of a report about latent sizes, in words."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ridgecode.report.numbers import (
    change,
    count,
    fixed,
    in_bytes,
    interval_in_words,
    listed,
    significant,
    significant_interval,
)
from ridgecode.report.runs import Run, published_bce, published_mse
from ridgecode.report.series import Series, mean_and_spread
from ridgecode.report.study import Study

MOST_FINDINGS = 6


class Finding(NamedTuple):
    """What the runs show about `subject`: the most important figure, and sentences."""

    subject: str
    headline: str
    sentences: tuple[str, ...]


class Size(NamedTuple):
    """One latent size of a series: the value it is ranked by, the standard deviation over seeds, and the best run.

    The value is the mean over seeds, or the best run's where the series has no repeated seeds.
    """

    value: float
    spread: float | None
    run: Run


def size_findings(study: Study) -> list[Finding]:
    """A finding for each series of autoencoders, at most MOST_FINDINGS and one that says how many more there are.

    More than two series that have a single latent size, the same one, are several settings of it: they share a finding.
    """
    single: dict[tuple[str, str, int], list[Series]] = {}
    for series in study.autoencoders:
        if len(series.by_size) == 1:
            single.setdefault((series.view, _ranked_by(series), next(iter(series.by_size))), []).append(series)
    together = {key: group for key, group in single.items() if len(group) > 2}
    grouped = [series for group in together.values() for series in group]
    found = [_of_settings(group, key, size) for (_, key, size), group in together.items()]
    found += [_of_series(series) for series in study.autoencoders if series not in grouped]
    known = [finding for finding in found if finding is not None]
    left = len(known) - MOST_FINDINGS
    further = [Finding("Further series", str(left), ("They stand in the table of latent sizes.",))] if left > 0 else []
    return known[:MOST_FINDINGS] + further


def _ranked_by(series: Series) -> str:
    """The measure that a series is ranked by: what it was trained on, since BCE and MSE can't be compared."""
    return "bce" if series.of_bce else "mse"


def _of_series(series: Series) -> Finding | None:
    key = _ranked_by(series)
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
    """A finding about several settings of one latent size: the best, the next and the worst."""
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
        facts.append(f"95 % interval {interval_in_words(significant_interval(figure('mse_low'), figure('mse_high')))}")
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
    """For example "Its MSE is below PCA's at 8 to 256 dims (most at 128, by 49 %) and not below it at 512 dims (...)."

    pairs: our value and theirs by latent size.
    """
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
    """Sizes in words; three or more that are neighbours among the `measured` ones become a range."""
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
