"""Says which extra a file needs whose decoder is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from ridgecode.errors import BadInput

EXTRA = "needs the extra: pip install 'ridgecode[codecs]'"


@contextmanager
def needs_extra(what: str) -> Iterator[None]:
    """For the import of a decoder: raises BadInput that names the extra where it is not installed. what: the end of a
    sentence that begins with the file, as "is a WSQ file"."""
    try:
        yield
    except ImportError as error:
        raise BadInput(f"{what}, which {EXTRA}") from error
