"""Makes the pictures of a folder in results/ small enough for git: python results/shrink_png.py results/NAME

Each PNG above 80 kB is written again with a palette of 64 colours, or of fewer where that leaves more than 300 kB.
The size in pixels stays.
"""

import io
import sys
from pathlib import Path

from PIL import Image

SMALL, LIMIT = 80_000, 300_000  # bytes
COLOURS = (64, 32, 16)


def with_palette(picture: Image.Image, colours: int) -> bytes:
    """`picture` as a PNG of at most `colours` colours, without dithering, whose noise would not compress."""
    reduced = picture.convert("RGB").quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    png = io.BytesIO()
    reduced.save(png, "PNG", optimize=True)
    return png.getvalue()


def shrink(path: Path) -> None:
    if path.stat().st_size <= SMALL:
        return
    with Image.open(path) as picture:
        for colours in COLOURS:
            png = with_palette(picture, colours)
            if len(png) <= LIMIT:
                break
        else:
            sys.exit(f"{path} has {len(png)} bytes even with {colours} colours; cut it into smaller pictures")
    if len(png) < path.stat().st_size:
        path.write_bytes(png)


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*.png")):
            shrink(path)
