"""How many bytes of a coded image are container and headers, which a format for thumbnails could leave out.

Each function parses the format's outer structure. Headers that are mixed with the image data, such as JPEG 2000's
packet headers and the frame headers within VP8's and AV1's data, count as image.
"""

_SOS, _SOI, _EOI = 0xFFDA, 0xFFD8, 0xFFD9
_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9


def jpeg_header(data: bytes) -> int:
    """Bytes of all marker segments from SOI to EOI, tables included: all but the Huffman-coded bits of the scans.

    Source: ITU-T T.81, annex B. Raises ValueError for another format.
    """
    if marker_of(data, 0) != _SOI:
        raise ValueError("no JPEG file")
    coded, at = 0, 2
    while (marker := marker_of(data, at)) != _EOI:
        at += 2 + marker_of(data, at + 2)
        if marker == _SOS:
            stop = scan_end(data, at)
            while 0xFFD0 <= marker_of(data, stop) <= 0xFFD7:  # restart markers lie within a scan
                stop = scan_end(data, stop + 2)
            coded, at = coded + stop - at, stop
    return len(data) - coded


def jpeg2000_header(data: bytes) -> int:
    """Bytes of the main header, of each tile-part's header from SOT to SOD, and of EOC. Packets and their headers count
    as image.

    Source: ITU-T T.800, annex A. Raises ValueError for another format, such as a codestream in JP2 boxes.
    """
    if marker_of(data, 0) != _SOC:
        raise ValueError("no JPEG 2000 codestream")
    coded, at = 0, 2
    while (marker := marker_of(data, at)) != _EOC:
        if marker != _SOT:
            at += 2 + marker_of(data, at + 2)
            continue
        # A length of 0 stands for a tile-part that reaches to the end of the codestream.
        end = at + int.from_bytes(data[at + 6 : at + 10]) if any(data[at + 6 : at + 10]) else len(data) - 2
        while (marker := marker_of(data, at)) != _SOD:
            at += 2 + marker_of(data, at + 2)
        coded, at = coded + end - at - 2, end
    return len(data) - coded


def webp_header(data: bytes) -> int:
    """Bytes of the RIFF and chunk headers, of chunks other than VP8, of padding, and the first 10 bytes of VP8's data:
    frame tag, start code and size. VP8's arithmetic-coded header counts as image.

    Source: RFC 9649 and RFC 6386, section 9.1. Raises ValueError for another format, such as lossless WebP.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no WebP file")
    at = 12
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"VP8 ":
            return len(data) - (size - 10)
        at += 8 + size + size % 2
    raise ValueError("no lossy WebP file")


def avif_header(data: bytes) -> int:
    """Bytes of all boxes but the content of `mdat`. The AV1 sequence and frame headers in there count as image.

    Source: ISO/IEC 14496-12, section 4.2. Raises ValueError for another format.
    """
    if data[4:12] != b"ftypavif":
        raise ValueError("no AVIF file")
    coded, at = 0, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        size = size or len(data) - at  # 0: to the end of the file
        if data[at + 4 : at + 8] == b"mdat":
            coded += size - 8
        at += size
    return len(data) - coded


def marker_of(data: bytes, at: int) -> int:
    """The two bytes at `at` as a number: a marker, or the length of a segment. Raises ValueError at the end of the
    data."""
    if at + 2 > len(data):
        raise ValueError("the file ends within its headers")
    return int.from_bytes(data[at : at + 2])


def scan_end(data: bytes, at: int) -> int:
    """Where the entropy-coded bits that begin at `at` end: at the next marker. A byte FF of the bits is followed by 00,
    and so is no marker. Raises ValueError where there is none."""
    while (at := data.find(b"\xff", at)) >= 0:
        if at + 1 < len(data) and data[at + 1] != 0:
            return at
        at += 1
    raise ValueError("the file ends within its image")
