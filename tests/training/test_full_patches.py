"""The data of a network of the view `full`, and a training on it from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.full_maps import FullMapCodec, FullMaps
from ridgecode.commands.cli import main
from ridgecode.prints.crops import patches
from ridgecode.prints.crops.patches import middle_patch
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.training.full_patches import FullPatches
from support.full_models import FULL_SPEC


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two stores of 20 fingers, with images of stripes of several sizes."""
    random, made = np.random.default_rng(0), []
    for number in range(2):
        folder = tmp_path_factory.mktemp("images")
        for finger in range(1, 21):
            height, width = random.integers(200, 300, 2)
            y, x = np.mgrid[:height, :width]
            slope, phase = random.uniform(-1, 1, 2)
            stripes = 127.5 + 100 * np.sin((y + slope * x) * 0.7 + phase)
            Image.fromarray(stripes.astype(np.uint8)).save(folder / f"{finger}_1.png")
        out = folder.parent / f"store{number}"
        made.append(prepare("impressions", folder, out, ppi=500, canonical_ppi=500, progress=False).path)
    return made


def test_each_store_has_its_share_and_validation_shows_middles(stores: list[Path]) -> None:
    opened = [PrintStore.open(path) for path in stores]
    data = FullPatches(opened, [0.8, 0.2], FULL_SPEC, 4, seed=0)
    assert data._weights.sum() == pytest.approx(1)
    assert data._weights[: len(opened[0].rows("train"))].sum() == pytest.approx(0.8)
    expected = [middle_patch(np.asarray(store.image(int(row))), 256) for store in opened for row in store.rows("val")]
    assert torch.equal(data.val_windows[:, 0], torch.from_numpy(np.stack(expected)).float() / 255)


def test_a_training_gives_a_model_that_codes_images_of_any_size(
    stores: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 16)
    run = tmp_path / "run"
    command = ["train-autoencoder", "--view", "full", "--data", ",".join(map(str, stores)), "--run_dir", str(run)]
    command += ["--latent_dim", "4", "--width", "8", "--blocks", "1", "--batch_size", "4", "--rate_weight", "0.05"]
    command += ["--tracker", "none", "--threads", "1", "--evaluate", "false", "--max_epochs", "3"]
    assert main(command) == 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["val_mse"] < rows[0]["val_mse"]
    saved = load_autoencoder(run)
    image = np.asarray(PrintStore.open(stores[0]).image(0))
    maps, coder = FullMaps(saved.net), FullMapCodec(saved.codec)  # type: ignore[arg-type]
    z = maps.encode(image)
    back = maps.decode(coder.decode(coder.encode(z), *z.shape[1:]), *image.shape)
    assert back.shape == image.shape


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("", "--rate_weight"),
        ("--rate_weight 0.1 --task repair", "--task"),
        ("--rate_weight 0.1 --backbone resnet18", "--view full is of --backbone ridge"),
        ("--rate_weight 0.1 --shares 1", "--shares 1 has 1 numbers"),
        ("--rate_weight 0.1 --latent_layer linear", "--latent_layer"),
    ],
)
def test_what_does_not_fit_the_view_is_refused(
    stores: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, sentence: str
) -> None:
    command = f"train-autoencoder --view full --data {stores[0]},{stores[1]} --run_dir {tmp_path / 'run'} {more}"
    assert main(command.split()) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run" / "config.yaml").exists()
