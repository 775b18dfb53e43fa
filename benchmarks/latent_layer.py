"""The MSE of `ridge` after the same steps with three latent layers: linear, linear with a local start, and a grid.

    python benchmarks/latent_layer.py [--data STORE] [--view crop32] [--latent_dim 128] [--steps 25]
                                     [--threads 1] [--seed 0]

All are trained on the same batches of 32 at a learning rate of 2e-3. The MSE is that of validation windows. Without
--data a few synthetic prints are made. These show that the script runs; the gain shows on real prints after a few
hundred steps.
"""

import argparse
import tempfile
from itertools import count
from pathlib import Path

import torch

from ridgecode.autoencoders.ridge import LatentLayer, RidgeAutoencoder
from ridgecode.autoencoders.saved import RIDGE_BLOCKS, RIDGE_WIDTH, AutoencoderSpec
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.prints.views import VIEWS
from ridgecode.runs.environment import environment
from ridgecode.training.autoencoder import optimiser_of

LEARNING_RATE, BATCH, ROWS = 2e-3, 32, 5
STARTS = ("everywhere", "local", "grid")


def mse_by_step(start: str, store: PrintStore, arguments: argparse.Namespace) -> dict[int, float]:
    """The number of steps -> the MSE, after each fifth of the steps."""
    view = VIEWS[arguments.view]
    prints = store.prints(split="train")
    val = torch.from_numpy(view.take(store.prints(split="val"))).unsqueeze(1).float() / 255
    torch.manual_seed(arguments.seed)
    layer: LatentLayer = "grid" if start == "grid" else "linear"
    spec = AutoencoderSpec("ridge", arguments.view, arguments.latent_dim, "mse", latent_layer=layer, width=RIDGE_WIDTH)
    net = RidgeAutoencoder(
        view.height,
        view.width,
        arguments.latent_dim,
        widths=spec.widths,
        blocks=RIDGE_BLOCKS,
        local_start=start == "local",
        latent_layer=layer,
    )
    optimiser = optimiser_of(net, LEARNING_RATE)
    rows, columns = view.inside
    found: dict[int, float] = {}
    step = 0
    for epoch in count():
        for x in TrainingCrops(prints, view, BATCH, "random", arguments.seed, epoch):
            optimiser.zero_grad()
            (net.train()(x.contiguous(memory_format=torch.channels_last)).x_hat - x).square().mean().backward()
            optimiser.step()
            step += 1
            if step % max(1, arguments.steps // ROWS) == 0:
                with torch.inference_mode():
                    difference = (net.eval().decode(net.encode(val)) - val)[..., rows, columns]
                found[step] = float(difference.square().mean())
            if step == arguments.steps:
                return found
    raise AssertionError  # count() does not end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="prepared store (default: 20 synthetic subjects, made for this run)")
    parser.add_argument("--view", choices=sorted(VIEWS), default="crop32")
    parser.add_argument("--latent_dim", type=int, default=128)
    parser.add_argument("--steps", type=int, default=25, help="of training for each (default 25)")
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default 1)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(20, 1, Path(folder) / "images", progress=False)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        store = PrintStore.open(path)
        found = [mse_by_step(start, store, arguments) for start in STARTS]
    machine = environment()["machine"]
    print(f"{machine['cpu']}, {store.source}, {arguments.view}, {arguments.latent_dim} latent dims, MSE\n")
    print("| after steps | linear, started everywhere | linear, started locally | grid |\n|---|---|---|---|")
    for step in found[0]:
        print(f"| {step} | {' | '.join(f'{one[step]:.4f}' for one in found)} |")


if __name__ == "__main__":
    main()
