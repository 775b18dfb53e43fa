"""Lists of pairs that people give, as text editors and spreadsheets write them."""

import csv
import unicodedata
from pathlib import Path

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.files import read_text
from ridgecode.matching.siamese.pair_rules import PairList

COLUMNS = ("probe", "reference", "mated")
DELIMITERS = (",", ";", "\t", "|")
# A spreadsheet writes TRUE and FALSE in its user's language: here German, French, Spanish, Italian, Portuguese, Dutch.
_TRUE = {"true", "wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar"}
_FALSE = {"false", "falsch", "faux", "falso", "onwaar"}
MATED = _TRUE | {"t", "y", "yes", "mated"}
NON_MATED = _FALSE | {"f", "n", "no", "non-mated", "nonmated", "not mated"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # of Excel and LibreOffice: a zip archive, and the older format
_WANTED = "the columns probe, reference and mated are wanted, separated by commas, semicolons or tabs"


def read_pair_list(path: Path, row_of: dict[str, int]) -> PairList:
    """Reads a text table with the columns probe, reference (images) and mated (1 or 0, true or false, yes or no).

    row_of: the row of each image by its name in the store. In the file an image may have a suffix, backslashes, and
    further folders before its name, as an absolute path has. The columns may stand in any order and case, beside others
    that are not read. The text is UTF-8, UTF-16 or, where it is neither, Windows' code page 1252.

    Raises BadInput, which names the file and its line, for an unknown image, another value of mated, a line with other
    columns than the first, or a file that lacks a column, or mated or non-mated pairs.
    """
    known = {unicodedata.normalize("NFC", name): row for name, row in row_of.items()} | row_of
    rows: list[tuple[int, int, bool]] = []
    try:
        lines = _text(path).split("\n")
        first, delimiter, columns = _header(path, lines)
        n_needed = max(columns.index(name) for name in COLUMNS) + 1
        reader = csv.reader(lines[first + 1 :], delimiter=delimiter, skipinitialspace=True)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue  # spreadsheets write an empty row as a blank line or as delimiters alone
            where = f"--pair_list {path}, line {first + 1 + reader.line_num}"
            if len(cells) < n_needed or any(cell.strip() for cell in cells[len(columns) :]):
                raise BadInput(
                    f"{where}: has {len(cells)} cells where the first line has {len(columns)}; correct that line, or "
                    "put names that hold the delimiter in quotes"
                )
            entry = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
            probe, reference = (_row(known, entry[name], where) for name in COLUMNS[:2])
            rows.append((probe, reference, _mated(entry["mated"], where)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"--pair_list {path} can't be read ({error}); give a CSV file") from None
    table = np.array(rows, np.int64).reshape(-1, 3)
    mated = table[:, 2] == 1
    if not mated.any() or mated.all():
        raise BadInput(f"--pair_list {path} needs mated and non-mated pairs; add lines of both kinds")
    return PairList(table[:, 0], table[:, 1], mated)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(4) in _WORKBOOKS:
            raise BadInput(f"--pair_list {path} is a spreadsheet's own file; save it as CSV and give that")
    return read_text(path, otherwise="cp1252")


def _header(path: Path, lines: list[str]) -> tuple[int, str, list[str]]:
    """The place of the line with the columns' names, the delimiter, and the names in lower case."""
    blank = ' "' + "".join(DELIMITERS)  # an empty row may have delimiters
    place = next((place for place, line in enumerate(lines) if line.strip(blank)), None)
    if place is None:
        raise BadInput(f"--pair_list {path} is empty; {_WANTED}")
    if lines[place].strip(' "').lower().startswith("sep="):  # Excel's own line, which names the delimiter
        return _header_after(path, lines, place + 1)
    return _header_after(path, lines, place)


def _header_after(path: Path, lines: list[str], place: int) -> tuple[int, str, list[str]]:
    line = lines[place] if place < len(lines) else ""
    found: dict[str, list[str]] = {}
    for delimiter in DELIMITERS:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        found[delimiter] = [cell.strip().lower() for cell in cells]
    best = max(DELIMITERS, key=lambda delimiter: len(set(COLUMNS) & set(found[delimiter])))
    missing = [name for name in COLUMNS if name not in found[best]]
    if missing:
        raise BadInput(
            f"--pair_list {path} lacks the column {missing[0]}; its first line is {line[:80]!r}, and {_WANTED}"
        )
    columns = found[best]
    while not columns[-1]:  # a spreadsheet's empty columns
        columns.pop()
    return place, best, columns


def _row(known: dict[str, int], text: str, where: str) -> int:
    """The row of the image that the file calls `text`: of the longest end of its path that is a known name."""
    for name in (text, text.replace("\\", "/")):
        parts = [part for part in unicodedata.normalize("NFC", name).split("/") if part not in ("", ".")]
        for start in range(len(parts)):
            end = "/".join(parts[start:])
            for candidate in (end, end.rpartition(".")[0]):
                if candidate in known:
                    return known[candidate]
    example = next(iter(known), "")
    raise BadInput(
        f"{where}: there is no image {text} in the data; correct or delete that line"
        + (f" (images are called as {example})" if example else "")
    )


def _mated(text: str, where: str) -> bool:
    word = text.lower()
    try:
        number: float | None = float(word.replace(",", "."))
    except ValueError:
        number = None
    if word in MATED or number == 1:
        return True
    if word in NON_MATED or number == 0:
        return False
    raise BadInput(f"{where}: mated is {text!r}; write 1 or 0")
