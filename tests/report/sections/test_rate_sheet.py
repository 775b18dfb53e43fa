"""A sheet shows the prints that each codec decoded at about equal bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ridgecode.report.sections import rate_sheet
from ridgecode.report.write import write_report
from support.rate_files import TRUTH, codec_file
from support.report_files import text_of


def test_a_sheet_shows_what_was_decoded_at_equal_bytes(
    given: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets: list[dict[str, np.ndarray]] = []
    drawn = rate_sheet.reconstruction_sheet

    def kept(columns: dict[str, np.ndarray], **named: Any) -> bytes:
        sheets.append(columns)
        return drawn(columns, **named)

    monkeypatch.setattr(rate_sheet, "reconstruction_sheet", kept)
    given.append(codec_file(tmp_path / "codecs" / "webp.json", "webp", {130: 0.05}))
    given.append(codec_file(tmp_path / "codecs" / "jpeg.json", "jpeg", {118: 0.05}))
    other = np.load(tmp_path / "codecs" / "jpeg-files" / "sheets" / "qualities.npz")
    path = tmp_path / "codecs" / "jpeg-files" / "sheets" / "qualities.npz"
    np.savez(path, **{**other, "truth": 255 - TRUTH})
    text = text_of(write_report(given, tmp_path / "out"))
    columns, _ = sheets
    assert list(columns) == ["ridgecode\n120 bytes\nMSE 0.0400", "webp\n130 bytes\nMSE 0.0500", "truth"]
    shown = list(columns.values())
    assert np.array_equal(shown[0], TRUTH // 8) and np.array_equal(shown[1], TRUTH // 2)
    assert np.array_equal(shown[2], TRUTH)
    assert "Without a point there: jpeg2000 (from 200) and avif (from 640)." in text
    assert "Left out, since their evaluation kept no such prints: jpeg;" in text
