"""`ridgecode models`: the list, cards, ONNX files, and runs that are kept as pretrained models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from ridgecode.autoencoders.model_card import LICENCES, read_card
from ridgecode.autoencoders.model_card_page import card_page
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.cli import main
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.keep_model import validation_mse
from ridgecode.study.reconstruction_figures import measure
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.training_history import training_command, training_history

Refused = Callable[..., str]
Pretrained = Callable[..., Path]
SPEC = AutoencoderSpec("ridge", "crop32", 4, "mse")


@pytest.fixture
def run(fake_runs: Any) -> Path:
    """A finished and evaluated run with a model of fresh weights."""
    folder: Path = fake_runs.autoencoder("a", latent_dim=4, mse=0.05, pca_mse=0.06)
    torch.manual_seed(0)
    save_autoencoder(folder / "model.safetensors", build_network(SPEC), SPEC, torch.zeros(4), torch.ones(4))
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert main(["models", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def change(file: Path, **values: Any) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | values))


def test_no_models(pretrained: Pretrained, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys).startswith("no pretrained models come with this ridgecode")


def test_the_list(pretrained: Pretrained, capsys: pytest.CaptureFixture[str]) -> None:
    pretrained("ridge-crop32-4", SPEC, coded_bytes=12.34)
    pretrained("a-pca", AutoencoderSpec("pca", "whole", 128, "mse"), "synthetic")
    head, first, second = said(capsys).splitlines()
    assert first.split() == ["a-pca", "whole", "128", "128", "-", "0.03714", "(synthetic)", "synthetic", "2.4", "MB"]
    assert second.split()[:6] == ["ridge-crop32-4", "crop32", "4", "4", "12.3", "0.03714"]
    for text in ("view", "latent dims", "bytes at 8 bits", "bytes, coded", "MSE", "trained on", "file"):
        assert text in head
    assert head.index("view") == first.index("whole") == second.index(" crop32") + 1


def test_a_card(pretrained: Pretrained, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = pretrained("ridge-crop32-4", SPEC)
    page = file.with_suffix(".md").read_text(encoding="utf-8")
    assert said(capsys, "ridge-crop32-4") == said(capsys, file) == page
    assert "0.03714" in page and "non-commercial" in page


def test_onnx(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files compute is tested beside the export."""
    asked = []

    def export(net: object, height: int, width: int, folder: Path) -> list[Path]:
        asked.append((type(net).__name__, height, width, folder))
        (tmp_path / "encoder.onnx").write_bytes(b"1234")
        return [tmp_path / "encoder.onnx"]

    monkeypatch.setattr("ridgecode.autoencoders.autoencoder.export_onnx", export)
    assert said(capsys, run, "--onnx", f"--out={tmp_path / 'onnx'}") == f"{tmp_path / 'encoder.onnx'}: 4 bytes\n"
    assert asked == [("RidgeAutoencoder", 32, 32, tmp_path / "onnx")]


def test_keep(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    (run / "config.yaml").write_text(yaml.safe_dump(config | {"max_minutes": 6.0, "tracker": "none"}, sort_keys=False))
    change(run / "environment.json", source="socofing")
    out = tmp_path / "kept"
    told = said(capsys, f"--keep={run}", "--name=ridge-crop32-4", f"--out={out}")
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
    said(capsys, f"--keep={run}", "--name=ridge-crop32-4", f"--out={out}")
    assert file.read_bytes() == again


def test_a_card_tells_of_the_runs_before(fake_runs: Any, pretrained: Pretrained, tmp_path: Path) -> None:
    """c started from the model file of b, b from the pretrained model a, which is told by the run that it was."""
    first = read_card(pretrained("a", SPEC))  # whose run_dir was called a as well
    folders: dict[str, Path] = {}

    def start(name: str, start_from: Path | str) -> None:
        folder = folders[name] = fake_runs.autoencoder(name, latent_dim=4, mse=0.05, pca_mse=0.06)
        config = yaml.safe_load((folder / "config.yaml").read_text()) | {"start_from": str(start_from)}
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        save_autoencoder(folder / "model.safetensors", build_network(SPEC), SPEC, torch.zeros(4), torch.ones(4))

    start("b", "a")
    start("c", folders["b"] / "model.safetensors")
    start("d", tmp_path / "gone" / "x")
    own = "--latent_dim=4 --learning_rate=0.002 --batch_size=128 --max_epochs=20"
    form = "--latent_layer=linear --blocks=2 --width=64"  # as the models have it, whatever the settings leave open
    told = "ridgecode train-autoencoder --data=store"
    history = training_history(RunFolder(folders["c"]))
    assert history.commands == (
        first.command,
        f"{told} --run_dir=b {own} --start_from=a {form}",
        f"{told} --run_dir=c {own} --start_from=b {form}",
    )
    assert training_history(RunFolder(folders["d"])).commands == (f"{told} --run_dir=d {own} --start_from=x {form}",)
    assert history.seconds == pytest.approx(first.seconds + 2 * 303.4)

    assert main(["models", f"--keep={folders['c']}", "--name=kept", f"--out={tmp_path / 'kept'}"]) == 0
    card = read_card(tmp_path / "kept" / "kept.safetensors")
    assert card.command.splitlines() == list(history.commands)
    assert card.seconds == history.seconds


def test_keep_with_a_store(run: Path, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both weights are measured, as evaluations measure; the list goes by the store's figures."""
    flags = (f"--keep={run}", f"--out={tmp_path}", f"--data={matching_store}")
    said(capsys, *flags, "--name=other")
    card = read_card(tmp_path / "other.safetensors")
    own, found = card.figures
    assert (own.source, own.mse, own.mse_16_bit) == ("socofing", 0.05, None)
    store = PrintStore.open(matching_store)
    prints = stack_prints(store, store.rows("val"))
    assert (found.source, found.n_prints, found.n_subjects) == ("synthetic", len(prints), 2)
    before, kept = load_autoencoder(run), load_autoencoder(tmp_path / "other.safetensors")
    assert found.mse == pytest.approx(measure(before, prints, 8).mse.mean(), rel=1e-6)
    assert found.mse_16_bit == validation_mse(kept, prints)
    assert found.mse_16_bit != found.mse
    assert card.best_known == found

    # The store of the evaluation has one line of figures.
    change(run / "evaluation.json", source="synthetic", n_prints=len(prints), n_subjects=2, mse=found.mse)
    said(capsys, *flags, "--name=same")
    (one,) = read_card(tmp_path / "same.safetensors").figures
    assert (one.mse, one.mse_16_bit, one.pca_mse) == (found.mse, found.mse_16_bit, 0.06)
    assert read_card(tmp_path / "same.safetensors").trained_on == "synthetic"
    assert "no real print was used" in (tmp_path / "same.md").read_text(encoding="utf-8")


def test_the_limit_of_pretrained_files(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    monkeypatch.setattr("ridgecode.study.models_command.PRETRAINED", tmp_path / "own")
    monkeypatch.setattr("ridgecode.study.keep_model.PRETRAINED", tmp_path / "own")
    monkeypatch.setattr("ridgecode.study.keep_model.MAX_BYTES", 1000)
    assert "has at most 1,000; keep a smaller network" in refused("models", f"--keep={run}", "--name=a")
    assert not list((tmp_path / "own").iterdir())
    assert main(["models", f"--keep={run}", "--name=a", f"--out={tmp_path / 'other'}"]) == 0


def test_weights_that_16_bits_do_not_hold(run: Path, tmp_path: Path, refused: Refused) -> None:
    net = build_network(SPEC)
    net.to_latent.weight.data[0, 0] = 1e6
    save_autoencoder(run / "model.safetensors", net, SPEC, torch.zeros(4), torch.ones(4))
    assert "to_latent.weight" in refused("models", f"--keep={run}", "--name=a", f"--out={tmp_path / 'kept'}")
    assert not (tmp_path / "kept").exists()


def test_commands_of_runs() -> None:
    assert training_command({"verb": "train-autoencoder", "run_dir": None}) == "ridgecode train-autoencoder"
    told = training_command({"data": "/somewhere/my store", "run_dir": "runs/a", "seed": 3, "distortion": "bce+l1"})
    assert told == "ridgecode train-autoencoder --data='my store' --run_dir=a --seed=3 --distortion=bce+l1"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["ridge-crop-4"], "ridge-crop-4 does not exist and is no pretrained model (did you mean ridge-crop32-4?)"),
        (["ridge-crop-4", "--onnx", "--out=x"], "(did you mean ridge-crop32-4?)"),
        (["--onnx", "--out=x"], "--onnx needs a model"),
        (["ridge-crop32-4", "--onnx"], "--out is missing"),
        (["ridge-crop32-4", "--out=x"], "--out is for --onnx, --fit_codec and --keep"),
        (["ridge-crop32-4", "--name=b"], "--name is for --keep"),
        (["--data=store"], "--data is for --keep"),
        (["--keep=RUN"], "--name is missing"),
        (["--keep=RUN", "--name=A/b"], "--name A/b is no name"),
        (["--keep=RUN", "--name=..", "--out=x"], "--name .. is no name"),
        (["--keep=RUN", "--name=b", "--onnx"], "--onnx says nothing to --keep"),
        (["ridge-crop32-4", "--keep=RUN", "--name=b"], "ridge-crop32-4 says nothing to --keep"),
        (["--keep=nowhere", "--name=b", "--out=x"], "nowhere is not a run"),
        (["--keep=RUN", "--name=b", "--out=x", "--data=nowhere"], "nowhere is no folder"),
        (["RUN"], "has no model card"),
    ],
)
def test_refusals(
    run: Path,
    pretrained: Pretrained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: list[str],
    words: str,
) -> None:
    pretrained("ridge-crop32-4", SPEC)
    monkeypatch.chdir(tmp_path)
    assert words in refused("models", *(flag.replace("RUN", str(run)) for flag in flags))
    assert not (tmp_path / "x").exists()


def test_runs_that_cannot_be_kept(run: Path, fake_runs: Any, tmp_path: Path, refused: Refused) -> None:
    command = ("models", f"--keep={run}", "--name=a", f"--out={tmp_path / 'kept'}")
    evaluation, environment = run / "evaluation.json", run / "environment.json"
    change(evaluation, split="test")
    assert "tells of the split test, not val" in refused(*command)
    evaluation.write_text("[]")
    assert "holds no figures of an autoencoder" in refused(*command)
    evaluation.unlink()
    assert "evaluation.json does not exist; evaluate it with `ridgecode evaluate" in refused(*command)
    change(environment, finished=False)
    assert "is not finished" in refused(*command)
    matcher = fake_runs.matcher("head")
    assert "head is no autoencoder" in refused("models", f"--keep={matcher}", "--name=a", f"--out={tmp_path / 'kept'}")
    assert not (tmp_path / "kept").exists()
    (tmp_path / "kept").write_text("in the way")
    assert "kept is a file" in refused(*command)


def test_verbs_take_a_name(
    pretrained: Pretrained,
    matching_store: Path,
    tmp_path: Path,
    refused: Refused,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = pretrained("ridge-crop32-4", SPEC)
    common = ("--model=ridge-crop32-4", "--threads=1")
    assert main(["encode", str(matching_store), f"--out={tmp_path / 'z'}", "--split=val", *common]) == 0
    assert main(["decode", str(tmp_path / "z"), f"--out={tmp_path / 'images'}", "--select=0", *common]) == 0
    saved, store = load_autoencoder(file), PrintStore.open(matching_store)
    x = torch.from_numpy(stack_prints(store, store.rows("val", levels=None))[:, 32:64, 29:61]).unsqueeze(1) / 255
    np.testing.assert_allclose(np.load(tmp_path / "z" / "latents.npy"), saved.net.encode(x).numpy(), atol=1e-5)
    said = refused("encode", matching_store, f"--out={tmp_path / 'y'}", "--model=ridge-crop-4")
    assert "(did you mean ridge-crop32-4?)" in said

    evaluate = ["evaluate", f"--data={matching_store}", "--protocols=none", "--threads=1"]
    assert "--out is missing: ridge-crop32-4 is a model" in refused(*evaluate, "--run=ridge-crop32-4")
    assert "--out is missing" in refused(*evaluate, f"--run={file}")
    assert "(did you mean ridge-crop32-4?)" in refused(*evaluate, "--run=ridge-crop-4")
    out = f"--out={tmp_path / 'figures.json'}"
    assert "--tracker" in refused(*evaluate, "--run=ridge-crop32-4", out, "--tracker=wandb")
    assert "was trained on crop32" in refused(
        *("evaluate", f"--data={matching_store}", "--run=ridge-crop32-4", "--matcher=orb", out)
    )
    assert not (tmp_path / "figures.json").exists()
    capsys.readouterr()
    assert main([*evaluate, "--run=ridge-crop32-4", out]) == 0
    assert "was not trained on" not in capsys.readouterr().err  # SOCOFing's subjects are not among those of this store
    assert json.loads((tmp_path / "figures.json").read_text())["latent_dim"] == 4
    assert sorted(path.name for path in file.parent.iterdir()) == ["ridge-crop32-4.md", "ridge-crop32-4.safetensors"]

    train = ["train-matcher", f"--data={matching_store}", "--run_dir", str(tmp_path / "head"), "--hidden=8"]
    train += ["--embedding_dim=4", "--batch_size=16", "--max_epochs=1", "--tracker=none", "--evaluate=false", *common]
    assert main(train) == 0
    assert (tmp_path / "head" / "autoencoder.safetensors").read_bytes() == file.read_bytes()
    assert main(train) == 0
    pretrained("ridge-crop32-4", SPEC, "synthetic")
    assert "holds a run on another autoencoder than --model ridge-crop32-4" in refused(*train)
