"""The account of a store, against lines written by hand."""

from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.account import account, check_strict, check_strict_store, left_out_entry
from ridgecode.prints.datasets.listing import COPY, HIDDEN, OTHER_SUFFIX, LeftOut, Listing


def about(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"remarks": [], "equal_prints": [], "skipped": [], "left_out": [], "notes": []}
    counts = {"n_prints": 3, "n_identities": 2, "suffixes": {".png": 2, ".tif": 1}}
    return {"root_as_given": "data", **counts, **empty, **more}


def entry(file: str, reason: str) -> dict[str, str]:
    return {"file": file, "reason": reason}


def test_where_all_was_taken() -> None:
    assert account(about(), Path("st")) == ["taken: 3 prints of 2 identities (2 .png, 1 .tif)"]
    assert account(about(n_prints=1, n_identities=1, suffixes={".png": 1}), Path("st")) == [
        "taken: 1 prints of 1 identity (1 .png)"
    ]


def test_what_was_left_out_by_reason_and_suffix() -> None:
    left_out = [entry(f"data/s9/{i}.webp", OTHER_SUFFIX) for i in range(4)]
    left_out += [entry("data/s1/x.HEIC", OTHER_SUFFIX), entry("data/s2/.1.webp", HIDDEN), entry("data/s8", "gone")]
    skipped = [entry("data/s1/2.png", "data/s1/2.png is empty (0 bytes)"), entry("data/y.png", "y.png has a bad name")]
    notes = [{"file": "data/a/t.tif", "note": "holds 10 pages; the first is taken"}]
    lines = account(about(left_out=left_out, skipped=skipped, notes=notes), Path("out/st"))
    assert lines[1:] == [
        "left out: 9",
        "  4 .webp, suffix that is not read: s9/0.webp, s9/1.webp, s9/2.webp, ...",
        "  1 .heic, suffix that is not read: s1/x.HEIC",
        "  1 .webp, hidden file or folder: s2/.1.webp",
        "  1, gone: s8",
        "  1 .png, bad file, is empty (0 bytes): s1/2.png",
        "  1 .png, bad file, has a bad name: y.png",
        "taken in part: 1",
        "  1 .tif, holds 10 pages; the first is taken: a/t.tif",
        "the whole list is in out/st/store.json",
    ]


def test_odd_names_don_t_break_a_line() -> None:
    lines = account(about(left_out=[entry("data/[b]a\nb%s.webp", OTHER_SUFFIX)]), Path("st"))
    assert lines[2] == r"  1 .webp, suffix that is not read: [b]a\nb%s.webp"
    assert not any("\n" in line for line in lines)


def test_equal_prints_of_different_fingers_are_named() -> None:
    [_, line] = account(about(equal_prints=[["a/1", "b/3"]]), Path("st"))
    assert line.startswith("2 prints of different identities are equal: a/1 and b/3; all were taken")
    [_, line] = account(about(equal_prints=[["a", "b", "c", "d"]] + [["e", "f"]] * 3), Path("st"))
    assert line.startswith("10 prints of different identities are equal: a and b and c; e and f; e and f; ...; all")


def test_remarks_stand_in_the_account() -> None:
    assert account(about(remarks=["set X has no known resolution"]), Path("st"))[1] == "set X has no known resolution"


def test_a_copy_says_of_which_print() -> None:
    assert left_out_entry(LeftOut(Path("data/s1/9.png"), COPY, "s1/9", "s1/1")) == {
        "file": "data/s1/9.png",
        "reason": COPY,
        "name": "s1/9",
        "copy_of": "s1/1",
    }
    assert left_out_entry(LeftOut(Path("data/x"), HIDDEN)) == {"file": "data/x", "reason": HIDDEN}


def test_strict_refuses_whatever_was_left_out() -> None:
    check_strict(Listing([], [], []))
    check_strict_store(about())
    with pytest.raises(BadInput, match=r"^--strict: 2 left out, the first of them d/1\.webp \(suffix that.*them,"):
        check_strict(Listing([], [(Path("d/x"), "x is bad")], [LeftOut(Path("d/1.webp"), OTHER_SUFFIX)]))
    for key, word in (("left_out", "reason"), ("notes", "note"), ("skipped", "reason")):
        with pytest.raises(BadInput, match=r"^--strict: 1 left out, the first of them d/1\.tif \(why\); .* it, or"):
            check_strict_store(about(**{key: [{"file": "d/1.tif", word: "why"}]}))
