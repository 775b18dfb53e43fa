"""Codecs fitted to models trained without a rate: in training, by `models --fit_codec`, and what they lose."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.model_card import Measured, read_card
from ridgecode.autoencoders.saved import (
    AutoencoderSpec,
    SavedAutoencoder,
    build_network,
    load_autoencoder,
    write_with_codec,
)
from ridgecode.cli import main
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.codec_fit import RISE, loudness, steps

Refused = Callable[..., str]
Pretrained = Callable[..., Path]
RIDGE = AutoencoderSpec("ridge", "crop32", 6, "mse", latent_layer="linear", blocks=1, width=8)


def saved_of(spec: AutoencoderSpec) -> SavedAutoencoder:
    torch.manual_seed(0)
    dims = spec.latent_dim
    return SavedAutoencoder(build_network(spec).eval(), spec, torch.zeros(dims), torch.ones(dims), "")


@pytest.fixture(scope="module")
def train_prints(matching_store: Path) -> np.ndarray:
    store = PrintStore.open(matching_store)
    return stack_prints(store, store.rows("train"))


def test_loudness_by_finite_differences() -> None:
    saved = saved_of(RIDGE)
    z = 2 * torch.randn(400, 6)
    found = loudness(saved, z)
    for dim in range(6):
        aside = torch.zeros(6)
        aside[dim] = 1e-2
        with torch.no_grad():
            slope = (saved.net.decode(z + aside) - saved.net.decode(z - aside)) / 2e-2
        assert float(found[dim]) == pytest.approx(float(slope.square().mean()), rel=0.2)


def test_steps_raise_the_error_by_what_they_shall(autoencoder_run: Path, train_prints: np.ndarray) -> None:
    """And are alike for PCA, whose components are orthonormal."""
    saved = load_autoencoder(autoencoder_run)
    x = windows(train_prints, saved.spec)
    with torch.no_grad():
        z = saved.net.encode(x)
        found = steps(saved, x, z)
        rounded = FactorisedCodec(factorised_tensors(z, found)).round(z)
        before, after = ((saved.net.decode(some) - x)[..., 3:-3].square().mean() for some in (z, rounded))
    assert float(after / before) == pytest.approx(1 + RISE, abs=0.1 * RISE)
    assert float(found.max() / found.min()) < 1.6  # the estimate's scatter, of few prints


def test_what_is_measured_is_what_coding_does() -> None:
    """A decoder that draws better from 0 than from its own vectors, and worse from their mean, which they are rounded
    to: steps that are judged by rounding to multiples of themselves would grow for ever."""
    saved = saved_of(AutoencoderSpec("pca", "crop32", 2, "mse"))
    components = torch.zeros(2, 1024)
    components[0, :512], components[1, 512:] = 512**-0.5, 512**-0.5
    saved.net.load_state_dict({**saved.net.state_dict(), "components": components, "mean": torch.full((1024,), 0.5)})
    u = 3 * torch.rand(256, 2, generator=torch.Generator().manual_seed(0)) - 1.5
    z, x = 3 + u, saved.net.decode(1.2 + 0.8 * u)
    coded = FactorisedCodec(factorised_tensors(z, steps(saved, x, z))).round(z)
    at = (z, coded, torch.zeros(256, 2), z.mean(0).expand(256, 2))
    own, rounded, zero, mean = (float((saved.net.decode(some) - x).square().mean()) for some in at)
    assert zero < own < 1.1 * own < mean
    assert own < rounded <= (1 + 1.1 * RISE) * own


def test_a_run_without_a_rate_has_a_codec(
    autoencoder_run: Path, matching_store: Path, train_prints: np.ndarray, tmp_path: Path
) -> None:
    saved = load_autoencoder(autoencoder_run)
    codec, x = latent_codec(saved), windows(train_prints, saved.spec)
    with torch.no_grad():
        z = saved.net.encode(x)
        back = codec.decode(codec.encode(z))
        before, after = (float((saved.net.decode(some) - x).square().mean()) for some in (z, back))
    assert before < after < (1 + 2 * RISE) * before
    out = tmp_path / "metrics.json"
    given = [f"--run={autoencoder_run}", f"--data={matching_store}", "--protocols=none", "--threads=1", f"--out={out}"]
    assert main(["evaluate", *given]) == 0
    coded = json.loads(out.read_text())["coded"]
    store = PrintStore.open(matching_store)
    x = windows(stack_prints(store, store.rows("val")), saved.spec)
    with torch.no_grad():
        payloads = codec.encode(saved.net.encode(x))
    assert coded["payload_bytes"] == np.mean([len(payload) for payload in payloads])


@pytest.mark.parametrize("backbone", ["ridge", "resnet18"])
def test_training_ends_with_a_codec_and_a_finished_run_is_left_alone(
    synthetic_store: Path, tmp_path: Path, backbone: str
) -> None:
    settings: dict[str, Any] = {
        **{"data": synthetic_store, "run_dir": tmp_path / "a", "backbone": backbone, "latent_dim": 8, "batch_size": 16},
        **{"train_crops": "centre", "max_epochs": 1, "device": "cpu", "threads": 1, "tracker": "none"},
        **{"evaluate": False},
    }
    if backbone == "ridge":
        settings["width"] = 8
    command = ["train-autoencoder", *(f"--{name}={value}" for name, value in settings.items())]
    assert main(command) == 0
    model = tmp_path / "a" / "model.safetensors"
    data = model.read_bytes()
    payloads = latent_codec(load_autoencoder(model)).encode(torch.zeros(1, 8))
    assert len(payloads) == 1
    assert main(command) == 0
    assert model.read_bytes() == data
    # Killed between training and its end: nothing is left to train, and the same file comes out.
    environment = tmp_path / "a" / "environment.json"
    environment.write_text(json.dumps(json.loads(environment.read_text()) | {"finished": False}))
    assert main(command) == 0
    assert model.read_bytes() == data


def test_a_pretrained_model_gets_one_and_stays_what_it_is(
    pretrained: Pretrained, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = pretrained("ridge-crop32-6", RIDGE), tmp_path / "with" / "model.safetensors"
    flags = ["--fit_codec", f"--data={matching_store}", f"--out={out}"]
    assert main(["models", "ridge-crop32-6", *flags]) == 0
    assert f"{out}: {out.stat().st_size:,} bytes" in capsys.readouterr().out
    before, after = load_autoencoder(file), load_autoencoder(out)
    assert not before.codec and latent_codec(after).encode(torch.zeros(2, 6))
    assert read_card(out) == read_card(file)
    assert 32_000 < out.stat().st_size - file.stat().st_size < 35_000  # weights have 16 bits still
    torch.testing.assert_close(after.net.state_dict(), before.net.state_dict(), rtol=0, atol=0)
    data = out.read_bytes()
    assert main(["models", str(out), *flags]) == 0  # in place, in place of its own
    assert out.read_bytes() == data
    assert not out.with_suffix(".md").exists()  # its card tells of no prints of this store
    assert main(["encode", str(matching_store), f"--model={out}", f"--out={tmp_path / 'x.ridge'}", "--threads=1"]) == 0
    assert main(["decode", str(tmp_path / "x.ridge"), f"--model={out}", f"--out={tmp_path / 'o'}"]) == 0


def test_a_card_tells_what_the_codec_needs(pretrained: Pretrained, matching_store: Path, tmp_path: Path) -> None:
    store, file = PrintStore.open(matching_store), pretrained("ridge-crop32-6", RIDGE)
    rows = store.rows("val")
    card = read_card(file)
    known = Measured(store.source, len(rows), 2, 0.05)
    saved = load_autoencoder(file)
    write_with_codec(file, file, {}, replace(card, figures=(*card.figures, known)).to_json())
    assert main(["models", str(file), "--fit_codec", f"--data={matching_store}", f"--out={file}"]) == 0
    saved = load_autoencoder(file)
    z = saved.net.encode(windows(stack_prints(store, rows), RIDGE))
    sizes = [len(payload) for payload in latent_codec(saved).encode(z)]
    *others, told = read_card(file).figures
    assert tuple(others) == card.figures
    assert told.coded_bytes == pytest.approx(np.mean(sizes), rel=0.01)
    assert told.coded_mse is not None and 0 < told.coded_mse < 1
    assert f"{told.coded_bytes:.1f}" in file.with_suffix(".md").read_text()


def test_refusals(
    pretrained: Pretrained, matching_store: Path, coded_run: Path, tmp_path: Path, refused: Refused
) -> None:
    file, out = pretrained("ridge-crop32-6", RIDGE), tmp_path / "x.safetensors"
    data = f"--data={matching_store}"
    fit = ["models", file, "--fit_codec"]
    said = refused("encode", matching_store, f"--model={file}", f"--out={tmp_path / 'x.ridge'}")
    assert "no codec" in said and "--fit_codec" in said
    assert "needs a model" in refused("models", "--fit_codec", data, f"--out={out}")
    assert "--data is missing" in refused(*fit, f"--out={out}")
    assert "--out is missing" in refused(*fit, data)
    assert "is a folder" in refused(*fit, data, f"--out={tmp_path}")
    assert "write different files" in refused(*fit, "--onnx", data, f"--out={out}")
    assert "--fit_codec says nothing to --keep" in refused("models", "--fit_codec", "--keep=a", "--name=b")
    assert "a codec of its own" in refused("models", coded_run, "--fit_codec", data, f"--out={out}")
    assert not out.exists()
