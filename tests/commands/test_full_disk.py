"""Verbs on a disk that is full: one sentence that names the file, no half file, and the same command works later."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.encoding import encode
from support.full_disk import check_each_write
from support.quick_trainings import training


def test_encode_to_latent_vectors(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_each_write(lambda out: encode(matching_store, autoencoder_run, out / "latents"), tmp_path, capsys)


def test_encode_to_a_coded_file_and_fit_codec(
    matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = f"--model=ridge-crop32-8 --data={matching_store}"

    def coded(out: Path) -> list[str]:
        model = ["--model=ridge-crop32-8", "--split=val", "--threads=1", "--select=0-5"]
        return ["encode", str(matching_store), *model, f"--out={out / 'x.ridge'}"]

    def fitted(out: Path) -> list[str]:
        return ["models", "fit-codec", *given.replace("--model=", "").split(), f"--out={out / 'm.safetensors'}"]

    check_each_write(coded, tmp_path / "coded", capsys)
    check_each_write(fitted, tmp_path / "fitted", capsys)


def test_decode(latents: Path, autoencoder_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(latents), f"--model={autoencoder_run}", "--select=0-3", "--threads=1"]
    check_each_write(lambda out: ["decode", *given, f"--out={out / 'images'}"], tmp_path, capsys)


def test_evaluate(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [f"--run={autoencoder_run}", f"--data={matching_store}", "--protocols=none", "--threads=1"]
    check_each_write(lambda out: ["evaluate", *given, f"--out={out / 'x.json'}"], tmp_path, capsys)


def test_train_a_network(matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def command(out: Path) -> list[str]:
        return training(matching_store, out / "run", backbone="ridge", latent_dim=8, width=8)

    rewritten = ("metrics.jsonl", "environment.json", "model.safetensors", "sheets/training.png")
    check_each_write(command, tmp_path, capsys, again=tuple(f"run/{name}" for name in rewritten))


def test_train_pca_and_a_head(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def head(out: Path) -> list[str]:
        given = "--hidden=8 --embedding_dim=4 --batch_size=8 --max_epochs=1 --tracker=none --evaluate=false"
        return [
            *("train-head", *given.split(), "--device=cpu", "--threads=1"),
            *(f"--data={matching_store}", f"--model={autoencoder_run}", f"--run_dir={out / 'head'}"),
        ]

    check_each_write(head, tmp_path, capsys, most=4, again=("head/metrics.jsonl", "head/environment.json"))


def test_prepare_and_synthesise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def command(out: Path) -> list[str]:
        return ["synthesise", "--subjects=1", "--impressions=1", "--alterations=false", f"--out={out / 'syn'}"]

    check_each_write(command, tmp_path / "synthesise", capsys)
    images = tmp_path / "synthesise" / "unlimited" / "syn"

    def prepared(out: Path) -> list[str]:
        return ["prepare", "--source=synthetic", f"--root={images}", f"--out={out / 'store'}"]

    check_each_write(prepared, tmp_path / "prepare", capsys)


def test_standard_output(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is Linux's")
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "ridgecode", "models", "list"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "standard output" in done.stderr and "No space left" in done.stderr
