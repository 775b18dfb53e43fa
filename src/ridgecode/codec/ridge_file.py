"""The file format `.ridge`: coded prints, alone or many in an archive (docs/format.md).

An archive has its header and its directory at both ends, and a CRC of its own at each print, whose place is known from
both ends: what is damaged, lost or put in harms nothing but itself.
"""

import mmap
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from ridgecode.codec.ridge_directory import Directory, pack_directory, unpack_directory
from ridgecode.errors import BadInput
from ridgecode.files import whole_file

MAGIC = b"RDG"
VERSION = 1
ARCHIVE = 0x80
"""Set in the byte of the version where a file is an archive."""
ABOUT = struct.Struct("<3sB4sHH")
"""Magic, kind and version, first bytes of the model's SHA-256, height, width."""
CRC = struct.Struct("<I")
HEADER = struct.Struct("<12sIII")
"""ABOUT, how many prints, bytes of the directory, CRC-32 of the bytes before."""
HASH_BYTES = 4
"""How many bytes of a model file's SHA-256 a coded file has."""
BESIDE_ONE_PRINT = ABOUT.size + CRC.size
"""Bytes of a file of one print beside its payload."""
AGAIN = "copy or encode it again"


def pack_print(model: bytes, height: int, width: int, payload: bytes) -> bytes:
    """One print: 16 bytes and its payload. model: the first 4 bytes of the model file's SHA-256."""
    data = ABOUT.pack(MAGIC, VERSION, model, height, width) + payload
    return data + CRC.pack(zlib.crc32(data))


def pack_archive(model: bytes, height: int, width: int, names: Sequence[str], payloads: Sequence[bytes]) -> bytes:
    """Many prints. Raises ValueError for other numbers of names and payloads, or names that `encoded_names` refuses."""
    if len(names) != len(payloads):
        raise ValueError(f"{len(names)} names for {len(payloads)} prints")
    about = ABOUT.pack(MAGIC, ARCHIVE | VERSION, model, height, width)
    directory = pack_directory(Directory([len(payload) for payload in payloads], list(names)))
    checksum = CRC.pack(zlib.crc32(directory))
    directory += checksum
    header = about + struct.pack("<II", len(payloads), len(directory))
    header += CRC.pack(zlib.crc32(header))
    records = b"".join(payload + _record_crc(about + checksum, k, payload) for k, payload in enumerate(payloads))
    return header + directory + records + directory + header


def write_archive(
    path: Path, model: bytes, height: int, width: int, names: Sequence[str], payloads: Sequence[bytes]
) -> None:
    """`pack_archive` as a file, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(pack_archive(model, height, width, names, payloads))


class RidgeFile:
    """A coded file that is open for reading; prints are read one by one, wherever they lie.

    model: the first 4 bytes of its model's SHA-256; height, width: of the window that the model sees, in pixels; names:
    of the prints, which someone else may have written.
    """

    def __init__(self, data: bytes | mmap.mmap, path: Path) -> None:
        """The bytes of a file, and its path for messages. Raises BadInput as `open` does."""
        self.path, self._data = path, memoryview(data)
        self._belonging: bytes | None = None
        self._places: list[tuple[int, int]] = []
        self._moved = 0
        if len(data) < BESIDE_ONE_PRINT:
            raise BadInput(f"{path} has {len(data)} bytes, too few for a coded print; {AGAIN}")
        kind = self._kind()
        if kind & ~ARCHIVE != VERSION:
            raise BadInput(
                f"{path} has format version {kind & ~ARCHIVE}, or is damaged; this ridgecode reads version {VERSION}: "
                "upgrade, or copy the file again"
            )
        if kind & ARCHIVE:
            self._open_archive()
        else:
            self._open_print()

    @classmethod
    def open(cls, path: Path) -> "RidgeFile":
        """Raises BadInput for a file that is not there, no coded file, one of a newer version, or one that is damaged
        beyond its prints."""
        try:
            with path.open("rb") as opened:
                # Mapped: one print of a large archive is read without the others. Nothing can be mapped of 0 bytes.
                empty = path.stat().st_size == 0
                return cls(b"" if empty else mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise BadInput(f"{path} can't be read ({reason}); give a file that `ridgecode encode` wrote") from error

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_archive(self) -> bool:
        """Whether it holds prints under names of their own, instead of one that is called as its file is."""
        return self._belonging is not None

    def payload(self, k: int) -> bytes:
        """Of print `k`. Raises BadInput where it is damaged or cut off."""
        start, length = self._places[k]
        if self._belonging is None:
            return bytes(self._data[start : start + length])  # the only print, whose CRC was checked at opening
        # Where bytes were lost or put in before the record, it still has its distance from the end.
        for place in dict.fromkeys((start, max(0, start + self._moved))):
            payload = bytes(self._data[place : place + length])
            crc = self._data[place + length : place + length + CRC.size]
            if len(payload) == length and _record_crc(self._belonging, k, payload) == crc:
                return payload
        raise BadInput(f"{self.path}: the print {self.names[k]!r} is damaged; {AGAIN}")

    def _kind(self) -> int:
        """The byte of kind and version, of the end where the beginning of an archive is damaged."""
        first, last = bytes(self._data[: len(MAGIC)]), self._data[-HEADER.size :]
        if first == MAGIC and self._data[len(MAGIC)] & ~ARCHIVE == VERSION:
            return self._data[len(MAGIC)]
        if len(last) == HEADER.size and _checked(last):
            return last[len(MAGIC)]
        if first != MAGIC:
            raise BadInput(f"{self.path} is no coded file, or its beginning is damaged; give one that encode wrote")
        return self._data[len(MAGIC)]

    def _open_print(self) -> None:
        data = self._data
        if CRC.pack(zlib.crc32(data[: -CRC.size])) != data[-CRC.size :]:
            # The short form and an archive differ in one bit: a damaged one may be the other.
            if len(data) > 2 * HEADER.size and _checked(data[-HEADER.size :]):
                self._open_archive()
                return
            raise BadInput(f"{self.path} is damaged or cut off; {AGAIN}")
        _, _, self.model, self.height, self.width = ABOUT.unpack_from(data)
        self.names = [self.path.stem]
        self._places = [(ABOUT.size, len(data) - BESIDE_ONE_PRINT)]

    def _open_archive(self) -> None:
        data, found = self._data, None
        for header in (data[: HEADER.size], data[-HEADER.size :]):
            if len(header) == HEADER.size and _checked(header):
                about, count, size, _ = HEADER.unpack(header)
                found = found or self._directory(about, count, size)
        if found is None:
            raise BadInput(f"{self.path} is damaged at both ends, so its prints can't be found; {AGAIN}")
        about, count, size, checksum, directory = found
        _, _, self.model, self.height, self.width = ABOUT.unpack(about)
        self._belonging = about + checksum
        self.names = directory.names
        place = HEADER.size + size
        for length in directory.lengths:
            self._places.append((place, length))
            place += length + CRC.size
        self._moved = len(data) - (place + size + HEADER.size)

    def _directory(self, about: bytes, count: int, size: int) -> tuple[bytes, int, int, bytes, Directory] | None:
        """The first copy that is whole, and its CRC; None where none is."""
        data = self._data
        if count > len(data) // CRC.size or size > len(data):
            return None
        end = len(data) - HEADER.size
        for copy in (data[HEADER.size : HEADER.size + size], data[max(0, end - size) : end]):
            packed, checksum = bytes(copy[: -CRC.size]), bytes(copy[-CRC.size :])
            if len(copy) == size >= CRC.size and CRC.pack(zlib.crc32(packed)) == checksum:
                try:
                    return about, count, size, checksum, unpack_directory(packed, count)
                except ValueError:
                    continue
        return None


def _record_crc(belonging: bytes, k: int, payload: bytes) -> bytes:
    """Of one print in an archive. belonging: the model, the shape and the directory's CRC, which go into it, as its
    number does: so a record that was moved, or comes from another archive, is found out."""
    return CRC.pack(zlib.crc32(payload, zlib.crc32(belonging + CRC.pack(k))))


def _checked(header: bytes | memoryview) -> bool:
    """Whether a header of an archive is whole."""
    same = CRC.pack(zlib.crc32(header[: -CRC.size])) == header[-CRC.size :]
    return same and bytes(header[:4]) == MAGIC + bytes([ARCHIVE | VERSION])
