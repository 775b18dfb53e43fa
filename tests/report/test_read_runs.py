"""Run folders that are broken, incomplete or unfinished."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.report.write import write_report
from support.report_files import rows_of, text_of


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.yaml", b"- a list", "can't be read as YAML"),
        ("evaluation.json", b'{"schema": 2}', "schema 2"),
        ("environment.json", b"\xff\xfe", "can't be read as JSON"),
        ("metrics.jsonl", b"nothing\nhere\n", "one JSON object a line"),
        ("curves.npz", b"PK\x03\x04 not an archive", "can't be read as NumPy arrays"),
        ("sheets/validation.npz", b"", "can't be read as NumPy arrays"),
    ],
)
def test_broken_files_are_named(fake_runs: Any, tmp_path: Path, file: str, content: bytes, message: str) -> None:
    run = fake_runs.autoencoder()
    (run / file).write_bytes(content)
    with pytest.raises(BadInput, match=message) as error:
        write_report([run], tmp_path / "out")
    assert file in str(error.value) and "\n" not in str(error.value)


def test_a_folder_of_another_verb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "config.yaml").write_text("verb: prepare")
    with pytest.raises(BadInput, match="no verb that can be reported"):
        write_report([tmp_path / "store"], tmp_path / "out")


def test_pickled_arrays_are_refused(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    np.savez(run / "curves.npz", **{"a|aligned|fmr": np.array([{}], dtype=object)})
    with pytest.raises(BadInput, match="NumPy arrays"):
        write_report([run], tmp_path / "out")


def test_unfinished_runs_and_half_written_lines(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder("going")
    (run / "environment.json").write_text(json.dumps({"finished": False}))
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 20, "train_lo')
    files = write_report([run], tmp_path / "out")
    assert "going has not finished training" in text_of(files)
    assert rows_of(files)[0]["epochs"] == "20" and float(rows_of(files)[0]["train_seconds"]) == 300.0


def test_the_source_is_found_in_the_store_where_the_evaluation_does_not_say(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder(source="")
    store = fake_runs.root / "store"
    store.mkdir()
    (store / "store.json").write_text('{"source": "socofing"}')
    assert rows_of(write_report([run], tmp_path / "out"))[0]["source"] == "socofing"


def test_runs_of_one_name_are_told_apart(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(f"{folder}/run", distortion=folder) for folder in ("mse", "bce")]
    assert [row["run"] for row in rows_of(write_report([*runs, runs[0]], tmp_path / "out"))] == ["bce/run", "mse/run"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_that_an_editor_has_saved_are_read(fake_runs: Any, tmp_path: Path, encoding: str) -> None:
    run = fake_runs.autoencoder()
    expected = text_of(write_report([run], tmp_path / "out"))
    for name in ("config.yaml", "evaluation.json"):
        text = (run / name).read_text()
        (run / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    assert text_of(write_report([run], tmp_path / "out")) == expected
