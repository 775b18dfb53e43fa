"""Fingerprints to short latent vectors that decode back to the print and match without it.

There are two front doors: `Autoencoder.load("runs/a").encode(prints)` gives latent vectors, and
`Codec.load("runs/coded").encode(prints)` bytes.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ridgecode.autoencoders.autoencoder import Autoencoder
    from ridgecode.codec.codec import Codec

__all__ = ["Autoencoder", "Codec"]


def __getattr__(name: str) -> Any:
    # Not imported above: torch takes seconds to load, and the command line's help needs none of it.
    if name == "Autoencoder":
        from ridgecode.autoencoders.autoencoder import Autoencoder

        return Autoencoder
    if name == "Codec":
        from ridgecode.codec.codec import Codec

        return Codec
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
