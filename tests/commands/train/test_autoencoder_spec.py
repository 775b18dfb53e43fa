"""`train-autoencoder --start_from`, `--latent_layer`, `--blocks` and `--width` on a small synthetic store."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, load_autoencoder, usual_latent_layer
from ridgecode.commands.cli import main
from support.quick_trainings import training

QUICK: dict[str, object] = {"width": 8}


def command(store: Path, run_dir: Path, **flags: object) -> list[str]:
    return training(store, run_dir, **(QUICK | flags))


def best_mse(run_dir: Path) -> float:
    return min(float(json.loads(line)["val_mse"]) for line in (run_dir / "metrics.jsonl").read_text().splitlines())


@pytest.fixture(scope="module")
def wide(synthetic_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 32 dims, 20 epochs; read it only."""
    run_dir = tmp_path_factory.mktemp("wide") / "run"
    assert main(command(synthetic_store, run_dir, latent_dim=32, max_epochs=20)) == 0
    return run_dir


@pytest.mark.parametrize("flags", [{"latent_dim": 32}, {"latent_dim": 48}, {"latent_dim": 32, "distortion": "bce"}])
def test_a_run_begins_where_the_other_ended(
    synthetic_store: Path, tmp_path: Path, wide: Path, flags: dict[str, Any]
) -> None:
    # Steps of next to no length: what is measured is what it began with, but for batch statistics that move a little.
    still = command(synthetic_store, tmp_path / "run", start_from=wide, learning_rate=1e-9, max_epochs=1, **flags)
    fresh = command(synthetic_store, tmp_path / "fresh", learning_rate=1e-9, max_epochs=1, **flags)
    assert main(still) == main(fresh) == 0
    gap = best_mse(tmp_path / "fresh") - best_mse(wide)
    assert gap > 0.02
    assert abs(best_mse(tmp_path / "run") - best_mse(wide)) < 0.3 * gap
    assert load_autoencoder(tmp_path / "run").spec.latent_layer == "patches"


def test_fewer_dims_and_whole_prints(synthetic_store: Path, tmp_path: Path, wide: Path) -> None:
    assert main(command(synthetic_store, tmp_path / "6", start_from=wide, latent_dim=6, width=0)) == 0
    spec = load_autoencoder(tmp_path / "6").spec
    assert (spec.latent_layer, spec.blocks, spec.width) == ("patches", 1, 8)  # as the other's
    flags = {"view": "whole", "latent_dim": 200, "max_epochs": 1}
    assert main(command(synthetic_store, tmp_path / "whole", start_from=wide, **flags)) == 0
    net = load_autoencoder(tmp_path / "whole").net
    assert isinstance(net, RidgeAutoencoder)
    # 22 numbers a patch and 2 more: which patches have more is read off the prints, not off a rule.
    assert net.latent_layer == "patches" and net.latent_dim == 200
    entries = net.to_latent.entries
    assert len(entries.unique()) == 200 and int(entries.max()) < 9 * 200
    saved = load_autoencoder(tmp_path / "whole").net
    torch.testing.assert_close(saved.state_dict(), net.state_dict())


def test_a_resumed_run_needs_the_same_start(
    synthetic_store: Path, tmp_path: Path, wide: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = {"latent_dim": 32, "max_epochs": 1}
    assert main(command(synthetic_store, tmp_path / "run", start_from=wide, **flags)) == 0
    capsys.readouterr()
    assert main(command(synthetic_store, tmp_path / "run", **flags)) == 2
    assert "--start_from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"width": 12}, "other convolutions; leave it out, or give another model"),
        ({"latent_dim": 48, "latent_layer": "linear"}, "latent layer"),
        ({"backbone": "pca", "width": 0}, "--start_from is for --backbone ridge"),
        ({"start_from": "ridge-crop32-nine"}, "ridge-crop32-nine does not exist"),
        ({"blocks": -1}, "--blocks is -1; give 0 or more"),
        ({"backbone": "resnet18", "width": 8}, "--width is for --backbone ridge; leave it out with resnet18"),
        ({"backbone": "resnet18", "width": 0, "latent_layer": "linear"}, "--latent_layer is for --backbone ridge"),
        ({"latent_layer": "grid", "pooling": "mean"}, "--latent_layer grid keeps every place"),
    ],
)
def test_what_does_not_fit_is_refused(
    synthetic_store: Path,
    tmp_path: Path,
    wide: Path,
    capsys: pytest.CaptureFixture[str],
    flags: dict[str, object],
    said: str,
) -> None:
    start = {} if flags.get("backbone") == "resnet18" else {"start_from": wide}
    assert main(command(synthetic_store, tmp_path / "run", **{"latent_dim": 32, **start, **flags})) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("view", "latent_dim", "starts", "layer"),
    [
        ("crop32", 15, False, "linear"),
        ("crop32", 16, False, "grid"),
        ("whole", 143, False, "linear"),
        ("whole", 144, False, "grid"),
        ("crop32", 8, True, "patches"),
        ("whole", 512, True, "patches"),
    ],
)
def test_latent_layers(view: Any, latent_dim: int, starts: bool, layer: str) -> None:
    assert usual_latent_layer(AutoencoderSpec("ridge", view, latent_dim, "mse"), starts) == layer
