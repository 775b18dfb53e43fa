"""The settings of `ridgecode synthesise`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Synthesise:
    """Makes synthetic prints, ten fingers a subject, with SOCOFing's folders, names and frame.

    Args:
        out: folder to make
        subjects: how many subjects
        impressions: prints of each finger; the first is the reference and the one that is altered
        alterations: whether to make the altered prints (obliteration, central rotation, z-cut; three levels each); left
            out, they are made of prints at 200 ppi
        ridge_period: pixels from ridge to ridge in the 97x90 print, at every --ppi
        field_of_view: height and width of a print over those of the 97x90 print, 1 to 2; above 1, PNG files named
            finger_impression.png, which `prepare --source impressions` reads, without altered prints
        ppi: pixels per inch of the prints, 200 to 1000; at another one than 200, files as with a larger field of view
        seed: of everything; equal seeds give equal files
        threads: fingers made at once; 0 takes one a core
    """

    out: Path
    subjects: int = 20
    impressions: int = 1
    alterations: bool | None = None
    ridge_period: float = 3.25
    field_of_view: float = 1.0
    ppi: float = 200.0
    seed: int = 0
    threads: int = 0
