"""Which image formats are read, and how a file's name or first bytes show its format."""

import re
import stat
from pathlib import Path

_READ = {
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "JPEG 2000": (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    "Netpbm": (".pbm", ".pgm", ".ppm", ".pnm", ".pam"),
    "PNG": (".png", ".apng"),
    "TIFF": (".tif", ".tiff"),
    "WebP": (".webp",),
    "WSQ": (".wsq",),
    "ANSI/NIST": (".an", ".an2", ".ebts", ".eft", ".int", ".nist", ".nst"),
}
SUFFIXES = frozenset(suffix for suffixes in _READ.values() for suffix in suffixes)
"""Of the files that are read."""

# fmt: off
_UNREAD_SUFFIXES = frozenset({
    ".3fr", ".arw", ".avif", ".avifs", ".bpg", ".cin", ".cr2", ".cr3", ".crw", ".cur", ".dcm", ".dcr", ".dds",
    ".dicom", ".djvu", ".dng", ".dpx", ".emf", ".eps", ".erf", ".exr", ".fit", ".fits", ".fts", ".hdr", ".heic",
    ".heics", ".heif", ".heifs", ".hif", ".icns", ".ico", ".iff", ".jbg", ".jbig", ".jbig2", ".jls", ".jng",
    ".jxl", ".jxr", ".kdc", ".lbm", ".mng", ".mrw", ".nef", ".nrw", ".orf", ".pcx", ".pef", ".pfm", ".pic",
    ".pict", ".psb", ".psd", ".qoi", ".raf", ".ras", ".raw", ".rgb", ".rw2", ".sgi", ".sr2", ".srf", ".srw",
    ".sun", ".svg", ".svgz", ".tga", ".wdp", ".wmf", ".xbm", ".xcf", ".xpm",
})
# fmt: on
"""Of image formats that are not read; files of these names are reported, not passed over."""

_MAGIC = (
    # First bytes and name of the format.
    (rb"BM.{4}.{8}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", "BMP"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"(?:II[*+]\x00|MM\x00[*+])", "TIFF"),
    (rb"GIF8[79]a", "GIF"),
    (rb"RIFF.{4}WEBP", "WebP"),
    (rb"(?:\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51)", "JPEG 2000"),
    (rb"P[1-7][\s#]", "Netpbm"),
    (rb"\xff\xa0\xff[\xa2-\xa8]", "WSQ"),
    (rb"1\.0*1:\d", "ANSI/NIST"),
    (rb".{4}ftyp(?:hei[cmsx]|hev[cmx]|mif1|msf1)", "HEIC"),
    (rb".{4}ftypavi[fs]", "AVIF"),
    (rb".{4}ftypcrx", "camera raw"),
    (rb"(?:FUJIFILMCCD-RAW|IIRO|IIU\x00|\x00MRM)", "camera raw"),
    (rb"(?:\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n)", "JPEG XL"),
    (rb"II\xbc", "JPEG XR"),
    (rb"8BPS", "Photoshop"),
    (rb"gimp xcf", "GIMP"),
    (rb"v/1\x01", "OpenEXR"),
    (rb"#\?R(?:ADIANCE|GBE)", "Radiance HDR"),
    (rb"P[Ff]\s", "floating-point Netpbm (PFM)"),
    (rb"qoif", "QOI"),
    (rb"DDS ", "DDS"),
    (rb"SIMPLE  =", "FITS"),
    (rb"\x01\xda[\x00\x01][\x01\x02]", "SGI"),
    (rb"\x59\xa6\x6a\x95", "Sun raster"),
    (rb"\x0a[\x00-\x05]\x01[\x01\x02\x04\x08]", "PCX"),
    (rb"\x00\x00[\x01\x02]\x00[^\x00]\x00", "Windows icon"),
    (rb"icns", "Apple icon"),
    (rb"AT&TFORM", "DjVu"),
    (rb"\x97JB2\r\n\x1a\n", "JBIG2"),
    (rb"FORM.{4}(?:ILBM|PBM )", "IFF"),
    (rb"FIR\x00", "ISO/IEC 19794-4 finger image"),
    (rb"%!PS", "PostScript"),
    (rb"/\* XPM \*/", "XPM"),
    (rb"\s*(?:<\?xml[^>]*>\s*)?<svg", "SVG"),
)
_MAGIC_PATTERNS = tuple((re.compile(pattern, re.DOTALL), name) for pattern, name in _MAGIC)
_HEAD_BYTES = 32


def is_image(path: Path) -> bool:
    """Whether the name has the suffix of a format that is read. Hidden files and files such as Thumbs.db are no
    images."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def looks_like_image(path: Path) -> bool:
    """Whether the suffix, or else the first bytes, are those of an image format, read or not. Hidden files count too.

    Opens no file whose suffix is known. False for what is no regular file and for files that can't be read.
    """
    if (suffix := path.suffix.lower()) in SUFFIXES or suffix in _UNREAD_SUFFIXES:
        return True
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return format_of(file.read(_HEAD_BYTES)) != ""
    except (OSError, ValueError):
        return False


def format_of(data: bytes) -> str:
    """The name of the image format that the first 32 bytes show; "" where they show none."""
    head = data[:_HEAD_BYTES]
    return next((name for pattern, name in _MAGIC_PATTERNS if pattern.match(head)), "")


def is_read(name: str) -> bool:
    """Whether files of the format, as `format_of` names it, are read."""
    return name in _READ


def no_image(data: bytes) -> str:
    """What a file of no image format seems to be, and the way out: the end of a sentence that begins with its path."""
    if data[:5] == b"%PDF-":
        return "is a PDF document, not an image: extract its image and save it as PNG"
    if data[128:132] == b"DICM":
        return "is a DICOM file, which is not read: save its image as PNG"
    if data.startswith(b"version https://git-lfs"):
        return "holds a Git LFS pointer in place of the image: run `git lfs pull`"
    if re.match(rb"\s*<(?:!doctype html|html)", data[:100], re.IGNORECASE):
        return "is a web page, not an image: download the image again"
    if not data.strip(b"\0"):
        return "holds zeros only, as interrupted copies do: copy it again"
    return (
        "is no readable image; BMP, PNG, JPEG, TIFF, GIF, WebP, JPEG 2000, PGM and other Netpbm files, WSQ and "
        "ANSI/NIST files are read"
    )
