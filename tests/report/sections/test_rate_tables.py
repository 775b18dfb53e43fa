"""Tables of rate and distortion, for curves whose differences are known in closed form."""

import re
from pathlib import Path

import numpy as np
import pytest

from ridgecode.report.write import write_report
from support.rate_files import table
from support.report_files import text_of


def test_differences_are_those_of_the_curves(given: list[Path], tmp_path: Path) -> None:
    text = text_of(write_report(given, tmp_path / "out"))
    rows = {row[0]: row[1:] for row in table(text, "Bjontegaard rate differences")}
    assert "The best classical codec is avif as stored" in text
    # 0.3 of JPEG 2000's bytes, which are those of avif over 0.8; from 150 to 1,200 bytes of what is compared with.
    assert rows["as stored, ridgecode"][0] == "−62.5<br>0.0107–0.0200"
    assert rows["as stored, ridgecode"][1] == "−70.0<br>0.0133–0.0800"
    assert rows["as stored, avif"][1] == "−20.0<br>0.0133–0.0200"
    assert rows["as stored, jpeg2000"][0] == "+25.0<br>0.0107–0.0200"
    # At each MSE: JPEG 2000 down to the MSE that avif begins at, then avif.
    share = float(rows["as stored, ridgecode"][2].split("<br>")[0].replace("−", "-"))
    parts = np.log2([0.08 / 0.02, 0.02 / (12.8 / 1200)])
    expected = 100 * (np.exp(np.average(np.log([0.3, 0.3 / 0.8]), weights=parts)) - 1)
    assert share == pytest.approx(expected, abs=1)
    assert "−62 % bytes" not in text and re.search(r"\*\*Rate and distortion, whole: 6\d % fewer bytes\.\*\*", text)


def test_bytes_at_stated_mses(given: list[Path], tmp_path: Path) -> None:
    text = text_of(write_report(given, tmp_path / "out"))
    rows = {row[0]: row[1:] for row in table(text, "Bytes a print at stated MSEs")}
    assert [rows[name][0] for name in ("ridgecode", "jpeg2000", "avif")] == ["137", "457", "not reached"]
    assert [rows[name][2] for name in ("ridgecode", "jpeg2000", "avif")] == ["331", "1,103", "883"]
    assert "At an MSE of 0.0145 it takes 331 bytes, the best classical codec 883." in text
