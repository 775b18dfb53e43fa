"""The findings of a report in words: rate and distortion, latent sizes, matching."""

import math

from ridgecode.codec.rate_distortion import bytes_at
from ridgecode.report.matching import comparisons_of
from ridgecode.report.numbers import count, eer_phrase, in_bytes, interval_in_words, percent_interval, significant
from ridgecode.report.rate_curves import RatePlot
from ridgecode.report.rate_gains import STATED_MSE, all_classical, best_classical, bytes_at_mse, saving
from ridgecode.report.size_findings import Finding, size_findings
from ridgecode.report.study import Study


def findings(study: Study) -> list[Finding]:
    """What the study shows: a finding a rate-distortion plot, those about latent sizes, and one a matching protocol."""
    rates = [finding for plot in study.rates if (finding := _rate(plot)) is not None]
    matching = [finding for protocol in study.protocols if (finding := _matching(study, protocol))]
    return [
        finding._replace(sentences=tuple(_unbroken(sentence) for sentence in finding.sentences if sentence))
        for finding in (*rates, *size_findings(study), *matching)
    ]


def _matching(study: Study, protocol: str) -> Finding | None:
    pooled = [entry for entry in study.matching if entry.pooled and entry.row.get("protocol") == protocol]
    own = [entry for entry in pooled if not entry.baseline and entry.figure("eer") is not None]
    baselines = [entry for entry in pooled if entry.baseline and entry.figure("eer") is not None]
    if not own:
        return None
    best = min(own, key=lambda entry: entry.eer)
    interval = percent_interval(best.figure("eer_low"), best.figure("eer_high"))
    size = f" in {count(best.figure('bytes'))} bytes" if best.figure("bytes") is not None else ""
    within = f": 95 % interval {interval_in_words(interval)} %" if interval else ""
    text = f"Lowest by {best.label.full}{size}{within}."
    of = comparisons_of(best)
    rests_on = f"It rests on {of}." if of else ""
    rival = min(baselines, key=lambda entry: entry.eer, default=None)
    if rival is None:
        beside = "No training-free baseline was measured beside it."
    else:
        size = f" ({count(rival.figure('bytes'))} bytes)" if rival.figure("bytes") is not None else ""
        verdict = "is worse at" if rival.eer > best.eer else "does as well or better with"
        beside = f"The best training-free baseline, {rival.system}{size}, {verdict} {eer_phrase(rival.row)}."
    return Finding(f"Matching, {protocol}", f"EER {eer_phrase(best.row)}", (text, rests_on, beside))


def _rate(plot: RatePlot) -> Finding | None:
    """The bytes of the first curve of runs beside those of the classical codecs; None without both."""
    best = best_classical(plot)
    if not plot.learned or best is None:
        return None
    ours = plot.learned[0]
    found = saving(plot, all_classical(plot), ours.rate_distortion())
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
    """`sentence` with no-break spaces between numbers and their signs."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%").replace("± ", "±\N{NO-BREAK SPACE}")
