"""The sentences for what the system refuses, and whose fault a traceback is for."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from ridgecode.commands import cli
from ridgecode.commands.border_errors import sentence_of
from support.encoding import encode

NUMBERS = [
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR),
    *(errno.EISDIR, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ELOOP, errno.ENOENT, errno.EBUSY),
    *(errno.ENOTEMPTY, errno.ESTALE, errno.ENXIO, errno.ETXTBSY),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_each_error_of_a_file_names_it_the_reason_and_the_way_out(number: int, tmp_path: Path) -> None:
    out = tmp_path / "a [b] {c} %d"
    said = sentence_of(OSError(number, os.strerror(number), str(out / "x.npy")), {"out": out, "threads": 0})
    assert said is not None and "\n" not in said
    assert said.startswith(f"{out / 'x.npy'} can't be ")
    assert os.strerror(number) in said and "; " in said.partition(": ")[2] + "; "
    assert said.endswith(", or give another --out")


def test_the_flag_that_named_the_file_is_named(tmp_path: Path) -> None:
    settings = {"store": tmp_path / "st", "model": tmp_path / "m", "out": tmp_path / "o", "runs": [tmp_path / "r"]}
    for folder, flag in (("st", "STORE"), ("m", "--model"), ("o", "--out"), ("r", "--runs")):
        error = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / folder / "x"))
        assert (sentence_of(error, settings, ("store",)) or "").endswith(f"another {flag}")


def test_the_folder_for_temporary_files(tmp_path: Path) -> None:
    error = OSError(errno.ENOSPC, "No space left on device", f"{tempfile.gettempdir()}/tmpabc/model.safetensors")
    assert "another folder for temporary files in TMPDIR" in (sentence_of(error, {"out": Path("/elsewhere")}) or "")


def test_the_disk_is_named_by_where_it_is_mounted() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/proc/not/there")
    assert "the disk at /proc is full" in (sentence_of(error, {}) or "")


@pytest.mark.parametrize(
    ("error", "settings", "ways"),
    [
        (MemoryError(), {"threads": 1}, ["fewer --threads", "smaller images"]),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 25600000000 bytes."),
            {"image_height": 0, "batch_size": 0},
            ["25600000000 bytes", "smaller --image_height and --image_width", "a smaller --batch_size"],
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
            {"batch_size": 0, "threads": 0, "device": "cuda"},
            ["the GPU's memory", "2.00 GiB", "a smaller --batch_size", "--device cpu"],
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), {}, ["the memory is used up"]),
        (RuntimeError("can't start new thread"), {"threads": 0}, ["fewer --threads", "ulimit -u"]),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), {}, ["OMP_NUM_THREADS"]),
        (UnicodeEncodeError("latin-1", "中", 0, 1, "no"), {}, ["'\\u4e2d'", "latin-1", "PYTHONUTF8=1"]),
        (UnicodeEncodeError("utf-8", "\udce9", 0, 1, "no"), {}, ["'\\udce9'", "not UTF-8"]),
    ],
)
def test_memory_threads_and_locales(error: Exception, settings: dict[str, object], ways: list[str]) -> None:
    said = sentence_of(error, settings)
    assert said is not None and "\n" not in said
    for words in ways:
        assert words in said


@pytest.mark.parametrize(
    "error", [ValueError("shapes"), RuntimeError("size mismatch"), OSError("no number"), KeyError()]
)
def test_faults_of_the_program_keep_their_traceback(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(parsed: object) -> int:
        raise error

    monkeypatch.setattr(cli, "run", fail)
    with pytest.raises(type(error)):
        cli.main(["encode", "store", "--model=ridge-crop32-8", f"--out={tmp_path / 'x'}"])


def test_a_process_without_memory(matching_store: Path, autoencoder_run: Path, tmp_path: Path) -> None:
    """Under a real limit, which the network of a large batch does not fit in."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    code = """
import resource, sys
import torch
from ridgecode.commands.cli import main
from ridgecode.commands.train import autoencoder
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, -1))
sys.exit(main(sys.argv[1:]))
"""
    assert resource
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    flags = "--backbone=resnet50 --latent_dim=4096 --max_epochs=1 --batch_size=4096 --threads=1 --tracker=none"
    command = ["train-autoencoder", *flags.split(), f"--data={matching_store}", f"--run_dir={tmp_path / 'run'}"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command, "--device=cpu"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and "the memory is used up" in done.stderr
    assert "a smaller --batch_size" in done.stderr


def test_sigterm_ends_a_verb_as_ctrl_c_does(
    matching_store: Path,
    autoencoder_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kill(*arguments: object, **named: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ridgecode.commands.encode.pq.write_table", kill)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(encode(matching_store, autoencoder_run, tmp_path / "out")) == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before
    assert capsys.readouterr().err == "ridgecode: stopped; the same command goes on where it was\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["latents.npy"]
