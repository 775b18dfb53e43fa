"""`ridgecode verify`: one comparison of two images, with a decision."""

import json

from ridgecode.commands.settings.verify import Verify
from ridgecode.matching.error_rates import shows_fmr
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.matching_table import THRESHOLD_FMR


def verify(settings: Verify) -> None:
    """Prints one line a fact, or with --json one object. The scores are those of `evaluate`.

    Raises BadInput for a run or an image that can't be used.
    """
    matcher = Matcher.load(settings.run)
    prints = [matcher.read_image(image, settings.ppi) for image in (settings.probe, settings.reference)]
    found = matcher.compare(*prints)
    decision = "match" if found.decision else "no match"
    if settings.json:
        facts = {**found._asdict(), "decision": decision, "protocol": matcher.protocol, **matcher.counts._asdict()}
        print(json.dumps(facts))
        return
    print(f"score      {found.score:.6f}")
    print(f"threshold  {found.threshold:.6f}")
    print(f"FMR        {fmr_line(matcher)}")
    print(f"decision   {decision}")


def fmr_line(matcher: Matcher) -> str:
    """The false match rate at the threshold, the comparisons that it rests on, and what they can't show."""
    _, n_non_mated, n_subjects, high = matcher.counts
    what = f"non-mated validation comparisons ({matcher.protocol})"
    if n_non_mated is None:
        share = f"{100 * matcher.fmr:.4g} % of" if matcher.fmr else "0 of the"
        return f"{share} {what} reach the threshold; how many these were is not recorded"
    wrong = round(matcher.fmr * n_non_mated)
    share = f"{100 * matcher.fmr:.4g} %: {wrong:,}" if wrong else "0"
    text = f"{share} of {n_non_mated:,} {what} of {n_subjects} subject{'s' * (n_subjects != 1)} reach the threshold"
    if high is not None:
        text += f": at most {100 * high:.2g} % at 95 % confidence"
    if not shows_fmr(n_non_mated, THRESHOLD_FMR):
        text += f"; to show an FMR of {100 * THRESHOLD_FMR:g} % takes {3 / THRESHOLD_FMR:,.0f} comparisons"
    return text
