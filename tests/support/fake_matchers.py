"""Runs of matchers that were not trained: fresh weights in a run's folder, made in a moment."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
import yaml

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, save_autoencoder
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.saved_matcher import MatcherFacts, save_matcher, sha256_of
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE
from ridgecode.matching.siamese.saved import SiameseFacts, save_siamese
from ridgecode.matching.siamese.systems import build_siamese, siamese_spec

DIMS = 6


def fake_autoencoder(folder: Path, view: str = "whole", dims: int = DIMS) -> Path:
    """A file of PCA with random components, none of which says much of a print."""
    torch.manual_seed(0)
    spec = AutoencoderSpec("pca", view, dims, "mse")  # type: ignore[arg-type]
    net = build_network(spec)
    net.load_state_dict({name: torch.rand_like(value) / 50 for name, value in net.state_dict().items()})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.safetensors"
    save_autoencoder(path, net, spec, torch.linspace(-1, 1, dims), torch.linspace(0.5, 2, dims))
    return path


def fake_run(folder: Path, config: dict[str, Any], environment: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "environment.json").write_text(json.dumps(environment))
    return folder


def fake_head_run(
    folder: Path, threshold: float = 0.25, verb: str = "train-head", embedding_dim: int = 4, **facts: Any
) -> Path:
    """A train-head run of SOCOFing prints. facts: further ones of `MatcherFacts`."""
    run = fake_run(folder, {"verb": verb}, {"source": "socofing", "ppi": 0})
    shutil.copyfile(fake_autoencoder(folder / "other"), run / AUTOENCODER_FILE)
    shutil.rmtree(folder / "other")
    head, sha256 = LatentHead(DIMS, 8, embedding_dim), sha256_of(run / AUTOENCODER_FILE)
    save_matcher(run / "model.safetensors", head, MatcherFacts("infonce", threshold, 0.001, "moved", sha256, **facts))
    return run


def fake_siamese_run(
    folder: Path, threshold: float = -0.5, verb: str = "train-siamese", seed: int = 0, **facts: Any
) -> Path:
    """A train-siamese run of SOCOFing prints, with the system contrastive, which takes images of their own size.

    facts: further ones of `SiameseFacts`.
    """
    config = {"verb": verb, "system": "contrastive"}
    run = fake_run(folder, config, {"source": "socofing", "ppi": 0, "split_by": "subject"})
    torch.manual_seed(seed)
    spec = siamese_spec("contrastive", "ours", (97, 90))
    save_siamese(run / "model.safetensors", build_siamese(spec), spec, SiameseFacts(threshold, 0.002, True, **facts))
    return run
