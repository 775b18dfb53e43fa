"""Reconstruction sheets: a row a print, a column a model's reconstructions, and the true prints in the last column.

Pillow draws them rather than matplotlib: it takes milliseconds, so that a training can draw one as it goes on.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ridgecode.files import whole_file

TRUTH = "truth"
CELL = 96  # the longer side of a print on the sheet in pixels, before rounding to a whole factor of enlargement
GAP = 6
MARGIN = 12
INK = (28, 37, 49)
MUTED = (93, 104, 117)
PAPER = 255


def reconstruction_sheet(
    columns: Mapping[str, np.ndarray],
    path: Path | str | None = None,
    title: str = "",
    row_labels: Sequence[str] | None = None,
) -> bytes:
    """Draws the sheet; returns it as PNG bytes and, with `path`, writes them there whole.

    Args:
        columns: label to images, each (N, h, w) of one shape; uint8, or float in [0, 1] (clipped, NaN shown as grey).
            Columns keep their order, but the one named "truth" always comes last. A label may have several lines.
        path: where the PNG goes; None only returns it.
        title: a line above the sheet.
        row_labels: N short names shown left of the rows.

    Pixels are enlarged by whole factors without smoothing, so that the sheet shows the model's own pixels. Equal input
    gives equal bytes. Raises ValueError where there is no column, columns differ in shape, or the number of row labels
    is not N.
    """
    labels = [label for label in columns if label != TRUTH] + [label for label in columns if label == TRUTH]
    if not labels:
        raise ValueError("a reconstruction sheet needs at least one column")
    shape = np.shape(columns[labels[0]])
    if len(shape) != 3 or 0 in shape or any(np.shape(columns[label]) != shape for label in labels):
        shapes = {label: np.shape(columns[label]) for label in labels}
        raise ValueError(f"the columns of a sheet must be (N, h, w) images of one shape, not {shapes}")
    if row_labels is not None and len(row_labels) != shape[0]:
        raise ValueError(f"{len(row_labels)} row labels for {shape[0]} rows")

    n, height, width = shape
    factor = max(1, round(CELL / max(height, width)))
    cell_height, cell_width = height * factor, width * factor
    text, heading = ImageFont.load_default(13), ImageFont.load_default(16)
    left = MARGIN + (max(_width(label, text) for label in row_labels) + 10 if row_labels else 0)
    lines = max(label.count("\n") + 1 for label in labels)
    top = MARGIN + (28 if title else 0) + 18 * lines + 4
    # The gap before the truth is twice as wide.
    lefts = [left + i * (cell_width + GAP) for i in range(len(labels))]
    if labels[-1] == TRUTH and len(labels) > 1:
        lefts[-1] += GAP
    needed = MARGIN + int(heading.getlength(title)) if title else 0
    canvas = np.full(
        (top + n * (cell_height + GAP) - GAP + MARGIN, max(lefts[-1] + cell_width, needed) + MARGIN), PAPER, np.uint8
    )
    for x, label in zip(lefts, labels, strict=True):
        images = _grey(columns[label]).repeat(factor, axis=1).repeat(factor, axis=2)
        for i, image in enumerate(images):
            y = top + i * (cell_height + GAP)
            canvas[y : y + cell_height, x : x + cell_width] = image

    # A palette is enough for greys and two inks, but RGB opens everywhere alike.
    sheet = Image.fromarray(canvas).convert("RGB")
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((MARGIN, MARGIN - 2), title, fill=INK, font=heading)
    for x, label in zip(lefts, labels, strict=True):
        for i, line in enumerate(label.split("\n")):
            spot = (x + cell_width / 2, top - 6 - 18 * (lines - 1 - i))
            draw.text(spot, line, fill=MUTED if i else INK, font=text, anchor="ms")
        for i in range(n):
            y = top + i * (cell_height + GAP)
            draw.rectangle((x - 1, y - 1, x + cell_width, y + cell_height), outline=(208, 214, 221))
    for i, label in enumerate(row_labels or ()):
        place = (left - 10, top + i * (cell_height + GAP) + cell_height / 2)
        draw.text(place, label, fill=MUTED, font=text, anchor="rm")

    stream = io.BytesIO()
    sheet.save(stream, format="PNG")
    png = stream.getvalue()
    if path is not None:
        with whole_file(path) as temporary:
            temporary.write_bytes(png)
    return png


def _grey(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    unit = np.nan_to_num(images.astype(np.float32), nan=0.5, posinf=1.0, neginf=0.0).clip(0, 1)
    return np.rint(unit * 255).astype(np.uint8)


def _width(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    return int(font.getlength(text)) + 1
