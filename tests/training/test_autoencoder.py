"""`train-autoencoder --rate_weight`: the rate in training, in the figures, and in the bytes of the model's codec."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.codec import Codec
from ridgecode.codec.context_codec import load_context
from ridgecode.codec.ridge_file import pack_archive, pack_print
from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore
from ridgecode.training.autoencoder import AutoencoderTraining, Rate
from ridgecode.training.schedule import Budget, Stopwatch
from support.quick_trainings import metrics, training

QUICK: dict[str, object] = {"width": 8, "latent_dim": 64, "max_epochs": 12}


def command(store: Path, run_dir: Path, **flags: object) -> list[str]:
    return training(store, run_dir, **(QUICK | flags))


def test_the_loss_is_distortion_and_weighted_bits_a_pixel(coded_run: Path) -> None:
    for row in metrics(coded_run):
        assert row["val_bpp"] == pytest.approx(row["val_bits"] / 1024)
        assert row["val_loss"] == pytest.approx(row["val_mse"] + 0.02 * row["val_bpp"], rel=1e-5)
        assert row["train_loss"] == pytest.approx(row["train_mse"] + 0.02 * row["train_bpp"], rel=1e-5)
    assert metrics(coded_run)[-1]["val_loss"] < metrics(coded_run)[0]["val_loss"]


def test_what_training_said_is_what_is_coded(coded_run: Path, synthetic_store: Path) -> None:
    saved, store = load_autoencoder(coded_run), PrintStore.open(synthetic_store)
    best = min(metrics(coded_run), key=lambda row: float(row["val_loss"]))
    x = windows(store.prints("val"), saved.spec.window)
    codec = Codec(Autoencoder(saved)).latent_codec
    with torch.no_grad():
        z = saved.net.encode(x)
        payloads = codec.encode(z)
        mse = (saved.net.decode(codec.decode(payloads)) - x).square().mean()
    assert float(mse) == pytest.approx(best["val_mse"], rel=0.01)
    assert codec.bits(z).mean() == pytest.approx(best["val_bits"], rel=0.05)
    coded = json.loads((coded_run / "evaluation.json").read_text())["coded"]
    assert coded["payload_bytes"] == np.mean([len(payload) for payload in payloads])
    assert coded["bytes"] == coded["payload_bytes"] + len(pack_print(b"hash", 32, 32, b""))
    names = store.column("name")[store.rows("val")].tolist()
    assert coded["archive_bytes"] == len(pack_archive(b"hash", 32, 32, names, payloads)) / len(payloads)
    assert coded["bpp"] == pytest.approx(8 * coded["archive_bytes"] / 1024)
    assert coded["mse"] == pytest.approx(float(mse), rel=1e-4)
    assert coded["estimated_bytes"] == pytest.approx(codec.bits(z).mean() / 8)
    # A single validation subject gives no interval over subjects.
    assert len(set(store.column("subject")[store.rows("val")])) == 1
    assert coded["payload_bytes_low"] is coded["payload_bytes_high"] is None


def test_sheets_show_what_is_decoded_from_rounded_vectors(coded_run: Path, synthetic_store: Path) -> None:
    saved, store = load_autoencoder(coded_run), PrintStore.open(synthetic_store)
    rate = Rate(0.02, load_context(saved.codec))
    budget = Budget(0, 0.0, Stopwatch())
    module = AutoencoderTraining(saved.net, saved.spec, budget, 1e-3, "constant", rate).eval()
    x = windows(store.prints("val"), saved.spec.window)
    codec = Codec(Autoencoder(saved)).latent_codec
    with torch.no_grad():
        z = saved.net.encode(x)
        decoded, unrounded = saved.net.decode(codec.decode(codec.encode(z))), saved.net.decode(z)
        shown = module.reconstruct(x)
    # Coding predicts in fixed point, so that a few values next to a half are rounded to the other side.
    assert (shown - decoded).abs().mean() < 0.3 * (shown - unrounded).abs().mean()


def test_a_dearer_rate_gives_fewer_bits(synthetic_store: Path, tmp_path: Path, coded_run: Path) -> None:
    """Started from the cheaper one, whose context model it goes on with."""
    flags = {"start_from": coded_run, "latent_layer": "grid", "rate_weight": 0.5, "max_epochs": 6}
    assert main(command(synthetic_store, tmp_path / "dear", **flags)) == 0
    assert metrics(tmp_path / "dear")[-1]["val_bits"] < 0.8 * metrics(coded_run)[-1]["val_bits"]


def test_it_begins_with_the_other_models_codec(synthetic_store: Path, tmp_path: Path, coded_run: Path) -> None:
    still = {"start_from": coded_run, "latent_layer": "grid", "rate_weight": 0.02, "max_epochs": 1}
    assert main(command(synthetic_store, tmp_path / "still", learning_rate=1e-9, **still)) == 0
    best = min(float(row["val_loss"]) for row in metrics(coded_run))
    assert metrics(tmp_path / "still")[0]["val_loss"] == pytest.approx(best, rel=0.05)
    deeper = still | {"blocks": 2}
    assert main(command(synthetic_store, tmp_path / "deeper", learning_rate=1e-9, **deeper)) == 0
    assert metrics(tmp_path / "deeper")[0]["val_loss"] == pytest.approx(best, rel=0.05)
    ours, theirs = load_autoencoder(tmp_path / "still").codec, load_autoencoder(coded_run).codec
    torch.testing.assert_close(ours["log_step"], theirs["log_step"], atol=1e-6, rtol=0)


def test_equal_runs_give_equal_files(synthetic_store: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    flags = {"rate_weight": 0.02}
    assert main(command(synthetic_store, one, max_epochs=3, **flags)) == 0
    assert main(command(synthetic_store, other, max_epochs=3, **flags)) == 0
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"rate_weight": -1}, "--rate_weight is -1"),
        ({"rate_weight": 0.1, "latent_layer": "linear"}, "--rate_weight codes latent vectors of a grid"),
        ({"rate_weight": 0.1, "backbone": "resnet18", "width": 0}, "--rate_weight codes latent vectors of a grid"),
    ],
)
def test_refusals(
    synthetic_store: Path, tmp_path: Path, refused: Callable[..., str], flags: dict[str, object], said: str
) -> None:
    assert said in refused(*command(synthetic_store, tmp_path / "run", **flags))
    assert not (tmp_path / "run").exists()
