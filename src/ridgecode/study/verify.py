"""`ridgecode verify`: one comparison of two images, with a decision."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ridgecode.prints.prepare import canonical_form
from ridgecode.study.matcher_run import open_matcher


@dataclass(frozen=True)
class Verify:
    """Compares two images with a matcher and tells score, threshold, the threshold's FMR, and the decision.

    Args:
        run: folder of a train-matcher run
        probe: image of the probe
        reference: image of the reference
        ppi: pixels per inch of the images, for a matcher trained on FVC or folder prints; 0 takes what training took
    """

    run: Path
    probe: Path
    reference: Path
    ppi: float = 0.0


def verify_pair(config: Verify) -> None:
    """Prints one line a fact. The scores are those of `evaluate`; the higher, the more alike.

    Raises BadInput for a run or an image that can't be used.
    """
    matcher = open_matcher(config.run)
    canonical = canonical_form(matcher.source, config.ppi or matcher.ppi)
    probe, reference = (matcher.system.vectors(canonical(path)[None]) for path in (config.probe, config.reference))
    row = np.zeros(1, np.int64)
    score = float(matcher.system.scores(probe, reference, row, row)[0])
    print(f"score      {score:.6f}")
    print(f"threshold  {matcher.threshold:.6f}")
    told = f"of non-mated validation comparisons ({matcher.protocol}) reach the threshold"
    print(f"FMR        {100 * matcher.fmr:.4g} % {told}")
    print(f"decision   {'match' if score >= matcher.threshold else 'no match'}")
