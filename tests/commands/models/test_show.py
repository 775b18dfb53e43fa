"""`ridgecode models list` and `show`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ridgecode.autoencoders.saved import AutoencoderSpec, load_autoencoder
from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore

Said = Callable[..., str]
Pretrained = Callable[..., Path]
Refused = Callable[..., str]


def test_no_models(pretrained: Pretrained, said: Said) -> None:
    assert said("list").startswith("no pretrained models come with this ridgecode")


def test_the_list(pretrained: Pretrained, spec: AutoencoderSpec, said: Said) -> None:
    pretrained("ridge-crop32-4", spec, coded_bytes=12.34)
    pretrained("a-pca", AutoencoderSpec("pca", "whole", 128, "mse"), "synthetic")
    head, first, second = said("list").splitlines()[:3]  # matchers follow
    assert first.split() == ["a-pca", "whole", "128", "128", "-", "0.03714", "(synthetic)", "synthetic", "2.4", "MB"]
    assert second.split()[:6] == ["ridge-crop32-4", "crop32", "4", "4", "12.3", "0.03714"]
    for text in ("view", "latent dims", "bytes at 8 bits", "bytes, coded", "MSE", "trained on", "file"):
        assert text in head
    assert head.index("view") == first.index("whole") == second.index(" crop32") + 1


def test_a_card(pretrained: Pretrained, spec: AutoencoderSpec, said: Said) -> None:
    file = pretrained("ridge-crop32-4", spec)
    page = file.with_suffix(".md").read_text(encoding="utf-8")
    assert said("show", "ridge-crop32-4") == said("show", file) == page
    assert "0.03714" in page and "non-commercial" in page


def test_refusals(pretrained: Pretrained, spec: AutoencoderSpec, run: Path, refused: Refused) -> None:
    pretrained("ridge-crop32-4", spec)
    told = refused("models", "show", "ridge-crop-4")
    assert "ridge-crop-4 does not exist and is no pretrained model (did you mean ridge-crop32-4?)" in told
    assert "has no model card" in refused("models", "show", run)
    assert "MODEL is missing" in refused("models", "show")
    assert "--out is no flag of this verb" in refused("models", "show", "ridge-crop32-4", "--out=x")


def test_verbs_take_a_name(
    pretrained: Pretrained, spec: AutoencoderSpec, matching_store: Path, tmp_path: Path, refused: Refused
) -> None:
    file = pretrained("ridge-crop32-4", spec)
    common = ("--model=ridge-crop32-4", "--threads=1")
    assert main(["encode", str(matching_store), f"--out={tmp_path / 'z'}", "--split=val", *common]) == 0
    assert main(["decode", str(tmp_path / "z"), f"--out={tmp_path / 'images'}", "--select=0", *common]) == 0
    net, store = load_autoencoder(file).net, PrintStore.open(matching_store)
    x = torch.from_numpy(store.prints("val", levels=None)[:, 32:64, 29:61]).unsqueeze(1) / 255
    np.testing.assert_allclose(np.load(tmp_path / "z" / "latents.npy"), net.encode(x).numpy(), atol=1e-5)
    sentence = refused("encode", matching_store, f"--out={tmp_path / 'y'}", "--model=ridge-crop-4")
    assert "(did you mean ridge-crop32-4?)" in sentence

    evaluate = ["evaluate", f"--data={matching_store}", "--protocols=none", "--threads=1"]
    assert "--out is missing: ridge-crop32-4 is a model" in refused(*evaluate, "--run=ridge-crop32-4")
    assert "--out is missing" in refused(*evaluate, f"--run={file}")
    assert "(did you mean ridge-crop32-4?)" in refused(*evaluate, "--run=ridge-crop-4")
    out = f"--out={tmp_path / 'figures.json'}"
    assert "--tracker" in refused(*evaluate, "--run=ridge-crop32-4", out, "--tracker=wandb")
    minutiae = ["evaluate-minutiae", f"--data={matching_store}", "--run=ridge-crop32-4", "--matcher=orb", out]
    assert "was trained on crop32" in refused(*minutiae)
