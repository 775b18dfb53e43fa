"""What a table of a report is, apart from how it is written, and the tables of latent sizes."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ridgecode.study.report_matching import Entry, own_entry
from ridgecode.study.report_numbers import (
    change,
    count,
    duration,
    fixed,
    percent,
    percent_interval,
    significant,
    significant_interval,
)
from ridgecode.study.report_runs import Run, published_bce, published_mse
from ridgecode.study.report_series import Series, mean_and_spread


class Cell(NamedTuple):
    """A cell: its text, a smaller second line, and whether it is the best of its column."""

    text: str
    small: str = ""
    best: bool = False


class Table(NamedTuple):
    """A table whose first `headers` columns name the row; `columns` are (title, unit or "")."""

    name: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    headers: int = 1


def latent_size_table(series: Sequence[Series], protocols: Sequence[str], labels: Mapping[str, str]) -> Table:
    """One row an autoencoder run: what it costs and what it keeps. The best of each series and column is marked."""
    runs = [run for one in series for run in one.runs]
    depths = {run.figure("depth_bits") for run in runs} - {None}
    depth = f"at {count(depths.pop())} bits a dim" if len(depths) == 1 else "at the run's depth"
    with_bce = any(run.figure("bce") is not None for run in runs)
    columns = [
        ("Run", ""),
        ("Latent size", "dims"),
        ("Size", f"bytes {depth}"),
        ("Rate", "bits per pixel"),
        ("MSE", "95 % interval below"),
        ("MSE", depth),
        ("PSNR", "dB"),
        ("SSIM", ""),
        ("PCA MSE", "ours against it below"),
        ("Published MSE", "ours against it below"),
        *((("BCE", "nats, above its floor below"), ("Published BCE", "nats, with the floor")) if with_bce else ()),
        *((f"EER, {protocol}", "%, 95 % interval below") for protocol in protocols),
        ("Encoding", "images/s"),
        ("Training", ""),
        ("Epochs", ""),
    ]
    rows = []
    for one in series:
        measured = [mse for run in one.runs if (mse := run.figure("mse")) is not None]
        lowest = min(measured, default=None) if len(measured) > 1 else None
        rows += [_size_row(run, labels, with_bce, protocols, lowest, len(depths) > 0) for run in one.runs]
    caption = (
        "What each latent size costs and keeps. MSE, PSNR and SSIM compare pixels in [0, 1] with the true print. "
        "The lowest MSE of each series is marked; BCE and MSE are never ranked against each other."
    )
    return Table("latent_sizes", caption, tuple(columns), tuple(rows), headers=2)


def seed_table(series: Sequence[Series], protocols: Sequence[str]) -> Table | None:
    """Mean and sample standard deviation over seeds, where a size was trained more than once; None where none was."""
    rows = []
    for one in series:
        for size, runs in one.by_size.items() if one.repeats else ():
            cells = [Cell(one.label), Cell(str(size)), Cell(str(len(runs)))]
            for key, text in (("mse", significant), ("psnr_db", fixed), ("ssim", significant)):
                cells.append(_mean_cell([run.figure(key) for run in runs], text))
            for protocol in protocols:
                eers = [entry.figure("eer") if (entry := own_entry(run, protocol)) else None for run in runs]
                cells.append(_mean_cell(eers, percent))
            rows.append(tuple(cells))
    if not rows:
        return None
    columns = [("Series", ""), ("Latent size", "dims"), ("Seeds", "")]
    columns += [("MSE", "± sd"), ("PSNR", "dB, ± sd"), ("SSIM", "± sd")]
    columns += [(f"EER, {protocol}", "%, ± sd") for protocol in protocols]
    caption = "Mean over seeds, and their standard deviation below."
    return Table("seeds", caption, tuple(columns), tuple(rows), headers=2)


def _size_row(
    run: Run, labels: Mapping[str, str], with_bce: bool, protocols: Sequence[str], lowest: float | None, own_depth: bool
) -> tuple[Cell, ...]:
    figure = run.figure
    mse, pca, published = figure("mse"), figure("pca", "mse"), published_mse(run)
    interval = significant_interval(figure("mse_low"), figure("mse_high"))
    cells = [
        Cell(labels[run.name]),
        Cell(str(run.latent_dim)),
        Cell(count(figure("bytes")), f"{count(figure('depth_bits'))} bits a dim" if own_depth else ""),
        Cell(fixed(figure("bpp"))),
        Cell(significant(mse), interval, mse is not None and mse == lowest),
        Cell(significant(figure("mse_at_depth"))),
        Cell(fixed(figure("psnr_db"))),
        Cell(significant(figure("ssim"))),
        Cell(significant(pca), change(mse, pca) if mse is not None and pca else ""),
        Cell(significant(published), change(mse, published) if mse is not None and published else ""),
    ]
    if with_bce:
        bce = figure("bce")
        above = figure("bce_above_floor")
        cells.append(Cell(significant(bce), f"{significant(above)} above" if above is not None else ""))
        cells.append(Cell(significant(published_bce(run) if bce is not None else None)))
    cells += [eer_cell(own_entry(run, protocol)) for protocol in protocols]
    cells += [Cell(count(figure("encode_per_second"))), Cell(duration(run.seconds)), Cell(count(run.epochs))]
    return tuple(cells)


def eer_cell(entry: Entry | None, best: bool = False) -> Cell:
    """The EER in % over its 95 % interval."""
    if entry is None:
        return Cell("–")
    figure = entry.figure
    return Cell(percent(figure("eer")), percent_interval(figure("eer_low"), figure("eer_high")), best)


def _mean_cell(values: Sequence[float | None], text: Callable[[float | None], str]) -> Cell:
    known = [value for value in values if value is not None]
    if not known:
        return Cell("–")
    mean, spread = mean_and_spread(known)
    return Cell(text(mean), "" if spread is None else f"± {text(spread)}")
