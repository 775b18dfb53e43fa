"""Starts a head from the weights of another one, to train it further on other prints."""

from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.matching.heads import Head
from ridgecode.matching.saved_matcher import load_matcher

_OF_THE_MODEL = ("first_map.", "latent_mean", "latent_std")
"""What a head has of its autoencoder, and keeps."""


def start_from(head: Head, file: Path) -> None:
    """Gives `head` the trained weights of the head in `file`. What it has of its own autoencoder stays.

    Raises BadInput for a file that holds no head, and for a head of another kind or other sizes.
    """
    other = load_matcher(file).head
    ours, theirs = ({"kind": "mlp", **one.sizes()} for one in (head, other))
    for name, value in ours.items():
        if theirs.get(name) != value:
            raise BadInput(
                f"--start_from {file} holds a head of {name} {theirs.get(name)}, and this run's has {value}; give one "
                "of the same flags and a model of the same shape, or leave it out"
            )
    weights = {name: one for name, one in other.state_dict().items() if not name.startswith(_OF_THE_MODEL)}
    head.load_state_dict({**head.state_dict(), **weights})
