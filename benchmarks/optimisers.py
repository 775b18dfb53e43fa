"""What `ridge` learns in the same minutes under Muon (its own optimiser) and under AdamW, one after the other.

    python benchmarks/optimisers.py [--data STORE] [--minutes 0.5] [--latent_dim 128] [--threads 1] [--seed 0]

Both start from the same weights and see the same batches, with the schedule of `train-autoencoder --max_minutes`. The
MSE is that of validation centre crops. Without --data a few synthetic prints are made, which show the speed but not the
gain: that takes real prints and minutes.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.prints.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.prints.training_crops import TrainingCrops
from ridgecode.prints.views import VIEWS, stack_prints
from ridgecode.study.autoencoder_training import optimiser_of
from ridgecode.study.reconstruction_figures import reconstruct
from ridgecode.study.run_folder import environment
from ridgecode.study.schedule import learning_rate_factor

LEARNING_RATE, BETAS, BATCH = 2e-3, (0.9, 0.95), 32


def trained(name: str, store: PrintStore, arguments: argparse.Namespace) -> tuple[int, float]:
    """Crops seen and the MSE at the end."""
    view = VIEWS["crop32"]
    prints = stack_prints(store, store.rows(split="train"))
    val = torch.from_numpy(view.take(stack_prints(store, store.rows(split="val")))).unsqueeze(1).float() / 255
    torch.manual_seed(arguments.seed)
    net = RidgeAutoencoder(32, 32, arguments.latent_dim).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = optimiser_of(net, LEARNING_RATE)
    if name == "AdamW":
        optimiser = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, betas=BETAS)
    began, crops, epoch = time.monotonic(), 0, 0
    while True:
        for x in TrainingCrops(prints, view, BATCH, "random", arguments.seed, epoch):
            used = (time.monotonic() - began) / (60 * arguments.minutes)
            if used >= 1:
                return crops, float((reconstruct(net.eval(), val) - val).square().mean())
            for group in optimiser.param_groups:
                group["lr"] = LEARNING_RATE * learning_rate_factor("cosine", used)
            optimiser.zero_grad()
            (net(x.contiguous(memory_format=torch.channels_last)).x_hat - x).square().mean().backward()
            optimiser.step()
            crops += len(x)
        epoch += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="prepared store (default: 20 synthetic subjects, made for this run)")
    parser.add_argument("--minutes", type=float, default=0.5, help="of training for each (default 0.5)")
    parser.add_argument("--latent_dim", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default 1)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    machine = environment()["machine"]
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(20, 1, Path(folder) / "images", progress=False)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        store = PrintStore.open(path)
        print(
            f"{machine['cpu']}, {arguments.threads} thread(s), {arguments.minutes} minutes each, {store.source}, "
            f"{arguments.latent_dim} latent dims\n\n| optimiser | crops/s | crops | MSE |\n|---|---|---|---|"
        )
        trained("AdamW", store, argparse.Namespace(**{**vars(arguments), "minutes": 0.02}))  # torch makes its buffers
        for name in ("AdamW", "Muon"):
            crops, mse = trained(name, store, arguments)
            print(f"| {name} | {crops / (60 * arguments.minutes):,.0f} | {crops:,} | {mse:.4f} |", flush=True)


if __name__ == "__main__":
    main()
