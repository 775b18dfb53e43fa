"""ANSI/NIST-ITL files: finger images in records of type 4 (binary fields), 13 and 14 (tagged fields).

Source: ANSI/NIST-ITL 1-2011, update 2015 (NIST SP 500-290), sections 8.1, 8.4, 8.13, 8.14 and annex B, traditional
encoding.
"""

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.prints.images.formats import format_of
from ridgecode.prints.images.pixels import ReadImage, check_size
from ridgecode.prints.images.resolution import CM, Density, stated_ppi

_FS, _GS, _RS, _US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
"""They separate records, fields, subfields and items."""
_BINARY = {3, 4, 5, 6, 7, 8}
"""Types of records whose fields are binary; all begin with their length in four bytes."""
_IMAGES = {4, 13, 14}
_TYPE_4 = struct.Struct(">IBB6sBHHB")
_FIELD = re.compile(rb"(\d+)\.(\d+):")
_PER_MM = 25.4
_LEAST_PER_MM = 19.69
"""Pixels per millimetre, 500 per inch: the resolution where a type 1 record states none."""
_UNCOMPRESSED = "NONE"
_COMPRESSIONS = (_UNCOMPRESSED, "WSQ20", "JPEGB", "JPEGL", "JP2", "JP2L", "PNG")
"""By their number in type 4 records; type 14 records have the word."""
_CODED = ("WSQ", "JPEG", "JPEG 2000", "PNG")


class _Record(NamedTuple):
    width: int
    height: int
    compression: str
    bits: int
    densities: list[Density]
    data: bytes


class _Malformed(Exception):
    """With a clause that says what contradicts the standard."""


def read_ansi_nist(data: bytes, decode: Callable[[bytes], ReadImage]) -> ReadImage:
    """The first finger image. `decode` reads the file that a record holds: WSQ, JPEG, JPEG 2000 or PNG.

    Raises BadInput for a file without a finger image, and for records that contradict the standard or are cut.
    """
    try:
        length = _tagged_length(data, 0, 1)
        first = _fields(data[:length], 1)
        records = list(_records(data, length, first.get(3, b"")))
        images = [(kind, record) for kind, record in records if kind in _IMAGES]
        if not images:
            known = ", ".join(map(str, sorted({1, *(kind for kind, _ in records)})))
            raise BadInput(f"is an ANSI/NIST file without a finger image: it holds records of type {known} only")
        kind, record = images[0]
        image = _decoded(_type_4(record, first) if kind == 4 else _tagged_image(kind, record), decode)
    except _Malformed as error:
        raise BadInput(f"is a damaged ANSI/NIST file: {error}; export it again") from error
    count = len(images)
    notes = (f"holds {count} image records; the first is taken",) if count > 1 else ()
    return image._replace(notes=(*notes, *image.notes))


def _records(data: bytes, at: int, content: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of each record from byte `at` on. content: field 1.003, which lists them in their order after an
    entry that counts them."""
    entries = [entry.split(_US) for entry in content.rstrip(_FS).split(_RS)]
    try:
        types = [int(entry[0]) for entry in entries[1:]]
    except ValueError:
        types = []
    if not content or (len(entries) > 1 and not types):
        raise _Malformed("its field 1.003 lists no records")
    for kind in types:
        if kind in _BINARY:
            if at + 4 > len(data):
                raise _Malformed(f"it ends before its record of type {kind}")
            (length,) = struct.unpack_from(">I", data, at)
        else:
            length = _tagged_length(data, at, kind)
        if length < 5 or at + length > len(data):
            raise _Malformed(f"its record of type {kind} is cut")
        yield kind, data[at : at + length]
        at += length


def _tagged_length(data: bytes, at: int, kind: int) -> int:
    """The length in field 001 of the record of tagged fields at `at`."""
    match = re.compile(rb"0*%d\.0*1:(\d{1,12})(?=[\x1c\x1d])" % kind).match(data, at)
    if match is None:
        raise _Malformed(f"it holds no record of type {kind} where field 1.003 lists one")
    return int(match[1])


def _fields(record: bytes, kind: int) -> dict[int, bytes]:
    """The content of the fields by number. Field 999 goes to the end of the record, as its bytes may be separators."""
    fields, at = {}, 0
    while match := _FIELD.match(record, at):
        number = int(match[2])
        if int(match[1]) != kind:
            raise _Malformed(f"its record of type {kind} holds a field of type {int(match[1])}")
        end = len(record) if number == 999 else record.find(_GS, match.end())
        end = len(record) if end < 0 else end
        fields[number] = record[match.end() : end]
        at = end + 1
    return fields


def _type_4(record: bytes, first: dict[int, bytes]) -> _Record:
    """ISR is 1 where the image has the native scanning resolution of field 1.011, else it has that of 1.012."""
    if len(record) < _TYPE_4.size:
        raise _Malformed("its record of type 4 is cut")
    _, _, _, _, isr, width, height, compression = _TYPE_4.unpack_from(record)
    per_mm = _number(first.get(11 if isr else 12, b"")) or _LEAST_PER_MM
    # The standard writes two decimals, so a hundredth of a pixel per millimetre is the unit.
    hundredths = Density(round(per_mm * 100), round(per_mm * 100), _PER_MM / 100)
    if compression >= len(_COMPRESSIONS):
        raise _Malformed(f"its record of type 4 has a compression of number {compression}")
    return _Record(width, height, _COMPRESSIONS[compression], 8, [hundredths], record[_TYPE_4.size :])


def _tagged_image(kind: int, record: bytes) -> _Record:
    fields = _fields(record, kind)
    if 999 not in fields:
        raise _Malformed(f"its record of type {kind} has no image (field {kind}.999)")
    width, height, unit, across, down, bits = (int(_number(fields.get(n, b""))) for n in (6, 7, 8, 9, 10, 12))
    compression = fields.get(11, b"").rstrip(_FS).decode("ascii", "replace").strip().upper()
    densities = [Density(across, down, {1: 1.0, 2: CM}[unit])] if unit in (1, 2) else []
    content = fields[999]
    # The record's last byte separates it from the next.
    return _Record(width, height, compression, bits or 8, densities, content.removesuffix(_FS))


def _number(field: bytes) -> float:
    try:
        return float(field.rstrip(_FS))
    except ValueError:
        return 0.0


def _decoded(record: _Record, decode: Callable[[bytes], ReadImage]) -> ReadImage:
    ppi, notes = stated_ppi(record.densities)
    if record.compression == _UNCOMPRESSED:
        if record.bits != 8:
            raise BadInput(f"holds uncompressed samples of {record.bits} bits, where 8 are read: save it as PNG")
        check_size(record.width, record.height)
        size = record.width * record.height
        if len(record.data) < size:
            raise _Malformed(
                f"its image of {record.width} x {record.height} pixels has {len(record.data)} bytes of them"
            )
        grey = np.frombuffer(record.data, np.uint8, size).reshape(record.height, record.width).copy()
        return ReadImage(grey, ppi, notes)
    if format_of(record.data) not in _CODED:
        raise _Malformed(f"its image (compression {record.compression}) is no WSQ, JPEG, JPEG 2000 or PNG data")
    image = decode(record.data)
    return image._replace(ppi=ppi or image.ppi, notes=(*notes, *image.notes))
