"""Calibrations as files."""

import json
from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import ThresholdCounts
from ridgecode.matching.shipped.calibration import Calibration, is_calibration

COUNTS = ThresholdCounts(30, 3000, 20, 0.002)
ONE = Calibration(".", "ab" * 32, 0.51, 0.001, 0.001, "impressions-all", COUNTS, 2, "fvc", 500.0, "d" * 64)


def test_a_file_of_it(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    ONE.write(file)
    assert is_calibration(file) and Calibration.read(file) == ONE
    assert ONE.place_of_matcher(file) == tmp_path
    ONE.check(file, "ab" * 32)
    with pytest.raises(BadInput, match="another matcher"):
        ONE.check(file, "cd" * 32)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"counts": 3}, {"threshold": "high"}, {"more": 1}, {"threshold": None}]
)
def test_damaged_files(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "calibration.json"
    ONE.write(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(BadInput, match=r"calibration\.json"):
        Calibration.read(file)


def test_other_files(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    for content in (b"", b"[]", b"{}", b"\xff\xfe", json.dumps({"kind": "other"}).encode()):
        file.write_bytes(content)
        assert not is_calibration(file)
        with pytest.raises(BadInput, match="is no calibration"):
            Calibration.read(file)
    assert not is_calibration(tmp_path / "none")
