"""Prints of several sizes with two impressions a finger, and a matcher of fresh weights to keep as a shipped one."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ridgecode.matching.decision_threshold import ThresholdCounts
from ridgecode.matching.siamese.ridge import RidgeNetwork
from ridgecode.matching.siamese.saved import SiameseFacts, save_siamese
from ridgecode.matching.siamese.systems import SiameseSpec, build_siamese
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.quality import LEAST_FRAME_QUALITY
from support.fake_matchers import fake_run

FINGERS, IMPRESSIONS = 30, 2
PPI = 500.0


def ridges(finger: int, impression: int) -> NDArray[np.uint8]:
    """Rings of ridges about 9 pixels apart, as at 500 ppi, bent by three waves of the finger's own; each impression
    lies elsewhere in an image of its own size."""
    random = np.random.default_rng(finger)
    waves = random.uniform((0.002, 0.002, 0, 3), (0.006, 0.006, 6.28, 8), (3, 4))
    height, width = 300 + 20 * impression, 260 + 10 * (finger % 3)
    y, x = np.mgrid[:height, :width].astype(float)
    y, x = y - height / 2 - 4 * impression, x - width / 2 + 3 * impression
    distance = np.hypot(x, 0.8 * y + 60)
    for down, across, phase, depth in waves:
        distance += depth * np.sin(6.28 * (down * y + across * x) + phase)
    grey = 140 + 100 * np.sin(6.28 * distance / 9)
    grey[(x / 100) ** 2 + (y / 130) ** 2 > 1] = 255
    return grey.clip(0, 255).astype(np.uint8)


def sensor_store(folder: Path) -> Path:
    """A prepared store of one set of prints of several sizes; the images lie in `images/OWN` beside it."""
    images = folder / "images" / "OWN"
    images.mkdir(parents=True)
    for finger in range(FINGERS):
        for impression in range(1, IMPRESSIONS + 1):
            Image.fromarray(ridges(finger, impression)).save(images / f"{101 + finger}_{impression}.png")
    return prepare("fvc", folder / "images", folder / "store", ppi=PPI, progress=False).path


def fake_ridge_run(folder: Path, store: Path, threshold: float = 0.9) -> Path:
    """A finished train-siamese run of the system ridge with fresh weights."""
    run = fake_run(
        folder,
        {"verb": "train-siamese", "system": "ridge", "data": str(store), "max_steps": 20},
        {"source": "fvc", "ppi": PPI, "split_by": "subject", "finished": True, "seconds": 61.0, "seed": 3},
    )
    torch.manual_seed(0)
    spec = SiameseSpec("ridge", "ours", 160, 160, 1, 1, 128)
    net = build_siamese(spec)
    assert isinstance(net, RidgeNetwork)
    last = net.pose_branch[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.normal_(last.weight, std=0.05)  # each print has a pose of its own
    counts = ThresholdCounts(9, 4000, 12, 0.002)
    facts = SiameseFacts(threshold, 0.001, True, counts, TemplateFormat(64, 4), LEAST_FRAME_QUALITY)
    save_siamese(run / "model.safetensors", net, spec, facts)
    return run
