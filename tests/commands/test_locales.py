"""Names with accents in locales that have none, and arguments that are no text."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.commands.cli import main

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def ridgecode(*arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ridgecode", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "f" / "José").mkdir(parents=True)
    for number, name in enumerate(("é", "ü")):
        pixels = np.random.default_rng(number).integers(0, 256, (56, 46), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "f" / "José" / f"{name}.png")
    return tmp_path / "f"


def test_names_with_accents_in_an_ascii_locale(images: Path, tmp_path: Path) -> None:
    place = os.fsencode(tmp_path)
    done = ridgecode("prepare", "--source=folder", b"--root=" + place + b"/f", b"--out=" + place + b"/st", **ASCII)
    assert (done.returncode, done.stderr) == (0, b"")
    model = "--model=ridge-crop32-32"
    done = ridgecode("encode", place + b"/st", model, b"--out=" + place + b"/x.ridge", **ASCII)
    assert (done.returncode, done.stderr) == (0, b"")
    done = ridgecode("decode", place + b"/x.ridge", b"--out=" + place + b"/dec", **ASCII)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(path.name for path in (tmp_path / "dec/José").iterdir()) == ["é.png", "ü.png"]
    image = os.fsencode(images / "José" / "é.png")
    done = ridgecode("encode", image, "--ppi=200", model, b"--out=" + place + b"/\xc3\xa9.ridge", **ASCII)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "é.ridge").is_file()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these systems have Unicode names alone")
@pytest.mark.parametrize("environment", [{}, ASCII])
def test_an_argument_that_is_no_utf8(environment: dict[str, str]) -> None:
    done = ridgecode("encode", b"Jos\xe9.png", "--model=ridge-crop32-32", "--out=x.ridge", **environment)
    assert done.returncode == 2
    assert done.stderr == b"ridgecode: the argument 'Jos\\udce9.png' is not UTF-8; rename what it names\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_stream_writes_what_its_encoding_lacks_as_an_escape(encoding: str) -> None:
    done = ridgecode("encode", "中é", "--model=ridge-crop32-32", "--out=x", PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert b"\\u4e2d" in done.stderr and b"Traceback" not in done.stderr


def test_no_file_is_read_or_written_in_the_encoding_of_the_locale(images: Path, tmp_path: Path) -> None:
    """Python warns of each `open` without an encoding where it is asked to."""
    done = subprocess.run(
        [
            *(sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning:ridgecode"),
            *("-m", "ridgecode", "prepare", "--source=folder", f"--root={images}", f"--out={tmp_path / 'st'}"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "ridgecode" in line and "EncodingWarning" in line]


def test_brackets_and_percent_signs_in_names_are_shown_as_they_are(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a [b] {c} %d ::x [/red]"
    assert main(["prepare", "--source=folder", f"--root={images}", f"--out={place / 'st'}"]) == 0
    assert f"{place / 'st'}: 2 prints" in capsys.readouterr().out
    assert main(["encode", str(place / "st"), "--model=ridge-crop32-32", f"--out={place / 'x [1].ridge'}"]) == 0
    assert main(["decode", str(place / "x [1].ridge"), f"--out={place / 'dec[/]'}"]) == 0
    assert capsys.readouterr().out.endswith(f"{place / 'dec[/]'}: 2 images\n")
    assert (place / "dec[/]" / "José" / "é.png").is_file()
