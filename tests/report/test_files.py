"""Figure files of image codecs and minutiae matchers: what is read, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from ridgecode.commands.cli import main
from ridgecode.errors import BadInput
from ridgecode.report.write import write_report
from support.rate_files import JPEG_2000, codec_file, minutiae_file


def test_image_codecs_alone(tmp_path: Path) -> None:
    file = codec_file(tmp_path / "jpeg2000.json", "jpeg2000", JPEG_2000)
    assert main(["report", str(file), "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert "1 image codec · SOCOFing" in text and "Rate and distortion" in text


def test_files_that_hold_something_else_are_refused(fake_runs: Any, tmp_path: Path) -> None:
    good = json.loads(codec_file(tmp_path / "good.json", "webp", {300: 0.03}).read_text())
    cases: dict[str, Any] = {
        "holds no figures of an image codec or a minutiae matcher": {"kind": "autoencoder"},
        "has schema 2": good | {"schema": 2},
        "lacks figures of an image codec": good | {"points": [{"quality": 1}]},
        "holds no figures of a minutiae matcher": {"schema": 1, "kind": "minutiae"},
    }
    for message, content in cases.items():
        (tmp_path / "bad.json").write_text(json.dumps(content))
        with pytest.raises(BadInput, match=message) as error:
            write_report([tmp_path / "bad.json"], tmp_path / "out")
        assert "bad.json" in str(error.value) and "\n" not in str(error.value)
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(BadInput, match=r"bad\.json holds no figures"):
        write_report([tmp_path / "bad.json"], tmp_path / "out")
    with pytest.raises(BadInput, match="name the run's folder too, or the file"):
        write_report([minutiae_file(tmp_path / "orb.json", run="run")], tmp_path / "out")
    twice = [fake_runs.autoencoder(f"{folder}/run", distortion=folder) for folder in ("mse", "bce")]
    with pytest.raises(BadInput, match="mse/run and bce/run are called so"):
        write_report([*twice, minutiae_file(tmp_path / "orb.json", run="run")], tmp_path / "out")
    assert not (tmp_path / "out").exists()
