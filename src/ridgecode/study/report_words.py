"""What a report says in words: its findings, what is missing, and what its figures may be compared with."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ridgecode.study.report_numbers import (
    change,
    count,
    fixed,
    listed,
    percent,
    percent_interval,
    significant,
    significant_interval,
)
from ridgecode.study.report_runs import AUTOENCODER, Run, published_bce, published_mse
from ridgecode.study.report_series import Series
from ridgecode.study.report_study import Study

MOST_FINDINGS = 6


class Finding(NamedTuple):
    """What was found about `subject`: the figure that matters most, and sentences."""

    subject: str
    headline: str
    sentences: tuple[str, ...]


def ranked_by(series: Series) -> str:
    """The measure that series are ranked by: their own distortion, since BCE and MSE can't be compared."""
    own_bce = series.distortion.startswith("bce") and all(run.figure("bce") is not None for run in series.runs)
    return "bce" if own_bce else "mse"


def best_by_size(series: Series, key: str) -> dict[int, Run]:
    """At each latent size the evaluated run with the lowest figure `key`; sizes without one are left out."""
    best = {}
    for size, runs in series.by_size.items():
        measured = {run.name: value for run in runs if (value := run.figure(key)) is not None}
        if measured:
            best[size] = min((run for run in runs if run.name in measured), key=lambda run: measured[run.name])
    return best


def findings(study: Study) -> list[Finding]:
    """The headline: best run of each series, whether doubling helped, PCA and the published figures, best matcher."""
    found = []
    for series in study.autoencoders[:MOST_FINDINGS]:
        key = ranked_by(series)
        runs = best_by_size(series, key)
        if runs:
            headline, best = _best(series, runs, key)
            said = (best, _doublings(runs, key), _against_pca(series, runs), _against_published(runs, key))
            found.append(Finding(series.label, headline, tuple(_unbroken(sentence) for sentence in said if sentence)))
    left = len(study.autoencoders) - MOST_FINDINGS
    if left > 0:
        found.append(Finding("Further series", str(left), ("They stand in the table of latent sizes.",)))
    return found + [finding for protocol in study.protocols if (finding := _matching(study, protocol))]


def missing(study: Study) -> list[str]:
    """What the runs lack, a sentence each, with the way to get it."""
    runs = study.runs
    trained = [run for run in runs if run.setting("backbone") != "pca"]
    said = [
        _lacking(
            [run for run in runs if not run.evaluation],
            "no evaluation.json, so no figures: `ridgecode evaluate --run RUN --data STORE` writes them",
        ),
        _lacking(
            [run for run in runs if run.evaluation and not run.matching],
            "no matching figures in evaluation.json, so no place in the matching tables and curves",
        ),
        _lacking([run for run in runs if run.matching and not run.curves], "no curves.npz, so no ROC or DET curve"),
        _lacking([run for run in trained if not run.metrics], "no metrics.jsonl, so no learning curve"),
        _lacking(
            [run for run in runs if run.kind == AUTOENCODER and run.evaluation and run.prints is None],
            "no sheets/validation.npz, so no column on a reconstruction sheet",
        ),
        _lacking(
            [run for run in runs if run.environment.get("finished") is False],
            "not finished training: the figures are of the best epoch so far",
        ),
    ]
    if not study.autoencoders:
        said.append("No autoencoder run was given, so there are no latent-size figures and no reconstruction sheet.")
    return [sentence for sentence in said if sentence]


def cautions(study: Study) -> list[str]:
    """What must not be compared, a sentence each."""
    said = []
    for key, what in (("split", "splits"), ("view", "views"), ("n_prints", "numbers of prints")):
        values = sorted({run.setting(key) for run in study.runs if run.evaluation and run.setting(key)})
        if len(values) > 1:
            said.append(f"The runs were evaluated on different {what} ({listed(values)}): compare them with care.")
    if len(study.sources) > 1:
        names = [source or "not recorded" for source in study.sources]
        said.append(f"The runs' prints come from different sources ({listed(names)}): compare them with care.")
    if "crop32" in study.views:
        said.append(
            "The published figures are those of a ResNet-18 autoencoder on 32x32 centre crops of SOCOFing, the best "
            "of at most 500 epochs, on that write-up's own validation prints; its BCE includes the entropy of the "
            "targets. PCA is fitted on the training subjects of the same store, and measured on the runs' own prints."
        )
        if study.sources != ["socofing"]:
            source = "an unrecorded source" if "" in study.sources else listed(study.sources)
            said.append(f"These runs' prints are from {source}: the published figures are drawn for orientation only.")
    if any(run.figure("bce") is not None for run in study.runs):
        said.append(
            "BCE on grey targets has an entropy floor that no model can go below. It is in other units than MSE: a run "
            "trained on BCE is ranked by BCE, and its MSE is shown for comparison only."
        )
    return said


def scope(study: Study) -> str:
    """What was measured, in one line: for example "14 runs, SOCOFing, split val, 800 prints of 80 subjects"."""
    parts = [f"{len(study.runs)} {'run' if len(study.runs) == 1 else 'runs'}"]
    names = {"socofing": "SOCOFing", "fvc": "FVC", "folder": "an image folder", "synthetic": "synthetic prints"}
    parts += [names.get(source, source) for source in study.sources if source]
    for key, form in (("split", "split {}"), ("view", "view {}")):
        values = sorted({run.setting(key) for run in study.runs} - {""})
        if values:
            parts.append(form.format(listed(values)))
    sizes = {(run.figure("n_prints"), run.figure("n_subjects")) for run in study.runs if run.evaluation}
    if len(sizes) == 1:
        prints, subjects = sizes.pop()
        parts.append(f"{count(prints)} prints of {count(subjects)} subjects")
    return " · ".join(parts)


def _best(series: Series, runs: dict[int, Run], key: str) -> tuple[str, str]:
    """The lowest figure of a series, and a sentence on where it was reached and what it costs."""
    size, run = min(runs.items(), key=lambda item: item[1].figure(key) or 0.0)
    figure = run.figure
    interval = significant_interval(figure("mse_low"), figure("mse_high"))
    facts = []
    if key == "bce":
        if figure("bce_above_floor") is not None:
            facts.append(f"{significant(figure('bce_above_floor'))} nats a pixel above the entropy floor")
        facts.append(f"MSE {significant(figure('mse'))}")
    elif interval:
        facts.append(f"95 % interval {interval.replace('–', ' to ')}")
    if figure("psnr_db") is not None:
        facts.append(f"PSNR {fixed(figure('psnr_db'))} dB")
    if figure("ssim") is not None:
        facts.append(f"SSIM {significant(figure('ssim'), 3)}")
    cost = ""
    if figure("bytes") is not None:
        depth = f" at {count(figure('depth_bits'))} bits a dim" if figure("depth_bits") is not None else ""
        cost = f" in {count(figure('bytes'))} bytes{depth} ({fixed(figure('bpp'))} bits per pixel)"
    lead = "Lowest" if len(series.runs) > 1 else "Reached"
    sentence = f"{lead} with {size} dims{cost}: {', '.join(facts)}." if facts else f"{lead} with {size} dims{cost}."
    return f"{key.upper()} {significant(figure(key))}", sentence


def _doublings(runs: dict[int, Run], key: str) -> str:
    sizes = sorted(runs)
    if len(sizes) < 2:
        return ""
    worse = []
    for small, large in pairwise(sizes):
        before, after = runs[small].figure(key) or 0.0, runs[large].figure(key) or 0.0
        if after >= before:
            worse.append(f"from {small} to {large} dims ({significant(before)} to {significant(after)})")
    step = "doubling" if all(large == 2 * small for small, large in pairwise(sizes)) else "step up"
    if not worse:
        return f"Every {step} from {sizes[0]} to {sizes[-1]} dims lowered it."
    return f"Not every {step} helped: it did not fall {listed(worse)}."


def _against_pca(series: Series, runs: dict[int, Run]) -> str:
    if series.backbone == "pca":
        return ""
    pairs = {
        size: (mse, pca)
        for size, run in runs.items()
        if (mse := run.figure("mse")) is not None and (pca := run.figure("pca", "mse"))
    }
    return _comparison(pairs, "Its MSE", "PCA's")


def _against_published(runs: dict[int, Run], key: str) -> str:
    theirs = published_bce if key == "bce" else published_mse
    pairs = {
        size: (ours, published)
        for size, run in runs.items()
        if (ours := run.figure(key)) is not None and (published := theirs(run))
    }
    return _comparison(pairs, f"Its {key.upper()}", "the published one")


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
    text = f"Lowest by {best.label.full}{size}" + (
        f": 95 % interval {interval.replace('–', ' to ')} %." if interval else "."
    )
    rival = min(baselines, key=lambda entry: entry.eer, default=None)
    if rival is None:
        beside = "No training-free baseline was measured beside it."
    else:
        size = f" ({count(rival.figure('bytes'))} bytes)" if rival.figure("bytes") is not None else ""
        verdict = "is worse at" if rival.eer > best.eer else "does as well or better with"
        beside = f"The best training-free baseline, {rival.system}{size}, {verdict} {percent(rival.eer)} %."
    return Finding(f"Matching, {protocol}", f"EER {percent(best.eer)} %", (_unbroken(text), _unbroken(beside)))


def _unbroken(sentence: str) -> str:
    """With no line break between a number and its per cent sign."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def _lacking(runs: Sequence[Run], what: str) -> str:
    if not runs:
        return ""
    names = [run.name for run in runs[:5]] + ([f"{len(runs) - 5} more"] if len(runs) > 5 else [])
    return f"{listed(names)} {'have' if len(runs) > 1 else 'has'} {what}."
