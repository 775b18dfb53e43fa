"""Fingerprints to short latent vectors that decode back to the print and match without it.

`Autoencoder` is the front door: `Autoencoder.load("runs/a").encode(prints)`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ridgecode.autoencoders.autoencoder import Autoencoder

__all__ = ["Autoencoder"]


def __getattr__(name: str) -> Any:
    # Not imported above: torch takes seconds to load, and the command line's help needs none of it.
    if name == "Autoencoder":
        from ridgecode.autoencoders.autoencoder import Autoencoder

        return Autoencoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
