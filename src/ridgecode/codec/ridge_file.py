"""The file format `.ridge`: coded prints, alone or many in an archive (docs/format.md).

Version 1 is for prints of the size of their model's window. In version 2 each print has a size of its own.

An archive holds its header and its directory twice, at its beginning and at its end, and a CRC for each print. The
directory tells where each print lies, counted from either end. So bytes that are damaged, lost or inserted harm only
the prints that they belong to.
"""

import mmap
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from ridgecode.codec.full_size import FullSize, full_size, stored_size
from ridgecode.codec.ridge_directory import Directory, pack_directory, unpack_directory
from ridgecode.errors import BadInput
from ridgecode.files import whole_file

MAGIC = b"RDG"
WINDOW_VERSION = 1
FULL_VERSION = 2
VERSIONS = (WINDOW_VERSION, FULL_VERSION)
ARCHIVE = 0x80
"""This bit of the version byte is set in an archive."""
PREFIX = struct.Struct("<3sB4sHH")
"""The beginning of a header: magic, version byte, first bytes of the model's SHA-256, height, width. Height and width
are of the model's window in version 1; in version 2 of the print, and 0 in an archive, whose directory has them."""
HUNDREDTHS_OF_PPI = struct.Struct("<I")
"""What follows PREFIX in a file of one print of version 2."""
CRC = struct.Struct("<I")
HEADER = struct.Struct("<12sIII")
"""An archive's header: what PREFIX packs, number of prints, bytes of the directory, CRC-32 of the bytes before."""
HASH_BYTES = 4
"""A coded file holds this many bytes of its model file's SHA-256."""
ONE_PRINT_OVERHEAD = PREFIX.size + CRC.size
"""Bytes of a file of one print of version 1 that are not its payload."""
FULL_PRINT_OVERHEAD = ONE_PRINT_OVERHEAD + HUNDREDTHS_OF_PPI.size
"""The same of version 2."""
TRY_AGAIN = "copy or encode it again"


def pack_print(model: bytes, height: int, width: int, payload: bytes) -> bytes:
    """The bytes of a file of one print, version 1: its payload and 16 more.

    model: the first 4 bytes of the model file's SHA-256. height, width: of the model's window, in pixels, below 65,536.
    """
    return _with_crc(PREFIX.pack(MAGIC, WINDOW_VERSION, model, height, width) + payload)


def pack_full_print(model: bytes, size: FullSize, payload: bytes) -> bytes:
    """The bytes of a file of one print of any size, version 2: its payload and 20 more. model: as in `pack_print`.

    Raises ValueError for a size that `FullSize` does not allow.
    """
    height, width, hundredths = stored_size(size)
    header = PREFIX.pack(MAGIC, FULL_VERSION, model, height, width) + HUNDREDTHS_OF_PPI.pack(hundredths)
    return _with_crc(header + payload)


def pack_archive(model: bytes, height: int, width: int, names: Sequence[str], payloads: Sequence[bytes]) -> bytes:
    """The bytes of an archive, version 1. Raises ValueError where there are not as many names as payloads, and for
    names that `encoded_names` refuses."""
    directory = Directory([len(payload) for payload in payloads], list(names))
    return _packed_archive(PREFIX.pack(MAGIC, ARCHIVE | WINDOW_VERSION, model, height, width), directory, payloads)


def pack_full_archive(
    model: bytes, names: Sequence[str], sizes: Sequence[FullSize], payloads: Sequence[bytes]
) -> bytes:
    """The bytes of an archive of prints of any size, version 2. Raises ValueError as `pack_archive` does, and where
    there are not as many sizes as payloads or one is none that `FullSize` allows."""
    if len(sizes) != len(payloads):
        raise ValueError(f"{len(sizes)} sizes for {len(payloads)} prints")
    directory = Directory([len(payload) for payload in payloads], list(names), list(sizes))
    return _packed_archive(PREFIX.pack(MAGIC, ARCHIVE | FULL_VERSION, model, 0, 0), directory, payloads)


def write_archive(
    path: Path, model: bytes, height: int, width: int, names: Sequence[str], payloads: Sequence[bytes]
) -> None:
    """Writes `pack_archive` to a file, whole or not at all, and raises ValueError as it does."""
    with whole_file(path) as temporary:
        temporary.write_bytes(pack_archive(model, height, width, names, payloads))


class RidgeFile:
    """A coded file that is open for reading; each print is read only when it is asked for.

    version: 1 or 2. model: the first 4 bytes of its model's SHA-256. height, width: of the model's window, in pixels;
    0 in version 2, where each print has a `size`. names: of the prints; a name comes from the file, and may be
    anything, such as an absolute path.
    """

    def __init__(self, data: bytes | mmap.mmap, path: Path) -> None:
        """data: the bytes of a file. path: its path, for messages. Raises BadInput as `open` does."""
        self.path, self._data = path, memoryview(data)
        self._identity: bytes | None = None
        self._places: list[tuple[int, int]] = []
        self._sizes: list[FullSize] | None = None
        self._size_error = 0
        if len(data) < ONE_PRINT_OVERHEAD:
            raise BadInput(f"{path} has {len(data)} bytes, too few for a coded print; {TRY_AGAIN}")
        version_byte = self._version_byte()
        if version_byte & ~ARCHIVE not in VERSIONS:
            raise BadInput(
                f"{path} has format version {version_byte & ~ARCHIVE}, or is damaged; this ridgecode reads versions "
                f"{WINDOW_VERSION} and {FULL_VERSION}: upgrade, or copy the file again"
            )
        if version_byte & ARCHIVE:
            self._open_archive()
        else:
            self._open_print()

    @classmethod
    def open(cls, path: Path) -> "RidgeFile":
        """Opens the file at `path`. Raises BadInput for a file that is not there, is no coded file, is of a newer
        version, or is damaged where it describes its prints."""
        try:
            with path.open("rb") as opened:
                # A mapped file lets one print of a large archive be read without the others; 0 bytes can't be mapped.
                empty = path.stat().st_size == 0
                return cls(b"" if empty else mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise BadInput(f"{path} can't be read ({reason}); give a file that `ridgecode encode` wrote") from error

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_archive(self) -> bool:
        """Whether the file is an archive, which stores names; the name of a single print is that of its file."""
        return self._identity is not None

    def size(self, k: int) -> FullSize | None:
        """The size of print `k`, from 0; None in version 1. The CRC over it was checked when the file was opened."""
        return None if self._sizes is None else self._sizes[k]

    def payload(self, k: int) -> bytes:
        """The payload of print `k`, from 0. Raises BadInput where it is damaged or cut off."""
        start, length = self._places[k]
        if self._identity is None:
            return bytes(self._data[start : start + length])  # a single print, whose CRC was checked at opening
        # Where bytes are lost or inserted before the record, its distance from the end is still right.
        for place in dict.fromkeys((start, max(0, start + self._size_error))):
            payload = bytes(self._data[place : place + length])
            crc = self._data[place + length : place + length + CRC.size]
            if len(payload) == length and _record_crc(self._identity, k, payload) == crc:
                return payload
        raise BadInput(f"{self.path}: the print {self.names[k]!r} is damaged; {TRY_AGAIN}")

    def _version_byte(self) -> int:
        """The version byte; that of the header at the end, where the beginning of an archive is damaged."""
        first, last = bytes(self._data[: len(MAGIC)]), self._data[-HEADER.size :]
        if first == MAGIC and self._data[len(MAGIC)] & ~ARCHIVE in VERSIONS:
            return self._data[len(MAGIC)]
        if len(last) == HEADER.size and _is_header(last):
            return last[len(MAGIC)]
        if first != MAGIC:
            raise BadInput(f"{self.path} is no coded file, or its beginning is damaged; give one that encode wrote")
        return self._data[len(MAGIC)]

    def _open_print(self) -> None:
        data = self._data
        if CRC.pack(zlib.crc32(data[: -CRC.size])) != data[-CRC.size :]:
            # A file of one print and an archive differ in one bit, so that this may be an archive with a damaged bit.
            if len(data) > 2 * HEADER.size and _is_header(data[-HEADER.size :]):
                self._open_archive()
                return
            raise BadInput(f"{self.path} is damaged or cut off; {TRY_AGAIN}")
        _, self.version, self.model, self.height, self.width = PREFIX.unpack_from(data)
        self.names = [self.path.stem]
        self._places = [(PREFIX.size, len(data) - ONE_PRINT_OVERHEAD)]
        if self.version == FULL_VERSION:
            self._open_full_print()

    def _open_full_print(self) -> None:
        if len(self._data) < FULL_PRINT_OVERHEAD:
            raise BadInput(f"{self.path} has {len(self._data)} bytes, too few for a coded print; {TRY_AGAIN}")
        (hundredths,) = HUNDREDTHS_OF_PPI.unpack_from(self._data, PREFIX.size)
        try:
            self._sizes = [full_size(self.height, self.width, hundredths)]
        except ValueError as error:
            raise BadInput(f"{self.path} states an impossible size ({error}); {TRY_AGAIN}") from error
        self.height = self.width = 0
        self._places = [(PREFIX.size + HUNDREDTHS_OF_PPI.size, len(self._data) - FULL_PRINT_OVERHEAD)]

    def _open_archive(self) -> None:
        data, found = self._data, None
        for header in (data[: HEADER.size], data[-HEADER.size :]):
            if len(header) == HEADER.size and _is_header(header):
                prefix, count, size, _ = HEADER.unpack(header)
                found = found or self._directory(prefix, count, size)
        if found is None:
            raise BadInput(f"{self.path} is damaged at both ends, so its prints can't be found; {TRY_AGAIN}")
        prefix, count, size, checksum, directory = found
        _, version_byte, self.model, self.height, self.width = PREFIX.unpack(prefix)
        self.version = version_byte & ~ARCHIVE
        self._identity = prefix + checksum
        self.names, self._sizes = directory.names, directory.sizes
        place = HEADER.size + size
        for length in directory.lengths:
            self._places.append((place, length))
            place += length + CRC.size
        self._size_error = len(data) - (place + size + HEADER.size)

    def _directory(self, prefix: bytes, count: int, size: int) -> tuple[bytes, int, int, bytes, Directory] | None:
        """The header's fields, and the CRC and the content of the first undamaged copy of the directory; None where
        both are damaged."""
        data = self._data
        if count > len(data) // CRC.size or size > len(data):
            return None
        end, sized = len(data) - HEADER.size, prefix[len(MAGIC)] == ARCHIVE | FULL_VERSION
        for copy in (data[HEADER.size : HEADER.size + size], data[max(0, end - size) : end]):
            packed, checksum = bytes(copy[: -CRC.size]), bytes(copy[-CRC.size :])
            if len(copy) == size >= CRC.size and CRC.pack(zlib.crc32(packed)) == checksum:
                try:
                    return prefix, count, size, checksum, unpack_directory(packed, count, sized)
                except ValueError:
                    continue
        return None


def _packed_archive(prefix: bytes, contents: Directory, payloads: Sequence[bytes]) -> bytes:
    """prefix: what PREFIX packs. Raises ValueError where there are not as many names as payloads."""
    if len(contents.names) != len(payloads):
        raise ValueError(f"{len(contents.names)} names for {len(payloads)} prints")
    directory = pack_directory(contents)
    checksum = CRC.pack(zlib.crc32(directory))
    directory += checksum
    header = _with_crc(prefix + struct.pack("<II", len(payloads), len(directory)))
    records = b"".join(payload + _record_crc(prefix + checksum, k, payload) for k, payload in enumerate(payloads))
    return header + directory + records + directory + header


def _with_crc(data: bytes) -> bytes:
    return data + CRC.pack(zlib.crc32(data))


def _record_crc(identity: bytes, k: int, payload: bytes) -> bytes:
    """The CRC of print `k` of an archive. identity: what PREFIX packs, and the directory's CRC. The CRC covers these
    and `k` too, so that a record at another print's place, or of another archive, is noticed."""
    return CRC.pack(zlib.crc32(payload, zlib.crc32(identity + CRC.pack(k))))


def _is_header(header: bytes | memoryview) -> bool:
    """Whether this is an undamaged header of an archive."""
    same = CRC.pack(zlib.crc32(header[: -CRC.size])) == header[-CRC.size :]
    return same and bytes(header[:3]) == MAGIC and header[3] in [ARCHIVE | version for version in VERSIONS]
