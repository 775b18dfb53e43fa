"""The time that `ridge` and the bolts autoencoder need to reach a given MSE, and how fast both encode and decode.

    python benchmarks/autoencoder_speed.py [--data STORE] [--mse 0.0467] [--latent_dim 128] [--threads 2]
        [--ridge_steps 600] [--schedule cosine] [--every 25] [--limit_factor 50] [--limit_minutes 60]

The first table: both networks are trained on the same 32x32 crops in the same order, one after the other with all
threads, until the MSE of validation centre crops is at most `--mse` (0.0467 is that of the write-up "SOCOfing
autoencoders" at 128 dims). The time does not include validation. `ridge` has its own optimiser and a learning rate that
falls to 0 over `--ridge_steps` (cosine) or does not change (constant). bolts' resnet18 has Adam at 1e-4, as in the
write-up. It is bolts' own class where `make peers` has installed it, else our `resnet18`, which has the same parameters
and forward pass. Its training ends without reaching the MSE after `--limit_factor` times the time of `ridge`, or after
`--limit_minutes`; the table then says that the ratio is "more than" the one of these times.

The second table: windows that are encoded and decoded a second, by the network as trained ("plain") and by its copy
`for_inference`, which `encode` and `evaluate` run. The networks take turns, and the table has the best turn of each.
The targets of `ridge` on two cores are 5,000 crops and 500 whole prints a second.

Without --data 10 synthetic subjects are made and a few steps trained, which only shows that the script runs.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoencoders import Bolts, bolts_components, ridge_of
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.resnet import ResNetAutoencoder
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.prints.views import VIEWS
from ridgecode.runs.environment import environment
from ridgecode.training.autoencoder import optimiser_defaults, optimiser_of
from ridgecode.training.schedule import learning_rate_factor

VIEW = VIEWS["crop32"]
TARGETS = {("crop32", "ridge"): 5_000, ("whole", "ridge"): 500}


class Reached(NamedTuple):
    """The end of a training: its seconds, steps and crops, and the MSE."""

    seconds: float
    steps: int
    crops: int
    mse: float


class Plan(NamedTuple):
    """How a network is trained: for at most `steps` steps and `seconds` seconds, validated after each `every` steps."""

    learning_rate: float
    schedule: str
    steps: float
    seconds: float
    every: int


def trained(
    net: nn.Module, prints: NDArray[np.uint8], val: Tensor, plan: Plan, arguments: argparse.Namespace
) -> Reached:
    """Trains until the MSE is at most `--mse`, or to the end of the plan."""
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = optimiser_of(net, plan.learning_rate)
    used, step, crops = 0.0, 0, 0
    began = time.perf_counter()
    for epoch in count():
        for x in TrainingCrops(prints, VIEW, arguments.batch_size, "random", arguments.seed, epoch):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * learning_rate_factor(plan.schedule, step / plan.steps)
            optimiser.zero_grad()
            (net.train()(x.contiguous(memory_format=torch.channels_last))[0] - x).square().mean().backward()
            optimiser.step()
            step, crops = step + 1, crops + len(x)
            now = used + time.perf_counter() - began
            over = step >= plan.steps or now >= plan.seconds
            if over or step % plan.every == 0:
                mse = mse_of(net, val)
                if over or mse <= arguments.mse:
                    return Reached(now, step, crops, mse)
                used, began = now, time.perf_counter()
    raise AssertionError  # count() does not end


def mse_of(net: nn.Module, val: Tensor) -> float:
    """The MSE of grey values, clamped to [0, 1]."""
    net.eval()
    with torch.inference_mode():
        errors = [(net(x)[0].clamp(0, 1) - x).square().sum() for x in val.split(256)]
    return float(torch.stack(errors).sum()) / val.numel()


def peer(latent_dim: int) -> tuple[str, nn.Module]:
    components = bolts_components()
    if components is None:
        return "resnet18 (`make peers` installs bolts' own)", ResNetAutoencoder("resnet18", VIEW.height, latent_dim)
    return "bolts resnet18", Bolts(components, latent_dim)


def training_table(store: PrintStore, arguments: argparse.Namespace) -> None:
    prints = store.prints(split="train")
    val = torch.from_numpy(VIEW.take(store.prints(split="val"))).unsqueeze(1).float() / 255
    torch.manual_seed(arguments.seed)
    ridge = ridge_of(VIEW, arguments.latent_dim)
    name, other = peer(arguments.latent_dim)
    short = Plan(1e-4, "constant", 2, 60.0, 2)
    for net in (ridge_of(VIEW, 16), peer(4)[1]):
        trained(net, prints, val[:8], short, arguments)  # the first steps are slower

    print(
        f"| network | MSE {arguments.mse} reached | MSE | seconds | steps | crops | crops/s | its seconds / ridge's |"
    )
    print("|---|---|---|---|---|---|---|---|")
    plan = Plan(arguments.learning_rate, arguments.schedule, arguments.ridge_steps, float("inf"), arguments.every)
    ours = trained(ridge, prints, val, plan, arguments)
    print_row("ridge", ours, arguments.mse, "1")
    limit = min(arguments.limit_factor * ours.seconds, 60 * arguments.limit_minutes)
    plan = Plan(*optimiser_defaults("resnet18"), float("inf"), limit, arguments.peer_every)
    theirs = trained(other, prints, val, plan, arguments)
    ratio = theirs.seconds / ours.seconds
    if ours.mse > arguments.mse:
        said = "none, ridge did not reach it"
    else:
        said = f"{ratio:.1f}" if theirs.mse <= arguments.mse else f"more than {ratio:.1f}"
    print_row(name, theirs, arguments.mse, said)


def print_row(name: str, found: Reached, target: float, ratio: str) -> None:
    reached = "yes" if found.mse <= target else "no"
    print(
        f"| {name} | {reached} | {found.mse:.4f} | {found.seconds:,.1f} | {found.steps:,} | {found.crops:,} "
        f"| {found.crops / found.seconds:,.0f} | {ratio} |",
        flush=True,
    )


def rate_table(arguments: argparse.Namespace) -> None:
    print("\n| view | dims | network | encodes/s, plain | encodes/s | of the target | decodes/s, plain | decodes/s |")
    print("|---|---|---|---|---|---|---|---|")
    for view in VIEWS.values():
        torch.manual_seed(0)
        dims = arguments.latent_dim if view.print_shape is None else 4 * arguments.latent_dim
        pca = PCA(view.height, view.width, dims)
        pca.components.normal_()
        nets: dict[str, tuple[nn.Module, int]] = {
            "ridge": (ridge_of(view, dims), 256),
            "resnet18": (ResNetAutoencoder("resnet18", view.height, dims), 16),
            "pca": (pca, 256),
        }
        works: dict[tuple[str, str], tuple[Callable[[], object], int]] = {}
        for name, (net, n) in nets.items():
            n = n if view.print_shape is None else n // 4
            x, z = torch.rand(n, 1, view.height, view.width), torch.randn(n, dims)
            for kind, one in (("plain", net.eval()), ("ready", for_inference(net))):
                works[name, f"encode {kind}"] = (lambda one=one, x=x: one.encode(x), n)
                works[name, f"decode {kind}"] = (lambda one=one, z=z: one.decode(z), n)
        best = rates(works, arguments.seconds)
        for name in nets:
            encode, target = best[name, "encode ready"], TARGETS.get((view.name, name))
            print(
                f"| {view.name} | {dims} | {name} | {best[name, 'encode plain']:,.0f} | {encode:,.0f} "
                f"| {f'{encode / target:.2f} x {target:,}' if target else ''} "
                f"| {best[name, 'decode plain']:,.0f} | {best[name, 'decode ready']:,.0f} |",
                flush=True,
            )


def rates(
    works: dict[tuple[str, str], tuple[Callable[[], object], int]], seconds: float
) -> dict[tuple[str, str], float]:
    """Windows a second of the fastest call of each work. The works take turns until each has run for `seconds`."""
    best, used = dict.fromkeys(works, 0.0), dict.fromkeys(works, 0.0)
    with torch.inference_mode():
        for work, _ in works.values():
            work()
        while min(used.values()) < seconds:
            for key, (work, n) in works.items():
                if used[key] < seconds:
                    began = time.perf_counter()
                    work()
                    took = time.perf_counter() - began
                    best[key], used[key] = max(best[key], n / took), used[key] + took
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="prepared store (default: 10 synthetic subjects, made for this run)")
    parser.add_argument("--mse", type=float, default=0.0467, help="of validation crops to reach (default 0.0467)")
    parser.add_argument("--latent_dim", type=int, default=128, help="of crop32 (default 128); whole has four times it")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--ridge_steps", type=int, help="of ridge at most (default 600; without --data 8)")
    parser.add_argument("--schedule", choices=("cosine", "constant"), default="cosine", help="of ridge's learning rate")
    parser.add_argument("--learning_rate", type=float, default=optimiser_defaults("ridge")[0], help="of ridge")
    parser.add_argument("--every", type=int, default=25, help="steps of ridge between validations (default 25)")
    parser.add_argument("--peer_every", type=int, default=200, help="steps of the peer between them (default 200)")
    parser.add_argument("--limit_factor", type=float, default=50.0, help="of ridge's time for the peer (default 50)")
    parser.add_argument("--limit_minutes", type=float, help="of the peer at most (default 60; without --data 0.1)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each row's throughput (default 2)")
    parser.add_argument("--only", choices=("training", "throughput"), help="one of the two tables")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, (real, synthetic) in {"ridge_steps": (600, 8), "limit_minutes": (60.0, 0.1)}.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, synthetic if arguments.data is None else real)
    torch.set_num_threads(arguments.threads)
    machine = environment()["machine"]
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {arguments.threads} thread(s), torch {torch.__version__}, "
        f"{arguments.latent_dim} latent dims, batches of {arguments.batch_size}\n"
    )
    if arguments.only != "throughput":
        with tempfile.TemporaryDirectory() as folder:
            path = arguments.data
            if path is None:
                synthesise(10, 1, Path(folder) / "images", alterations=False, progress=False)
                path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
            training_table(PrintStore.open(path), arguments)
    if arguments.only != "training":
        rate_table(arguments)


if __name__ == "__main__":
    main()
