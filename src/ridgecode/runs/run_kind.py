"""What a run folder holds, by the verb that made it."""

from typing import Literal

from ridgecode.runs.run_folder import RunFolder, verb_of

RunKind = Literal["autoencoder", "head", "siamese", "other"]


def run_kind(run: RunFolder) -> RunKind:
    """`autoencoder`, `head` (a Siamese head on latent vectors), `siamese` (an image Siamese system), or `other`.

    Runs of the older verb train-matcher are of either kind of matcher. Raises BadInput where the folder is no run.
    """
    match verb_of(run.read_config()):
        case "train-autoencoder":
            return "autoencoder"
        case "train-head":
            return "head"
        case "train-siamese":
            return "siamese"
    return "other"
