"""`ridgecode verify`: one comparison of two images, with a decision."""

import json

from ridgecode.commands.settings.verify import Verify
from ridgecode.matching.matcher import Matcher


def verify(settings: Verify) -> None:
    """Prints one line a fact, or with --json one object. The scores are those of `evaluate`.

    Raises BadInput for a run or an image that can't be used.
    """
    matcher = Matcher.load(settings.run)
    prints = [matcher.read_image(image, settings.ppi) for image in (settings.probe, settings.reference)]
    found = matcher.compare(*prints)
    decision = "match" if found.decision else "no match"
    if settings.json:
        print(json.dumps({**found._asdict(), "decision": decision, "protocol": matcher.protocol}))
        return
    print(f"score      {found.score:.6f}")
    print(f"threshold  {found.threshold:.6f}")
    share = f"of non-mated validation comparisons ({matcher.protocol}) reach the threshold"
    print(f"FMR        {100 * found.fmr:.4g} % {share}")
    print(f"decision   {decision}")
