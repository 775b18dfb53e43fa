"""`ridgecode verify`: one comparison of two images, with a decision."""

import json
from pathlib import Path

from ridgecode.commands.settings.verify import Verify
from ridgecode.errors import BadInput
from ridgecode.matching.error_rates import shows_fmr
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.shipped.names import DEFAULT_MATCHER, is_shipped


def verify(settings: Verify) -> None:
    """Prints one line a fact, or with --json one object. The scores are those of `evaluate`.

    Raises BadInput for a matcher or an image that can't be used, and for a print that fails to enrol.
    """
    run, *images = _matcher_and_images(settings)
    matcher = Matcher.load(run)
    probe, reference = (matcher.read_image(image, settings.ppi) for image in images)
    found = matcher.compare(probe, reference, (str(images[0]), str(images[1])))
    decision = "match" if found.decision else "no match"
    if settings.json:
        facts = {**found._asdict(), "decision": decision, "protocol": matcher.protocol, **matcher.counts._asdict()}
        print(json.dumps(facts))
        return
    print(f"score      {found.score:.6f}")
    print(f"threshold  {found.threshold:.6f}")
    print(f"FMR        {fmr_line(matcher)}")
    print(f"decision   {decision}")


def _matcher_and_images(settings: Verify) -> tuple[Path, Path, Path]:
    """The matcher, the probe and the reference. Raises BadInput for other than two images, with or without a matcher
    before them."""
    given = settings.images
    if len(given) == 3:
        if settings.run != DEFAULT_MATCHER:
            raise BadInput(f"--run {settings.run} and {given[0]} both name a matcher; give one of them and two images")
        return given[0], given[1], given[2]
    names_matcher = given[0].is_dir() or is_shipped(given[0])
    if len(given) != 2 or names_matcher:
        n_images = len(given) - names_matcher
        behind = f" behind the matcher {given[0]}" if names_matcher else ""
        raise BadInput(f"{n_images} image{'s' * (n_images != 1)} given{behind}; give two, the probe and the reference")
    if settings.run == DEFAULT_MATCHER and not is_shipped(DEFAULT_MATCHER) and not DEFAULT_MATCHER.exists():
        raise BadInput(
            f"this ridgecode comes without the matcher {DEFAULT_MATCHER}; name the folder of a train-head or "
            "train-siamese run before the images"
        )
    return settings.run, given[0], given[1]


def fmr_line(matcher: Matcher) -> str:
    """The false match rate at the threshold, the comparisons that it rests on, and what they can't show."""
    _, n_non_mated, n_subjects, high = matcher.counts
    of = "non-mated comparisons of your calibration" if matcher.calibrated else "non-mated validation comparisons"
    what = f"{of} ({matcher.protocol})"
    if n_non_mated is None:
        share = f"{100 * matcher.fmr:.4g} % of" if matcher.fmr else "0 of the"
        return f"{share} {what} reach the threshold; how many these were is not recorded"
    wrong = round(matcher.fmr * n_non_mated)
    share = f"{100 * matcher.fmr:.4g} %: {wrong:,}" if wrong else "0"
    text = f"{share} of {n_non_mated:,} {what} of {n_subjects} subject{'s' * (n_subjects != 1)} reach the threshold"
    if high is not None:
        text += f": at most {100 * high:.2g} % at 95 % confidence"
    wanted = matcher.wanted_fmr
    if not shows_fmr(n_non_mated, wanted):
        text += f"; to show an FMR of {100 * wanted:g} % takes {3 / wanted:,.0f} comparisons"
    return text
