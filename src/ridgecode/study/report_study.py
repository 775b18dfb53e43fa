"""What a report is made of: runs, the series they form, what each is called, and their matching rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ridgecode.study.report_files import FigureFile, Judged, judged_by_run
from ridgecode.study.report_matching import Entry, entries, protocols
from ridgecode.study.report_rates import RatePlot, rate_plots
from ridgecode.study.report_runs import AUTOENCODER, MATCHER, SIAMESE, Run
from ridgecode.study.report_series import Label, Series, series_of


@dataclass(frozen=True)
class Study:
    """`labels` gives what to call each run, by its name; `matching` holds every different row once, baselines last;
    `rates` the rate-distortion curves, one plot a set of prints."""

    runs: tuple[Run, ...]
    autoencoders: tuple[Series, ...]
    matchers: tuple[Series, ...]
    siamese: tuple[Series, ...]
    labels: Mapping[str, Label]
    matching: tuple[Entry, ...]
    protocols: tuple[str, ...]
    judged: Judged
    rates: tuple[RatePlot, ...]

    @property
    def views(self) -> list[str]:
        """The views of the autoencoder runs."""
        return list(dict.fromkeys(series.view for series in self.autoencoders))

    def look(self, series: Series) -> int:
        """The place of `series` among all, from which its colour follows."""
        return self.series.index(series)

    @property
    def series(self) -> tuple[Series, ...]:
        """All series, of whatever kind."""
        return (*self.autoencoders, *self.matchers, *self.siamese)

    @property
    def sources(self) -> list[str]:
        """Where the prints came from; "" where a run doesn't say."""
        return sorted({run.source for run in self.runs} | {plot.prints.source for plot in self.rates})


def study_of(runs: Sequence[Run], codecs: Sequence[FigureFile] = (), minutiae: Sequence[FigureFile] = ()) -> Study:
    """Sorts `runs`, and figures of image `codecs` and of `minutiae` matchers, for a report.

    Raises BadInput as `judged_by_run` does, and for a codec's file of arrays that can't be read.
    """
    autoencoders = series_of([run for run in runs if run.kind == AUTOENCODER])
    matchers = series_of([run for run in runs if run.kind == MATCHER])
    siamese = series_of([run for run in runs if run.kind == SIAMESE])
    every = (*autoencoders, *matchers, *siamese)
    labels = {run.name: _label(run, series) for series in every for run in series.runs}
    ordered = tuple(run for series in every for run in series.runs)
    judged = judged_by_run(ordered, minutiae)
    return Study(
        runs=ordered,
        autoencoders=tuple(autoencoders),
        matchers=tuple(matchers),
        siamese=tuple(siamese),
        labels=labels,
        matching=tuple(entries(ordered, labels)),
        protocols=tuple(protocols(ordered)),
        judged=judged,
        rates=rate_plots(ordered, codecs, judged),
    )


def _label(run: Run, series: Series) -> Label:
    """With the seed or the run's name where that alone tells runs apart."""
    parts = [f"input {run.setting('input')}" if run.kind == SIAMESE else f"{run.latent_dim} dims"]
    if series.mixed:
        parts.append(run.name)
    elif len(series.by_size[run.latent_dim]) > 1:
        parts.append(f"seed {run.setting('seed')}")
    return Label(series.label, ", ".join(parts))
