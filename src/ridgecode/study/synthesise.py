"""`ridgecode synthesise`: synthetic prints in SOCOFing's layout."""

from dataclasses import dataclass
from pathlib import Path

from ridgecode.prints.synthetic.masters import RIDGE_PERIOD
from ridgecode.prints.synthetic.synthesise import synthesise


@dataclass(frozen=True)
class Synthesise:
    """Makes synthetic prints, ten fingers a subject, with SOCOFing's folders, names and frame.

    Args:
        out: folder to make
        subjects: how many subjects
        impressions: prints of each finger; the first is the reference and the one that is altered
        alterations: whether to make the altered prints (obliteration, central rotation, z-cut; three levels each)
        ridge_period: pixels from ridge to ridge in the 97x90 print
        seed: of everything; equal seeds give equal files
        threads: fingers made at once; 0 takes one a core
    """

    out: Path
    subjects: int = 20
    impressions: int = 1
    alterations: bool = True
    ridge_period: float = RIDGE_PERIOD
    seed: int = 0
    threads: int = 0


def synthesise_prints(config: Synthesise) -> None:
    """Makes them and tells where they lie. Raises BadInput as `prints.synthetic.synthesise` does."""
    report = synthesise(
        config.subjects,
        config.impressions,
        config.out,
        config.seed,
        config.alterations,
        config.ridge_period,
        config.threads,
    )
    print(f"{report.out}: {report.real} Real and {report.altered} altered prints in {report.seconds:.1f} s")
