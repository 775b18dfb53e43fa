"""Prints for `.ridge` files of both versions, drawn at random or fixed."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import pack_archive, pack_full_archive

MODEL = b"\xde\xad\xbe\xef"
HERE = Path("x.ridge")

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
sizes = st.builds(
    lambda height, width, hundredths: FullSize(height, width, hundredths / 100),
    *(st.integers(1, 8192), st.integers(1, 8192), st.integers(100, 6_553_500)),
)
prints = st.lists(st.tuples(names, st.binary(max_size=200), sizes), max_size=30, unique_by=lambda one: one[0])
versions = pytest.mark.parametrize("version", [1, 2])

Print = tuple[str, bytes, FullSize]
"""Name, payload, and the size that version 2 keeps and version 1 does not."""


def archive(given_prints: list[Print], version: int = 1) -> bytes:
    """The bytes of an archive; in version 1 of prints of 96 x 96 pixels."""
    names, payloads = [name for name, _, _ in given_prints], [payload for _, payload, _ in given_prints]
    if version == 1:
        return pack_archive(MODEL, 96, 96, names, payloads)
    return pack_full_archive(MODEL, names, [size for _, _, size in given_prints], payloads)


SOME = [
    (f"Real/{i}__M_Left_index_finger", bytes([i]) * (20 + i), FullSize(300 + 5 * i, 400 - i, 393.7 if i % 2 else 500.0))
    for i in range(12)
]
SQUARE = FullSize(300, 300, 500.0)


def of_version(some: list[Print], version: int) -> list[tuple[str, bytes, FullSize | None]]:
    """The prints as a file of that version gives them back."""
    return [(name, payload, size if version == 2 else None) for name, payload, size in some]
