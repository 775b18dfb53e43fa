"""A report's tables of latent sizes: one row a run, and means over seeds."""

from collections.abc import Callable, Mapping, Sequence

from ridgecode.report.matching import Entry, eer_cell, own_entry
from ridgecode.report.numbers import (
    NONE,
    change,
    compared,
    count,
    duration,
    fixed,
    joined,
    percent,
    significant,
    significant_interval,
)
from ridgecode.report.runs import Run, published_bce, published_mse
from ridgecode.report.section import Cell, Row, Table
from ridgecode.report.series import Label, Series, mean_and_spread
from ridgecode.report.study import Study


def size_tables(study: Study) -> list[Table]:
    """The table of autoencoder runs, one row a run, with one of its own for runs that are ranked by BCE; and the table
    of means over seeds, where some size was trained with several."""
    by_bce = [series for series in study.autoencoders if series.of_bce]
    by_mse = [series for series in study.autoencoders if not series.of_bce]
    tables = []
    for name, group in (("latent_sizes", by_mse), ("latent_sizes_bce", by_bce)):
        if group:
            tables.append(_size_table(name, group, study.protocols, study.labels, bce=group is by_bce))
    seeds = _seed_table((*study.autoencoders, *study.matchers), study.protocols)
    return tables if seeds is None else [*tables, seeds]


def _size_table(
    name: str, series: Sequence[Series], protocols: Sequence[str], labels: Mapping[str, Label], bce: bool
) -> Table:
    runs = [run for one in series for run in one.runs]
    depths = {run.figure("depth_bits") for run in runs} - {None}
    depth = f"at {count(next(iter(depths)))} bits a dim" if len(depths) == 1 else "at the run's depth"
    bits = sorted({bits for run in runs for bits in run.depths})
    with_codec = any(run.bytes_on_disk is not None for run in runs)
    columns = [
        ("Latent size", ""),
        *((("Coded", "bytes on disk"), ("Coded MSE", "95 % interval")) if with_codec else ()),
        ("Size", f"bytes {depth}"),
        ("Rate", "bits per pixel"),
        *((("BCE", "nats; above floor"), ("Published BCE", "nats; change")) if bce else ()),
        ("MSE", "95 % interval"),
        *(("MSE", f"at {one} bits a dim") for one in bits),
        ("PSNR", "dB"),
        ("SSIM", ""),
        ("PCA MSE", "change"),
        *(() if bce else (("Published MSE", "change"),)),
        *((f"EER, {protocol}", "%, 95 % interval; mated / non-mated") for protocol in protocols),
        ("Encoding", "images/s"),
        ("Training", ""),
        ("Epochs", ""),
    ]
    ranked = "bce" if bce else "mse"
    rows = []
    for one in series:
        values = [value for run in one.runs if (value := run.figure(ranked)) is not None]
        lowest = min(values) if len(values) > 1 else None
        for run in one.runs:
            best = lowest is not None and run.figure(ranked) == lowest
            label = labels[run.name]
            coded = _coded_cells(run) if with_codec else ()
            cells = (
                Cell(label.member),
                *coded,
                *_size_cells(run, protocols, bce, best, bits, own_depth=len(depths) > 1),
            )
            rows.append(Row(label.series, cells))
    caption = (
        "Size and distortion at each latent size. MSE, PSNR and SSIM compare pixels in [0, 1] with the true print; the "
        "small line under PCA and published figures is how far ours lies from them. "
        f"The lowest {ranked.upper()} of each series is marked."
    )
    if with_codec:
        caption += " Coded: a print's bytes as its codec writes them, and the MSE of what these bytes decode to."
    if bce:
        caption = f"Runs trained on BCE, which is never ranked against MSE. {caption}"
    return Table(name, caption, tuple(columns), tuple(rows))


def _seed_table(series: Sequence[Series], protocols: Sequence[str]) -> Table | None:
    """Mean and sample standard deviation over seeds of each size that was trained with several; None without any."""
    rows = []
    for one in series:
        for size, runs in one.by_size.items() if one.repeats else ():
            cells = [Cell(f"{size} dims"), Cell(str(len(runs)))]
            for key, text in (("mse", significant), ("psnr_db", fixed), ("ssim", significant)):
                cells.append(_mean_cell([run.figure(key) for run in runs], text, _two_figures))
            of_runs = [[entry for run in runs if (entry := own_entry(run, protocol))] for protocol in protocols]
            cells += [_mean_eer_cell(found) for found in of_runs]
            rows.append(Row(one.label, tuple(cells)))
    if not rows:
        return None
    columns = [("Latent size", ""), ("Seeds", "")]
    columns += [("MSE", "± sd"), ("PSNR", "dB, ± sd"), ("SSIM", "± sd")]
    columns += [(f"EER, {protocol}", "%, ± sd; mated / non-mated") for protocol in protocols]
    caption = "Mean over seeds, and their standard deviation below."
    return Table("seeds", caption, tuple(columns), tuple(rows))


def _size_cells(
    run: Run, protocols: Sequence[str], bce: bool, best: bool, bits: Sequence[int], own_depth: bool
) -> list[Cell]:
    figure = run.figure
    mse, pca = figure("mse"), figure("pca", "mse")
    cells = [
        Cell(count(figure("bytes")), f"{count(figure('depth_bits'))} bits a dim" if own_depth else ""),
        Cell(fixed(figure("bpp"))),
    ]
    if bce:
        above = figure("bce_above_floor")
        cells.append(Cell(significant(figure("bce")), "" if above is None else significant(above), best))
        cells.append(_against(figure("bce"), published_bce(run)))
    cells += [
        Cell(significant(mse), significant_interval(figure("mse_low"), figure("mse_high")), best and not bce),
        *(Cell(significant(run.mse_at(one))) for one in bits),
        Cell(fixed(figure("psnr_db"))),
        Cell(significant(figure("ssim"))),
        _against(mse, pca),
        *(() if bce else (_against(mse, published_mse(run)),)),
        *(eer_cell(own_entry(run, protocol)) for protocol in protocols),
        Cell(count(figure("encode_per_second"))),
        Cell(duration(run.seconds)),
        Cell(count(run.epochs)),
    ]
    return cells


def _coded_cells(run: Run) -> tuple[Cell, ...]:
    size = run.bytes_on_disk
    text = NONE if size is None else fixed(size, 1)
    interval = significant_interval(run.coded("mse_low"), run.coded("mse_high"))
    return Cell(text), Cell(significant(run.coded("mse")), interval)


def _against(ours: float | None, theirs: float | None) -> Cell:
    return Cell(significant(theirs), change(ours, theirs) if ours is not None and theirs else "")


def _mean_cell(
    values: Sequence[float | None], text: Callable[[float | None], str], spread_text: Callable[[float], str]
) -> Cell:
    known = [value for value in values if value is not None]
    if not known:
        return Cell("–")
    mean, spread = mean_and_spread(known)
    return Cell(text(mean), "" if spread is None else f"± {spread_text(spread)}")


def _mean_eer_cell(entries: Sequence[Entry]) -> Cell:
    """The mean EER, or "no error" where no run made one, and the comparisons of each run, if they are as many."""
    cell = _mean_cell([entry.figure("eer") for entry in entries], percent, percent)
    lists = {compared(entry.row) for entry in entries}
    of = lists.pop() if len(lists) == 1 else "of several lists" if lists else ""
    if entries and all(entry.eer == 0 for entry in entries):
        return Cell("no error", of)
    return cell._replace(small=joined(cell.small, of))


def _two_figures(spread: float) -> str:
    return significant(spread, 2)
