"""Lists of pairs as editors and spreadsheets write them."""

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.pair_list import read_pair_list

ROWS = {"s1/1": 0, "s1/2": 1, "s2/1.5": 2}
EXPECTED = [[0, 0], [1, 2], [True, False]]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["probe,reference,mated", *lines]))
    return path


def read(path: Path, text: str, encoding: str = "utf-8", rows: dict[str, int] = ROWS) -> list[list[int]]:
    path.write_bytes(text.encode(encoding))
    return [part.tolist() for part in read_pair_list(path, rows)]


def test_a_pair_list_is_read_with_and_without_suffixes(tmp_path: Path) -> None:
    pairs = read_pair_list(write(tmp_path / "pairs.csv", "s1/1.pgm,s1/2,1", "s1/1,s2/1.5,0"), ROWS)
    assert [part.tolist() for part in pairs] == EXPECTED


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_encoding_delimiter_and_line_end(tmp_path: Path, encoding: str, delimiter: str, ending: str) -> None:
    cells = [["probe", "reference", "mated"], ["José/1.png", "José/2", "1"], ["José/1", "Zoë/1.png", "0"]]
    text = ending.join(delimiter.join(line) for line in cells)
    rows = {"José/1": 0, "José/2": 1, "Zoë/1": 2}
    assert read(tmp_path / "pairs.csv", text, encoding, rows) == EXPECTED


@given(
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["Probe", " probe ", "PROBE"]),
    st.sampled_from(["1", "1.0", "1,0", "TRUE", "True", "yes", "Mated", " 1 "]),
    st.sampled_from(["0", "0.0", "0,00", "FALSE", "no", "Non-mated"]),
    st.integers(0, 2),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, delimiter: str, probe: str, yes: str, no: str, further: int, quoting: int
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    more = ["note"] * further
    writer.writerows([["Mated", probe, *more, "reference"], [yes, "s1/1", *more, "s1/2"], [], ["", "", *more[:0]]])
    writer.writerow([no, "s1\\1.png", *more, "./s2/1.5.png"])
    file = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    assert read(file, stream.getvalue()) == EXPECTED


@pytest.mark.parametrize(
    "name", ["/data/faces/s1/1.png", r"C:\data\faces\s1\1.png", r"..\s1\1.PNG", "s1/1", "./s1/1.png"]
)
def test_paths_of_other_places_and_systems(tmp_path: Path, name: str) -> None:
    assert read(tmp_path / "x.csv", f"probe,reference,mated\n{name},s1/2,1\ns1/1,s2/1.5,0\n") == EXPECTED


@pytest.mark.parametrize("header", ["probe,reference,mated,,", "probe,reference,mated,note", "probe,reference,mated"])
def test_empty_and_further_columns_may_be_missing_in_a_line(tmp_path: Path, header: str) -> None:
    assert read(tmp_path / "x.csv", f"{header}\ns1/1,s1/2,1\ns1/1,s2/1.5,0,,\n,,,,\n") == EXPECTED


def test_the_longest_end_of_a_path_counts(tmp_path: Path) -> None:
    rows = {"s1/1": 2, "b/s1/1": 0, "s1/2": 1}
    text = "probe,reference,mated\n/a/b/s1/1.png,s1/2,1\n/a/b/s1/1.png,/a/c/s1/1.png,0\n"
    assert read(tmp_path / "x.csv", text, rows=rows) == EXPECTED


def test_letters_with_accents_in_either_form(tmp_path: Path) -> None:
    """macOS lists names with the accents apart; spreadsheets write them in one character."""
    apart = unicodedata.normalize("NFD", "José/1")
    text = "probe,reference,mated\nJosé/1,s1/2,1\nJosé/1,s2/1.5,0\n"
    assert read(tmp_path / "x.csv", text, rows={apart: 0, "s1/2": 1, "s2/1.5": 2}) == EXPECTED


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *(("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("VERDADERO", "FALSO"), ("VERO", "FALSO"), ("WAAR", "ONWAAR")),
        *(("y", "n"), ("T", "F")),
    ],
)
def test_truth_in_a_spreadsheets_language(tmp_path: Path, yes: str, no: str) -> None:
    text = f"probe;reference;mated\r\ns1/1.png;s1/2.png;{yes}\r\ns1/1.png;s2/1.5.png;{no}\r\n"
    assert read(tmp_path / "pairs.csv", text) == EXPECTED


@pytest.mark.parametrize("empty", [",,\n", ",,,\n,,,\n", '"","",""\n', "\n,,\n"])
def test_empty_rows_before_the_names_of_the_columns(tmp_path: Path, empty: str) -> None:
    text = empty + "probe,reference,mated\ns1/1,s1/2,1\ns1/1,s2/1.5,0\n"
    assert read(tmp_path / "pairs.csv", text) == EXPECTED
    with pytest.raises(BadInput, match=rf"line {empty.count(chr(10)) + 2}: mated is 'maybe'"):
        read(tmp_path / "pairs.csv", empty + "probe,reference,mated\ns1/1,s1/2,maybe\n")


def test_excels_line_about_the_delimiter_is_passed_over(tmp_path: Path) -> None:
    text = "sep=;\r\nprobe;reference;mated\r\ns1/1;s1/2;1\r\ns1/1;s2/1.5;0\r\n;;\r\n"
    assert read(tmp_path / "x.csv", text) == EXPECTED
    with pytest.raises(BadInput, match=r"line 3: there is no image s9/9"):
        read(tmp_path / "x.csv", text.replace("s1/1;s1/2", "s9/9;s1/2"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["s1/1,s1/9.pgm,1"], r"line 2: there is no image s1/9.pgm in the data; .* \(images are called as s1/1\)"),
        (["", "s1/1,s1/2,perhaps"], "line 3: mated is 'perhaps'; write 1 or 0"),
        (["s1/1,s1/2,2"], "line 2: mated is '2'"),
        (["s1/1,s1/2,"], "line 2: mated is ''"),
        (["s1/1,s1/2"], "line 2: has 2 cells where the first line has 3"),
        (["s1/1,s1/2,1,0"], "line 2: has 4 cells where the first line has 3"),
        (["s1/1,s1/2,1"], "needs mated and non-mated"),
        ([], "needs mated and non-mated"),
    ],
)
def test_a_pair_list_that_can_not_be_used_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_pair_list(write(tmp_path / "pairs.csv", *lines), ROWS)


def test_a_pair_list_without_its_columns_or_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    with pytest.raises(BadInput, match=r"lacks the column reference; its first line is 'probe;mated', and the columns"):
        read(file, "probe;mated\n")
    with pytest.raises(BadInput, match="lacks the column probe; its first line is 's1/1,s1/2,1'"):
        read(file, "s1/1,s1/2,1\n")
    with pytest.raises(BadInput, match="is empty"):
        read(file, "\n \n")
    with pytest.raises(BadInput, match="can't be read"):
        read_pair_list(tmp_path / "none.csv", {})
    file.write_bytes(b"PK\x03\x04 a workbook")
    with pytest.raises(BadInput, match="save it as CSV"):
        read_pair_list(file, {})
    file.write_bytes(b"probe,reference,mated\n\xff\x81\x8d\n")
    with pytest.raises(BadInput, match="can't be read"):
        read_pair_list(file, {})
