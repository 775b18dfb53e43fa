"""Netpbm files: PBM, PGM and PPM, plain and raw, and PAM, of any maximum from 1 to 65535.

Source: the format's own pages, https://netpbm.sourceforge.net/doc/ (pbm, pgm, ppm, pam).
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.images.pixels import ReadImage, check_size, dark_note, grey_of_samples, scaled
from ridgecode.prints.images.whole import Damaged

_CHANNELS = {1: 1, 2: 1, 3: 3, 4: 1, 5: 1, 6: 3}
_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*([0-9]+)")
"""A number in a header, after white space and comments."""
_LONG_END = re.compile(rb"(?:[ \t]*#[^\r\n]*\r?\n|\r\n)")
_COMMENT = re.compile(rb"#[^\r\n]*")
_PAM_COLOURS = {"BLACKANDWHITE": 1, "GRAYSCALE": 1, "RGB": 3}
_ANOTHER = re.compile(rb"\s*P[1-7][\s#]")


class _Header(NamedTuple):
    width: int
    height: int
    channels: int
    top: int
    start: int
    """Of the pixels."""
    has_alpha: bool = False


def read_netpbm(data: bytes) -> ReadImage:
    """The first image of the file. Line ends in the header may be CR LF. Raises Damaged where pixels are missing."""
    kind = data[1] - ord("0")
    header = _pam_header(data) if kind == 7 else _header(data, kind)
    check_size(header.width, header.height)
    if not (0 < header.top < 65536 and 0 < header.channels <= 4):
        raise Damaged
    samples, end = _plain(data, header, kind) if kind < 4 else _raw(data, header, kind)
    if kind in (1, 4):  # 1 is black
        samples = 1 - samples
    if samples.max() > header.top:
        raise Damaged
    levels = scaled(samples, header.top)
    grey = grey_of_samples(levels[..., :-1], levels[..., -1]) if header.has_alpha else grey_of_samples(levels)
    more = _ANOTHER.match(data, end) is not None
    notes = ("holds more than one image; the first is taken",) if more else ()
    return ReadImage(grey, 0.0, (*notes, *dark_note(samples, header.top)))


def _header(data: bytes, kind: int) -> _Header:
    numbers, at = [], 2
    for _ in range(2 if kind in (1, 4) else 3):
        match = _TOKEN.match(data, at)
        if match is None:
            raise Damaged
        numbers.append(int(match[1]))
        at = match.end()
    top = 1 if kind in (1, 4) else numbers[2]
    header = _Header(numbers[0], numbers[1], _CHANNELS[kind], top, at)
    if kind < 4:
        return header
    # One white space ends a raw header. CR LF does too, and so does a comment, unless the pixels fill the file with
    # these bytes as the first of them.
    if len(data) - at - 1 != (size := _raw_bytes(header, kind)):
        match = _LONG_END.match(data, at)
        if match and len(data) - match.end() >= size:
            return header._replace(start=match.end())
    return header._replace(start=at + 1)


def _pam_header(data: bytes) -> _Header:
    match = re.search(rb"[\r\n]ENDHDR[^\r\n]*(?:\r\n|\n)", data[:10_000])
    if match is None:
        raise Damaged
    lines = _COMMENT.sub(b"", data[2 : match.start()]).decode("ascii").split("\n")
    fields = dict(line.split(None, 1) for line in lines if len(line.split()) > 1)
    name = fields.get("TUPLTYPE", "").strip()
    has_alpha = name.endswith("_ALPHA")
    channels = int(fields["DEPTH"])
    if name and channels != _PAM_COLOURS[name.removesuffix("_ALPHA")] + has_alpha:
        raise Damaged
    width, height, top = (int(fields[key]) for key in ("WIDTH", "HEIGHT", "MAXVAL"))
    # Without a name of its kind, the number of channels says what they are.
    return _Header(width, height, channels, top, match.end(), has_alpha or channels in (2, 4))


def _row_bytes(header: _Header, kind: int) -> int:
    if kind == 4:
        return (header.width + 7) // 8
    return header.width * header.channels * (2 if header.top > 255 else 1)


def _raw_bytes(header: _Header, kind: int) -> int:
    return _row_bytes(header, kind) * header.height


def _raw(data: bytes, header: _Header, kind: int) -> tuple[NDArray[np.unsignedinteger], int]:
    """Samples (H, W, channels) and where they end."""
    end = header.start + _raw_bytes(header, kind)
    if end > len(data):
        raise Damaged
    if kind == 4:
        rows = np.frombuffer(data[header.start : end], np.uint8).reshape(header.height, -1)
        return np.unpackbits(rows, axis=1, count=header.width)[..., None], end
    samples = np.frombuffer(data[header.start : end], ">u2" if header.top > 255 else np.uint8)
    return samples.reshape(header.height, header.width, header.channels), end


def _plain(data: bytes, header: _Header, kind: int) -> tuple[NDArray[np.unsignedinteger], int]:
    """Samples (H, W, channels) and where they end: the end of the file, as plain files hold one image."""
    text = _COMMENT.sub(b"", data[header.start :])
    count = header.width * header.height * header.channels
    # The digits of a plain bitmap need no white space between them.
    words = re.findall(rb"[01]", text) if kind == 1 else text.split()
    if len(words) < count or (kind == 1 and re.search(rb"[^01\s]", text)):
        raise Damaged
    return np.array(words[:count], np.uint32).reshape(header.height, header.width, -1), len(data)
