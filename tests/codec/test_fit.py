"""Codecs fitted to models that were trained without a rate: their steps, what coding loses, and the verbs that fit."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import Measured, read_card
from ridgecode.autoencoders.saved import (
    AutoencoderSpec,
    SavedAutoencoder,
    build_network,
    load_autoencoder,
    save_autoencoder,
    write_with_codec,
)
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import through_bytes
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.codec.fit import RISE, decoder_sensitivity, fit_codec, steps
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.commands.cli import main
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore

Pretrained = Callable[..., Path]
RIDGE = AutoencoderSpec("ridge", "crop32", 6, "mse", latent_layer="linear", blocks=1, width=8)


def autoencoder_of(spec: AutoencoderSpec) -> Autoencoder:
    torch.manual_seed(0)
    dims = spec.latent_dim
    return Autoencoder(SavedAutoencoder(build_network(spec).eval(), spec, torch.zeros(dims), torch.ones(dims), ""))


@pytest.fixture(scope="module")
def train_prints(matching_store: Path) -> np.ndarray:
    store = PrintStore.open(matching_store)
    return store.prints("train")


def test_sensitivity_by_finite_differences() -> None:
    autoencoder = autoencoder_of(RIDGE)
    z = 2 * torch.randn(400, 6)
    found = decoder_sensitivity(autoencoder, z)
    for dim in range(6):
        aside = torch.zeros(6)
        aside[dim] = 1e-2
        with torch.no_grad():
            slope = (autoencoder.net.decode(z + aside) - autoencoder.net.decode(z - aside)) / 2e-2
        assert float(found[dim]) == pytest.approx(float(slope.square().mean()), rel=0.2)


def test_steps_raise_the_error_by_what_they_shall(autoencoder_run: Path, train_prints: np.ndarray) -> None:
    """And are alike for PCA, whose components are orthonormal."""
    autoencoder = Autoencoder.load(autoencoder_run)
    net, x = autoencoder.net, windows(train_prints, autoencoder.view)
    with torch.no_grad():
        z = net.encode(x)
        found = steps(autoencoder, x, z)
        rounded = FactorisedCodec(factorised_tensors(z, found)).round(z)
        before, after = ((net.decode(some) - x)[..., 3:-3].square().mean() for some in (z, rounded))
    assert float(after / before) == pytest.approx(1 + RISE, abs=0.1 * RISE)
    assert float(found.max() / found.min()) < 1.6  # the estimate's scatter, of few prints


def test_what_is_measured_is_what_coding_does() -> None:
    """A decoder that draws better from 0 than from its own vectors, and worse from their mean, which they are rounded
    to. A search that rounded to multiples of the steps alone would make them larger for ever."""
    autoencoder = autoencoder_of(AutoencoderSpec("pca", "crop32", 2, "mse"))
    net = autoencoder.net
    components = torch.zeros(2, 1024)
    components[0, :512], components[1, 512:] = 512**-0.5, 512**-0.5
    net.load_state_dict({**net.state_dict(), "components": components, "mean": torch.full((1024,), 0.5)})
    u = 3 * torch.rand(256, 2, generator=torch.Generator().manual_seed(0)) - 1.5
    z, x = 3 + u, net.decode(1.2 + 0.8 * u)
    coded = FactorisedCodec(factorised_tensors(z, steps(autoencoder, x, z))).round(z)
    at = (z, coded, torch.zeros(256, 2), z.mean(0).expand(256, 2))
    own, rounded, zero, mean = (float((net.decode(some) - x).square().mean()) for some in at)
    assert zero < own < 1.1 * own < mean
    assert own < rounded <= (1 + 1.1 * RISE) * own


def test_a_run_without_a_rate_has_a_codec(
    autoencoder_run: Path, matching_store: Path, train_prints: np.ndarray
) -> None:
    """Its training has fitted one, which loses what RISE says."""
    autoencoder = Autoencoder.load(autoencoder_run)
    codec, net, x = latent_codec(autoencoder.saved), autoencoder.net, windows(train_prints, autoencoder.view)
    with torch.no_grad():
        z = net.encode(x)
        back = codec.decode(codec.encode(z))
        before, after = (float((net.decode(some) - x).square().mean()) for some in (z, back))
    assert before < after < (1 + 2 * RISE) * before
    prints = PrintStore.open(matching_store).prints("val")
    coded = through_bytes(Codec(autoencoder), prints)
    with torch.no_grad():
        payloads = codec.encode(net.encode(windows(prints, autoencoder.view)))
    assert coded.payload_bytes.tolist() == [len(payload) for payload in payloads]


def test_the_model_is_written_with_its_codec_and_stays_what_it_is(train_prints: np.ndarray, tmp_path: Path) -> None:
    file, out = tmp_path / "model.safetensors", tmp_path / "with" / "model.safetensors"
    made = autoencoder_of(RIDGE).saved
    save_autoencoder(file, made.net, RIDGE, made.latent_mean, made.latent_std)
    data = file.read_bytes()
    fit_codec(file, train_prints, out)
    before, after = load_autoencoder(file), load_autoencoder(out)
    assert file.read_bytes() == data and not before.codec
    assert after.spec == before.spec
    torch.testing.assert_close(after.net.state_dict(), before.net.state_dict(), rtol=0, atol=0)
    assert len(latent_codec(after).encode(torch.zeros(2, 6))) == 2
    written = out.read_bytes()
    fit_codec(out, train_prints, out)  # in place, instead of the one that it has
    assert out.read_bytes() == written


def test_a_model_with_a_codec_of_its_own_is_refused(coded_run: Path, train_prints: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a codec of its own"):
        fit_codec(coded_run, train_prints, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("backbone", ["ridge", pytest.param("resnet18", marks=pytest.mark.slow)])
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
    flags = [f"--data={matching_store}", f"--out={out}"]
    assert main(["models", "fit-codec", "ridge-crop32-6", *flags]) == 0
    assert f"{out}: {out.stat().st_size:,} bytes" in capsys.readouterr().out
    before, after = load_autoencoder(file), load_autoencoder(out)
    assert not before.codec and latent_codec(after).encode(torch.zeros(2, 6))
    assert read_card(out) == read_card(file)
    assert 32_000 < out.stat().st_size - file.stat().st_size < 35_000  # weights have 16 bits still
    torch.testing.assert_close(after.net.state_dict(), before.net.state_dict(), rtol=0, atol=0)
    data = out.read_bytes()
    assert main(["models", "fit-codec", str(out), *flags]) == 0  # in place, instead of its own
    assert out.read_bytes() == data
    assert not out.with_suffix(".md").exists()  # its card has no figures of prints of this store
    assert main(["encode", str(matching_store), f"--model={out}", f"--out={tmp_path / 'x.ridge'}", "--threads=1"]) == 0
    assert main(["decode", str(tmp_path / "x.ridge"), f"--model={out}", f"--out={tmp_path / 'o'}"]) == 0


def test_a_card_has_the_size_of_what_the_codec_codes(
    pretrained: Pretrained, matching_store: Path, tmp_path: Path
) -> None:
    store, file = PrintStore.open(matching_store), pretrained("ridge-crop32-6", RIDGE)
    rows = store.rows("val")
    card = read_card(file)
    known = Measured(store.source, len(rows), 2, 0.05)
    write_with_codec(file, file, {}, replace(card, figures=(*card.figures, known)).to_json())
    assert main(["models", "fit-codec", str(file), f"--data={matching_store}", f"--out={file}"]) == 0
    saved = load_autoencoder(file)
    z = saved.net.encode(windows(store.stack(rows), saved.spec.window))
    sizes = [len(payload) for payload in latent_codec(saved).encode(z)]
    *others, last = read_card(file).figures
    assert tuple(others) == card.figures
    assert last.coded_bytes == pytest.approx(np.mean(sizes), rel=0.01)
    assert last.coded_mse is not None and 0 < last.coded_mse < 1
    assert f"{last.coded_bytes:.1f}" in file.with_suffix(".md").read_text()
