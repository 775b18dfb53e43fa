"""Names that evaluations write and reports read."""

from pathlib import Path

RECONSTRUCTION = "reconstruction"
"""The protocol in which a minutiae matcher compares reconstructions with their originals."""

NOTHING, REPAIRED, COMPOSED, GREY, CODED = "nothing done", "repaired", "composed", "grey", "coded"
VARIANTS = (NOTHING, REPAIRED, COMPOSED, GREY, CODED)
"""The images whose errors the evaluation of a repair states. `nothing done`: the altered print; `repaired`: the
network's output for it. The others need the Real print, and are for comparison only. `composed`: the altered print with
the repaired pixels inside the altered region; `grey`: the altered print with the Real print's mean inside that region,
which has the lowest MSE of any flat grey; `coded`: the network's output for the Real print."""


def folder_beside(out: Path) -> Path:
    """The folder x-files beside the file x.json that --out names."""
    return out.with_name(f"{out.name.removesuffix('.json')}-files")
