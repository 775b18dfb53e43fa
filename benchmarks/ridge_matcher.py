"""Speed of the image matcher `ridge`: views a second in training, and milliseconds of a template.

    python benchmarks/ridge_matcher.py [--data STORE] [--threads 1] [--batch 256] [--repeats 5]

Rows, each the fastest of some repeats, in float32 and, where the processor has AMX, in bf16 as training then computes:

- views made: varied views of frames (prints/varied_views.py);
- step: local contrast, pose, embedding, both losses, backward, AdamW, on views that are made already;
- training: both;
- a peer: the same step with residual blocks on the maps of 32x32 places, as pixel networks usually have them;
- a template: frame, quality and embedding of one image, in float32, and each alone; the published `subtract` beside it.

The targets are 10 ms a template on one core, and as many views a second as one can get. It takes a minute or two.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ridgecode.autoencoders.ridge import ResidualBlock
from ridgecode.matching.pair_losses import many_views_loss
from ridgecode.matching.siamese.networks import SubtractNetwork
from ridgecode.matching.siamese.ridge import (
    Pose,
    RidgeNetwork,
    local_contrast,
    pose_loss,
)
from ridgecode.prints.frame import FRAME_SIDE, framed
from ridgecode.prints.quality import print_quality
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print
from ridgecode.prints.varied_views import moved_views
from ridgecode.runs.hardware import Hardware
from ridgecode.training.muon import matcher_optimiser
from ridgecode.training.ridge_siamese import WEIGHT_DECAY
from ridgecode.training.views.ridge_views import ridge_variation
from ridgecode.training.views.variations import OF_REAL_PRINTS

VARIATION = ridge_variation(OF_REAL_PRINTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a prepared store; without it, synthetic prints")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.data:
        store = PrintStore.open(given.data)
        prints = [np.asarray(store.image(row)) for row in range(min(64, len(store)))]
    else:
        prints = [impression(master_print(seed, field_of_view=1.5), seed) for seed in range(16)]
    frames = np.resize(np.stack([framed(one) for one in prints]), (given.batch, FRAME_SIDE, FRAME_SIDE))
    print(f"{given.threads} threads, {given.batch} views a step\n\n| | seconds a step | views/s |\n|---|---|---|")
    made = fastest(
        lambda: moved_views(frames, np.random.default_rng(0), (FRAME_SIDE, FRAME_SIDE), VARIATION), given.repeats
    )
    row("views made", made, given.batch)
    for half in (False, True):
        if half and Hardware(device="cpu").lightning_precision == "32-true":
            break
        name = "bf16" if half else "float32"
        alone = fastest(training_step(RidgeNetwork(), frames, half), given.repeats)
        row(f"step, {name}", alone, given.batch)
        row(f"training, {name}", alone + made, given.batch)
        peer = fastest(training_step(_with_large_maps(), frames, half), given.repeats)
        row(f"peer: blocks on 32x32 maps, {name} ({peer / alone:.1f} times as long)", peer, given.batch)
    print("\n| one image | ms |\n|---|---|")
    templates(prints, given.repeats)


def training_step(net: RidgeNetwork, frames: np.ndarray, half: bool) -> Callable[[], None]:
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = matcher_optimiser(net, 1e-4, WEIGHT_DECAY)
    views, moved = moved_views(frames, np.random.default_rng(0), (FRAME_SIDE, FRAME_SIDE), VARIATION)
    fingers = torch.arange(len(views)) // 2

    def step() -> None:
        ridges = local_contrast(views[:, None])
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            pose = net.pose(ridges)
            e = net.embed_posed(ridges, Pose(*(one.detach() for one in pose)))
        loss = many_views_loss(e, fingers) + pose_loss(pose, Pose(*moved), fingers)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def _with_large_maps() -> RidgeNetwork:
    """The network with a residual block of 32 channels on the 32x32 map instead of a plain convolution."""
    net = RidgeNetwork()
    layers = list(net.branch)
    net.branch = nn.Sequential(*layers[:2], ResidualBlock(32), *layers[2:])
    return net


def templates(prints: list[np.ndarray], repeats: int) -> None:
    net, peer = RidgeNetwork().eval(), SubtractNetwork().eval()
    frames = [torch.from_numpy(framed(one))[None, None].float() / 255 for one in prints]

    def embed(network: RidgeNetwork | SubtractNetwork, side: int) -> None:
        with torch.inference_mode():
            for one in frames:
                network.embed(F.interpolate(one, side) if side != FRAME_SIDE else one)

    parts = {
        "frame": lambda: [framed(one) for one in prints],
        "quality": lambda: [print_quality(one) for one in prints],
        "embedding": lambda: embed(net, FRAME_SIDE),
    }
    seconds = {name: fastest(work, repeats) / len(prints) for name, work in parts.items()}
    for name, one in seconds.items():
        print(f"| {name} | {1000 * one:.2f} |")
    print(f"| template, all three | {1000 * sum(seconds.values()):.2f} |")
    print(f"| peer: embedding of `subtract` | {1000 * fastest(lambda: embed(peer, 90), repeats) / len(prints):.2f} |")


def fastest(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some calls, after one that is not timed."""
    work()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def row(name: str, seconds: float, views: int) -> None:
    print(f"| {name} | {seconds:.3f} | {views / seconds:.0f} |")


if __name__ == "__main__":
    main()
