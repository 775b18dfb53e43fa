"""The headers at the beginning of a JPEG XL codestream, which can be read without decoding: size and metadata."""

SIZE_BITS = (9, 13, 18, 30)
"""Bits of a side's length, in each of the four forms in which it may be written."""


class _Bits:
    """Reads bits, those of each byte from the least significant one on."""

    def __init__(self, data: bytes) -> None:
        self.value, self.at = int.from_bytes(data, "little"), 0

    def read(self, n: int) -> int:
        found = (self.value >> self.at) & ((1 << n) - 1)
        self.at += n
        return found

    def choice(self, *extra: int) -> tuple[int, int]:
        """Reads 2 bits that tell which of four forms follows, and then a value of as many bits as `extra` gives for
        that form. Returns the form, 0 to 3, and the value."""
        which = self.read(2)
        return which, self.read(extra[which])

    def enum(self) -> int:
        """Reads a number in the form that the standard calls Enum."""
        which, value = self.choice(0, 0, 4, 6)
        return value + (0, 1, 2, 18)[which]


def jpeg_xl_header(data: bytes) -> int:
    """Bytes of the signature, the image's size and its metadata; a last byte that is partly used counts whole. The
    frame header, the table of contents and all coding tables count as image.

    Source: ISO/IEC 18181-1, annex D. Raises ValueError for a container, and for metadata that no grey print has
    (animation, extra channels, ICC profiles, custom white points).
    """
    if data[:2] != b"\xff\x0a":
        raise ValueError("no JPEG XL codestream")
    bits = _Bits(data[2:64])
    _size(bits)
    if not bits.read(1):  # not all metadata is default
        if bits.read(1):
            raise ValueError("a JPEG XL header with extra fields")
        if bits.read(1):
            raise ValueError("a JPEG XL image of floats")
        bits.choice(0, 0, 0, 6)  # bits a sample
        bits.read(1)  # whether 16 bits are enough for the modular mode
        if bits.choice(0, 0, 4, 12)[0]:
            raise ValueError("a JPEG XL image with extra channels")
        bits.read(1)  # whether it is coded in XYB
        _colours(bits)
        if bits.read(2):
            raise ValueError("a JPEG XL header with extensions")
    if not bits.read(1):
        raise ValueError("a JPEG XL header with transforms of its own")
    return 2 + (bits.at + 7) // 8


def _size(bits: _Bits) -> None:
    """Skips the height and the width."""
    eighths = bits.read(1)
    for other in range(2):
        if other and bits.read(3):  # the width is given as a ratio to the height
            return
        if eighths:
            bits.read(5)
        else:
            bits.choice(*SIZE_BITS)


def _colours(bits: _Bits) -> None:
    """Skips the colour encoding."""
    if bits.read(1):  # all defaults: sRGB
        return
    if bits.read(1):
        raise ValueError("a JPEG XL image with an ICC profile")
    space, white = bits.enum(), bits.enum()
    if white == 2 or space > 1:
        raise ValueError("a JPEG XL image with a white point or a colour space of its own")
    if space == 0 and bits.enum() == 2:
        raise ValueError("a JPEG XL image with primaries of its own")
    if bits.read(1):
        bits.read(24)  # gamma
    else:
        bits.enum()  # transfer function
    bits.enum()  # rendering intent
