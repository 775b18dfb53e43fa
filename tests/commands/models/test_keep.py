"""Runs that are kept as pretrained models: weights of 16 bits, the card's figures, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import LICENCES, card_page, read_card
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.commands.cli import main
from ridgecode.commands.models.keep import validation_mse
from ridgecode.evaluation.reconstruction_figures import measure
from ridgecode.prints.store import PrintStore

Refused = Callable[..., str]
Said = Callable[..., str]


def change(file: Path, **values: Any) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | values))


def test_keep(run: Path, tmp_path: Path, said: Said) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    (run / "config.yaml").write_text(yaml.safe_dump(config | {"max_minutes": 6.0, "tracker": "none"}, sort_keys=False))
    change(run / "environment.json", source="socofing")
    out = tmp_path / "kept"
    told = said("keep", run, "--name=ridge-crop32-4", f"--out={out}")
    file = out / "ridge-crop32-4.safetensors"
    assert told == f"{file}: {file.stat().st_size:,} bytes; its card is {file.with_suffix('.md')}\n"
    assert sorted(path.name for path in out.iterdir()) == ["ridge-crop32-4.md", "ridge-crop32-4.safetensors"]

    card, page = read_card(file), file.with_suffix(".md").read_text(encoding="utf-8")
    assert page == card_page(card)
    assert (card.name, card.view, card.latent_dim, card.backbone) == ("ridge-crop32-4", "crop32", 4, "ridge")
    assert (card.seed, card.seconds, card.commit) == (0, 303.4, "18fc4b2d1c")
    assert card.machine == "Imaginary CPU, 2 threads"
    assert card.trained_on == "socofing"
    (found,) = card.figures
    assert (found.source, found.n_prints, found.n_subjects) == ("socofing", 800, 80)
    assert (found.mse, found.mse_16_bit, found.pca_mse) == (0.05, None, 0.06)
    assert card.command == (
        "ridgecode train-autoencoder --data=store --run_dir=a --latent_dim=4 --learning_rate=0.002 --batch_size=128 "
        "--max_epochs=20 --max_minutes=6.0 --latent_layer=linear --blocks=2 --width=64"
    )
    assert str(tmp_path) not in page
    assert "0.05000" in page and LICENCES["socofing"] in page

    kept, before = load_autoencoder(file), load_autoencoder(run)
    assert kept.spec == before.spec
    assert file.stat().st_size < 0.55 * (run / "model.safetensors").stat().st_size
    x = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(kept.net.encode(x), before.net.encode(x), atol=0.01, rtol=0.01)
    assert torch.equal(kept.latent_std, before.latent_std)

    again = file.read_bytes()
    said("keep", run, "--name=ridge-crop32-4", f"--out={out}")
    assert file.read_bytes() == again


def test_keep_with_a_store(run: Path, matching_store: Path, tmp_path: Path, said: Said) -> None:
    """Both weights are measured, as evaluations measure; the list goes by the store's figures."""
    flags = ("keep", run, f"--out={tmp_path}", f"--data={matching_store}")
    said(*flags, "--name=other")
    card = read_card(tmp_path / "other.safetensors")
    own, found = card.figures
    assert (own.source, own.mse, own.mse_16_bit) == ("socofing", 0.05, None)
    store = PrintStore.open(matching_store)
    prints = store.prints("val")
    assert (found.source, found.n_prints, found.n_subjects) == ("synthetic", len(prints), 2)
    before, kept = Autoencoder.load(run), Autoencoder.load(tmp_path / "other.safetensors")
    assert found.mse == pytest.approx(measure(before, prints, 8).mse.mean(), rel=1e-6)
    assert found.mse_16_bit == validation_mse(kept, prints)
    assert found.mse_16_bit != found.mse
    assert card.best_known == found

    # The store of the evaluation has one line of figures.
    change(run / "evaluation.json", source="synthetic", n_prints=len(prints), n_subjects=2, mse=found.mse)
    said(*flags, "--name=same")
    (one,) = read_card(tmp_path / "same.safetensors").figures
    assert (one.mse, one.mse_16_bit, one.pca_mse) == (found.mse, found.mse_16_bit, 0.06)
    assert read_card(tmp_path / "same.safetensors").trained_on == "synthetic"
    assert "no real print was used" in (tmp_path / "same.md").read_text(encoding="utf-8")


def test_the_limit_of_pretrained_files(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    for room in ("write", "keep"):
        monkeypatch.setattr(f"ridgecode.commands.models.{room}.PRETRAINED", tmp_path / "own")
    monkeypatch.setattr("ridgecode.commands.models.keep.MAX_BYTES", 1000)
    assert "has at most 1,000; keep a smaller network" in refused("models", "keep", run, "--name=a")
    assert not list((tmp_path / "own").iterdir())
    assert main(["models", "keep", str(run), "--name=a", f"--out={tmp_path / 'other'}"]) == 0


def test_weights_that_16_bits_do_not_hold(run: Path, spec: AutoencoderSpec, tmp_path: Path, refused: Refused) -> None:
    net = build_network(spec)
    net.to_latent.weight.data[0, 0] = 1e6
    save_autoencoder(run / "model.safetensors", net, spec, torch.zeros(4), torch.ones(4))
    assert "to_latent.weight" in refused("models", "keep", run, "--name=a", f"--out={tmp_path / 'kept'}")
    assert not (tmp_path / "kept").exists()


def test_runs_that_cannot_be_kept(run: Path, fake_runs: Any, tmp_path: Path, refused: Refused) -> None:
    command = ("models", "keep", run, "--name=a", f"--out={tmp_path / 'kept'}")
    evaluation, environment = run / "evaluation.json", run / "environment.json"
    change(evaluation, split="test")
    assert "is of the split test, not val" in refused(*command)
    evaluation.write_text("[]")
    assert "holds no figures of an autoencoder" in refused(*command)
    evaluation.unlink()
    assert "evaluation.json does not exist; evaluate it with `ridgecode evaluate" in refused(*command)
    change(environment, finished=False)
    assert "is not finished" in refused(*command)
    matcher = fake_runs.matcher("head")
    assert "--data is missing" in refused("models", "keep", matcher, "--name=a", f"--out={tmp_path / 'kept'}")
    assert not (tmp_path / "kept").exists()
    (tmp_path / "kept").write_text("in the way")
    assert "kept is a file" in refused(*command)
