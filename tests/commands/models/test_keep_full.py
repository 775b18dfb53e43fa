"""A run of the view `full` as a pretrained model."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.autoencoders.model_card import read_card
from ridgecode.codec.codec import Codec
from ridgecode.codec.full_codec import FullCodec
from ridgecode.commands.cli import main
from ridgecode.prints.crops import patches
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore


def test_a_kept_model_codes_as_the_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 8)
    random = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for finger in range(1, 21):
        stripes = 127.5 + 100 * np.sin(np.arange(90)[:, None] * 0.7 + random.uniform(0, 6) + np.zeros(100))
        Image.fromarray(stripes.astype(np.uint8)).save(tmp_path / "images" / f"{finger}_1.png")
    store = prepare(
        "impressions", tmp_path / "images", tmp_path / "store", canonical_ppi=500, progress=False, keep_copies=True
    ).path
    run = tmp_path / "run"
    command = f"train-autoencoder --view full --data {store} --run_dir {run} --latent_dim 4 --width 8 --blocks 1"
    command += " --batch_size 4 --rate_weight 0.05 --tracker none --threads 1 --max_epochs 2"
    assert main(command.split()) == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert main(f"models keep {run} --name tiny-full --data {store} --out {tmp_path / 'kept'}".split()) == 0
    card = read_card(tmp_path / "kept" / "tiny-full.safetensors")
    assert card.view == "full" and card.trained_on == "impressions"
    assert card.best_known.mse == pytest.approx(evaluation["mse"])
    assert card.best_known.coded_bytes == pytest.approx(evaluation["coded"]["payload_bytes"], rel=0.05)
    page = (tmp_path / "kept" / "tiny-full.md").read_text()
    assert "print of any size" in page and 'Codec.load("tiny-full")' in page
    shutil.rmtree(run)
    image = np.asarray(PrintStore.open(store).image(0))
    codec = Codec.load(tmp_path / "kept" / "tiny-full.safetensors")
    assert isinstance(codec, FullCodec)
    (back,) = codec.decode(codec.encode(image))
    assert back.shape == image.shape
