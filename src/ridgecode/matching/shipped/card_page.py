"""A shipped matcher's card as a page of Markdown."""

from ridgecode.matching.rate_text import fewer, percent_ends, rate_text
from ridgecode.matching.shipped.card import MatcherCard, SensorFigures
from ridgecode.matching.shipped.data_sets import terms


def matcher_page(card: MatcherCard) -> str:
    """The page, with one table of error rates by sensor and one of thresholds."""
    of_images = card.reads == "images"
    reads = "images of fingerprints" if of_images else f"latent vectors of the pretrained model `{card.reads}`"
    shown = [
        f"# {card.name}",
        f"A matcher of fingerprints: it makes a template of {card.template_bytes} bytes from {reads}, and the score of "
        "two templates says how alike the fingers are.",
        _about(card),
        "## Error rates by sensor",
        _figures(card),
        "Rates in %. EER is the equal error rate, with its 95 % bootstrap interval over subjects; FNMR is the share of "
        "mated comparisons that a threshold of that FMR refuses, blank where fewer than 3 / FMR non-mated comparisons "
        "can't show it. Prints that failed to enrol are not compared. The split says which of a set's subjects were "
        "compared; none of them was trained on where it is `val` or `test`.",
        "## Thresholds by sensor",
        _thresholds(card),
        "A score at or above the threshold is a match. Each rests on the non-mated comparisons beside it, and is blank "
        "where they can't show that FMR. Sensors differ: `ridgecode calibrate` chooses a threshold on prints of your "
        "own.",
        "## How it was trained",
        f"```sh\n{card.command}\n```",
        f"Seed {card.seed}; {card.seconds:.0f} seconds on {card.machine}; "
        f"ridgecode at commit {card.commit or 'unknown'}.",
        _weights(card),
        "## Use",
        f'```python\nfrom ridgecode import Matcher\n\nmatcher = Matcher.load("{card.name}")\n'
        "templates = matcher.templates(prints)  # (N, H, W) grey values, uint8 or in [0, 1], 200 pixels per inch\n"
        "scores = matcher.score(templates, templates)\n```",
        f"```sh\nridgecode verify --run {card.name} A.png B.png\n```",
        "Intended use: research on recognising fingerprints, and teaching.",
        "Not intended: identifying people in operation, or any decision about a person. Its error rates were measured "
        "on few people and few sensors.",
        "**Templates are biometric data.** Store and share them as you would the prints.",
        "## Data and terms",
        "\n".join(f"- {name}: {terms(name)}" for name in card.trained_on),
        f"The weights: {card.licence}.",
    ]
    return "\n\n".join(shown) + "\n"


def _about(card: MatcherCard) -> str:
    chosen_on = "" if card.n_non_mated is None else f", chosen on {card.n_non_mated:,} non-mated comparisons"
    rows = {
        "reads": "images, brought to 200 pixels per inch" if card.reads == "images" else f"z of `{card.reads}`",
        "network": f"`{card.system}`, {card.parameters:,} parameters",
        "template": card.template,
        "threshold": f"{card.threshold:.4f} (FMR {100 * card.fmr:.3g} % on `{card.protocol}`{chosen_on})",
        "fails to enrol": f"a print of a quality below {card.least_quality:g} of 100" if card.least_quality else "none",
        "trained on": ", ".join(card.trained_on),
        "licence": card.licence,
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def _figures(card: MatcherCard) -> str:
    columns = ["data", "protocol", "people", "mated", "non-mated", "EER", "FNMR at FMR 1 %", "at 0.1 %", "not enrolled"]
    rows = []
    for one in card.figures:
        counts = [f"{n:,}" for n in (one.n_subjects, one.n_mated, one.n_non_mated)]
        shown = [_rate(rate, one.n_mated) for rate in (one.fnmr_at_fmr_1, one.fnmr_at_fmr_0_1)]
        gone = "" if one.n_prints is None else f"{one.n_failed_to_enrol} of {one.n_prints}"
        rows.append([f"{one.data}, {one.split}", one.protocol, *counts, _eer(one), *shown, gone])
    return _table(columns, rows) if rows else "Not measured."


def _eer(one: SensorFigures) -> str:
    eer = rate_text(one.eer, fewer(one.n_mated, one.n_non_mated))
    if one.eer_low is None or one.eer_high is None:  # of a single subject
        return eer
    low, high = percent_ends(one.eer_low, one.eer_high)
    return f"{eer} [{low}, {high}]"


def _rate(rate: float | None, n_mated: int) -> str:
    return "" if rate is None else rate_text(rate, n_mated)


def _thresholds(card: MatcherCard) -> str:
    groups: dict[tuple[str, str, str], dict[float, str]] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for one in card.thresholds:
        key = one.data, one.split, one.protocol
        groups.setdefault(key, {})[one.fmr] = "" if one.threshold is None else f"{one.threshold:.4f}"
        counts[key] = one.n_non_mated
    fmrs = sorted({one.fmr for one in card.thresholds}, reverse=True)
    rows = [
        [f"{data}, {split}", protocol, f"{counts[data, split, protocol]:,}", *(found.get(fmr, "") for fmr in fmrs)]
        for (data, split, protocol), found in groups.items()
    ]
    columns = ["data", "protocol", "non-mated", *(f"FMR {100 * fmr:g} %" for fmr in fmrs)]
    return _table(columns, rows) if rows else "Not measured."


def _weights(card: MatcherCard) -> str:
    of = card.weights
    return (
        f"The file holds 8-bit weights with a scale for each output channel. On {of.n_prints:,} validation prints of "
        f"{of.data} the cosine of an embedding with that of the 32-bit weights is {of.least_cosine:.5f} or more "
        f"({of.mean_cosine:.5f} on average); the EER on `{of.protocol}` is {100 * of.file_eer:.3f} %, with 32-bit "
        f"weights {100 * of.eer:.3f} %."
    )


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
