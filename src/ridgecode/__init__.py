"""Fingerprints to short latent vectors that decode back to the print and match without it.

There are four front doors:

`PrintStore.open("store").prints(split="val")` reads the prints of a prepared store;
`Autoencoder.load("runs/a").encode(prints)` gives latent vectors;
`Codec.load("runs/coded").encode(prints)` gives bytes;
`Matcher.load("runs/matcher").compare(print_a, print_b)` compares two prints.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ridgecode.autoencoders.autoencoder import Autoencoder
    from ridgecode.codec.codec import Codec
    from ridgecode.matching.matcher import Matcher
    from ridgecode.prints.store import PrintStore

__all__ = ["Autoencoder", "Codec", "Matcher", "PrintStore"]

_MODULES = {
    "Autoencoder": "ridgecode.autoencoders.autoencoder",
    "Codec": "ridgecode.codec.codec",
    "Matcher": "ridgecode.matching.matcher",
    "PrintStore": "ridgecode.prints.store",
}
"""Where each name is defined. The module is imported when the name is first used: torch takes seconds to load, and the
command line's help needs none of it."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
