"""The MSE of `ridge` after the same minutes with Muon, its own optimiser, and with AdamW.

    python benchmarks/optimisers.py [--data STORE] [--minutes 0.3] [--latent_dim 128] [--threads 1] [--seed 0]

All start from the same weights and are trained on the same batches of 64. The learning rate falls to 0 ("cosine", as
with `train-autoencoder --max_minutes`) or does not change ("constant"). The MSE is that of validation centre crops; in
the last column it is that of an exponential moving average of the weights (decay 0.99 a step). Without --data a few
synthetic prints are made. These show the speed; the gain shows on real prints after minutes.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autoencoders import ridge_of
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.prints.views import VIEWS
from ridgecode.runs.environment import environment
from ridgecode.training.autoencoder import optimiser_of
from ridgecode.training.schedule import learning_rate_factor

BETAS, BATCH, DECAY = (0.9, 0.95), 64, 0.99


class Recipe(NamedTuple):
    """How one network is trained. schedule: "cosine" or "constant"."""

    optimiser: str
    learning_rate: float
    schedule: str


RECIPES = (
    Recipe("AdamW", 1e-3, "cosine"),
    Recipe("AdamW", 4e-3, "cosine"),
    Recipe("Muon", 4e-3, "cosine"),
    Recipe("Muon", 4e-3, "constant"),
)


def trained(recipe: Recipe, store: PrintStore, arguments: argparse.Namespace) -> tuple[int, float, float]:
    """The number of training crops, the MSE at the end, and the MSE with averaged weights."""
    view = VIEWS["crop32"]
    prints = store.prints(split="train")
    val = torch.from_numpy(view.take(store.prints(split="val"))).unsqueeze(1).float() / 255
    torch.manual_seed(arguments.seed)
    net = ridge_of(view, arguments.latent_dim).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=True)
    optimiser = optimiser_of(net, recipe.learning_rate)
    if recipe.optimiser == "AdamW":
        optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, betas=BETAS)
    began, crops, epoch = time.monotonic(), 0, 0
    while True:
        for x in TrainingCrops(prints, view, BATCH, "random", arguments.seed, epoch):
            used = (time.monotonic() - began) / (60 * arguments.minutes)
            if used >= 1:
                with torch.inference_mode():
                    both = [one.eval() for one in (net, averaged.module)]
                    of_both = [float((one.decode(one.encode(val)) - val).square().mean()) for one in both]
                return crops, of_both[0], of_both[1]
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * learning_rate_factor(recipe.schedule, used)
            optimiser.zero_grad()
            (net(x.contiguous(memory_format=torch.channels_last)).x_hat - x).square().mean().backward()
            optimiser.step()
            averaged.update_parameters(net)
            crops += len(x)
        epoch += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="prepared store (default: 20 synthetic subjects, made for this run)")
    parser.add_argument("--minutes", type=float, default=0.3, help="of training for each (default 0.3)")
    parser.add_argument("--latent_dim", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default 1)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    machine = environment()["machine"]
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(20, 1, Path(folder) / "images", alterations=False, progress=False)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        store = PrintStore.open(path)
        print(
            f"{machine['cpu']}, {arguments.threads} thread(s), {arguments.minutes} minutes each, {store.source}, "
            f"{arguments.latent_dim} latent dims\n\n"
            "| optimiser | learning rate | crops/s | crops | MSE | MSE, averaged |\n|---|---|---|---|---|---|"
        )
        short = argparse.Namespace(**{**vars(arguments), "minutes": 0.02})
        trained(RECIPES[0], store, short)  # the first steps are slower
        for recipe in RECIPES:
            crops, mse, averaged = trained(recipe, store, arguments)
            print(
                f"| {recipe.optimiser} | {recipe.learning_rate:g}, {recipe.schedule} "
                f"| {crops / (60 * arguments.minutes):,.0f} | {crops:,} | {mse:.4f} | {averaged:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
