"""The lines that a terminal shows after an evaluation."""

from collections.abc import Iterator, Mapping
from typing import Any

from ridgecode.evaluation.names import NOTHING, REPAIRED
from ridgecode.matching.rate_text import eer_phrase, failed_text, percent_ends, rate_text


def evaluation_headline(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a run's evaluation. found: the content of its evaluation.json."""
    if "mse" in found:
        pca = found["pca"]["mse"]
        yield (
            f"{found['split']}: {found['n_prints']} prints, mse {found['mse']:.5f}{_interval(found, 'mse', 5)}, "
            f"psnr {found['psnr_db']:.2f} dB, ssim {found['ssim']:.4f}; "
            + ("no PCA of it" if pca is None else f"PCA mse {pca:.5f}")
        )
    yield from _part_lines(found)
    if (coded := found.get("coded")) is not None:
        yield (
            f"coded: {coded['archive_bytes']:.1f} bytes a print in an archive, {coded['bytes']:.1f} as a file, of "
            f"which the payload is {coded['payload_bytes']:.1f}{_interval(coded, 'payload_bytes', 1)}"
            + (f", estimated from the tables {coded['estimated_bytes']:.1f}" if "estimated_bytes" in coded else "")
            + f"; mse {coded['mse']:.5f}{_interval(coded, 'mse', 5)}, "
            f"psnr {coded['psnr_db']:.2f} dB, ssim {coded['ssim']:.4f}; "
            f"{coded['encode_ms']:.1f} ms to code a print, {coded['decode_ms']:.1f} to decode"
        )
    for row in found["matching"]:
        if row["level"] == row["alteration"] == "all":
            pooled = f", {row['n_sets']} data sets together" if row["n_sets"] > 1 else ""
            yield f"{row['protocol']}, {row['system']}: {_eer(row)}{pooled}"
            for name, of_set in row.get("per_set", {}).items():
                yield f"{row['protocol']}, {row['system']}, {name}: {_eer(of_set)}"
    if "repair" in found:
        yield _repair_line(found)


def codec_headline(content: dict[str, Any]) -> list[str]:
    """One line for each quality of an image codec's evaluation."""
    return [
        f"{content['split']}: {content['n_prints']} prints, {content['codec']} {point['quality']:g}: "
        f"{point['bytes']:.1f} bytes ({point['bytes_without_header']:.1f} without header), mse {point['mse']:.5f}"
        f"{_interval(point, 'mse', 5)}, psnr {point['psnr_db']:.2f} dB, ssim {point['ssim']:.4f}"
        for point in content["points"]
    ]


def minutiae_headline(content: dict[str, Any]) -> str:
    """The line of a minutiae matcher's evaluation."""
    row, own = content["matching"][0], content["self"]
    text = (
        f"{content['protocol']}, {content['matcher']}: {_eer(row)}; TAR {_tar(row, 'tar_at_fmr_1')} at FMR 1 %, "
        f"{_tar(row, 'tar_at_fmr_0_1')} at FMR 0.1 %; "
        f"{round(own['accepted'] * own['n'])} of {own['n']} prints match themselves"
    )
    found = content["agreement"]
    if found is not None:
        text += (
            f"; minutiae: F1 {found['f1']:.3f}, precision {found['precision']:.3f}, recall {found['recall']:.3f} "
            f"on {found['n']} pairs"
        )
    return text


def _interval(part: Mapping[str, Any], name: str, decimals: int) -> str:
    """ " [0.01000, 0.02000]"; "" where the figure has no interval, as that of a single subject."""
    low, high = part[f"{name}_low"], part[f"{name}_high"]
    return "" if low is None or high is None else f" [{low:.{decimals}f}, {high:.{decimals}f}]"


def _eer(row: Mapping[str, Any]) -> str:
    eer = eer_phrase(row["eer"], row["n_mated"], row["n_non_mated"], 3)
    low, high = percent_ends(row["eer_low"], row["eer_high"], 3)
    compared = f"{row['n_mated']} mated, {row['n_non_mated']} non-mated, {row['n_subjects']} subjects"
    failed = failed_text(row)
    return f"EER {eer} [{low}, {high} %], {compared}{failed and f', {failed}'}"


def _tar(row: Mapping[str, Any], key: str) -> str:
    """The true accept rate; where it is 1, how many comparisons that is of, and where it is None, why."""
    if row[key] is None:
        return "not shown by so few non-mated comparisons"
    tar = rate_text(row[key], row["n_mated"])
    return tar if " of " in tar else f"{tar} %"


def _part_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A line for Real and altered prints together and one for each data set, if they were measured."""
    parts = {"all files": found["all_files"]} if "all_files" in found else {}
    for name, part in {**parts, **found.get("per_set", {})}.items():
        yield (
            f"{name}: {part['n_prints']} prints, mse {part['mse']:.5f}, psnr {part['psnr_db']:.2f} dB, ssim "
            f"{part['ssim']:.4f}" + ("" if part["pca"]["mse"] is None else f"; PCA mse {part['pca']['mse']:.5f}")
        )


def _repair_line(found: Mapping[str, Any]) -> str:
    overall = {row["variant"]: row for row in found["repair"]["pixels"] if row["level"] == row["alteration"] == "all"}
    errors = ", ".join(
        f"{place} {_number(overall[REPAIRED][name])} (nothing done {_number(overall[NOTHING][name])})"
        for place, name in (("inside", "mse_inside"), ("outside", "mse_outside"), ("all", "mse"))
    )
    return f"repair of {found['repair']['n_prints']} altered prints: mse {errors}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"
