"""The content of a report: its runs, their series and labels, their matching rows and their rate-distortion curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ridgecode.report.files import FigureFile, MinutiaeFiles, minutiae_files
from ridgecode.report.matching import Entry, entries, protocols
from ridgecode.report.rate_curves import RatePlot
from ridgecode.report.rate_plots import rate_plots
from ridgecode.report.runs import AUTOENCODER, MATCHER, SIAMESE, Run
from ridgecode.report.series import Label, Series, series_of


@dataclass(frozen=True)
class Study:
    """Sorted runs. `labels` has the label of each run by its name; `matching` has each distinct matching row once,
    baselines last; `rates` has one plot for each set of prints."""

    runs: tuple[Run, ...]
    autoencoders: tuple[Series, ...]
    matchers: tuple[Series, ...]
    siamese: tuple[Series, ...]
    labels: Mapping[str, Label]
    matching: tuple[Entry, ...]
    protocols: tuple[str, ...]
    minutiae: MinutiaeFiles
    rates: tuple[RatePlot, ...]

    @property
    def views(self) -> list[str]:
        """The views of the autoencoder runs, each once."""
        return list(dict.fromkeys(series.view for series in self.autoencoders))

    def look(self, series: Series) -> int:
        """The number of `series` among all, which decides its colour and marker."""
        return self.series.index(series)

    @property
    def series(self) -> tuple[Series, ...]:
        """The series of all kinds of runs."""
        return (*self.autoencoders, *self.matchers, *self.siamese)

    @property
    def sources(self) -> list[str]:
        """The data sets that the prints came from; "" stands for those of runs that don't say."""
        return sorted({run.source for run in self.runs} | {plot.prints.source for plot in self.rates})


def study_of(runs: Sequence[Run], codecs: Sequence[FigureFile] = (), minutiae: Sequence[FigureFile] = ()) -> Study:
    """Sorts `runs` and the figures of image `codecs` and `minutiae` matchers for a report.

    Raises BadInput as `minutiae_files` does, and for a codec's file of arrays that can't be read.
    """
    autoencoders = series_of([run for run in runs if run.kind == AUTOENCODER])
    matchers = series_of([run for run in runs if run.kind == MATCHER])
    siamese = series_of([run for run in runs if run.kind == SIAMESE])
    every = (*autoencoders, *matchers, *siamese)
    labels = {run.name: _label(run, series) for series in every for run in series.runs}
    ordered = tuple(run for series in every for run in series.runs)
    by_run = minutiae_files(ordered, minutiae)
    return Study(
        runs=ordered,
        autoencoders=tuple(autoencoders),
        matchers=tuple(matchers),
        siamese=tuple(siamese),
        labels=labels,
        matching=tuple(entries(ordered, labels)),
        protocols=tuple(protocols(ordered)),
        minutiae=by_run,
        rates=rate_plots(ordered, codecs, by_run),
    )


def _label(run: Run, series: Series) -> Label:
    """The run's label; it has the run's name in a mixed series, and the seed where its size has several runs."""
    parts = [f"input {run.setting('input')}" if run.kind == SIAMESE else f"{run.latent_dim} dims"]
    if series.mixed:
        parts.append(run.name)
    elif len(series.by_size[run.latent_dim]) > 1:
        parts.append(f"seed {run.setting('seed')}")
    return Label(series.label, ", ".join(parts))
