"""Speed of training and encoding: `ridge`, `resnet18`, and the lightning-bolts 0.7.0 classes that it reimplements.

    python benchmarks/autoencoders.py [--threads 1] [--seconds 4] [--latent_dim 128] [--batch_size 64]

One run prints the machine and two tables, and takes two minutes of one core.

The first table: the networks take turns on the same 32x32 windows. Each figure is the better of two turns, each half of
`--seconds` long, so that other work on a shared machine slows no network alone. Training is forward pass, MSE, backward
pass and a step of the network's own optimiser (Muon and AdamW for `ridge`, Adam for the ResNets). Each network runs in
float32, in float32 with channels-last weights, as in `train-autoencoder`, and in bf16 with channels-last weights, as in
`train-autoencoder` on processors with AMX. Encoding is in evaluation mode. Multiply-accumulates are those of one
print's forward pass through encoder and decoder. The bolts classes are loaded by their path in .peers/ (`make peers`),
with 1-channel convolutions in place of their first and last one; without that folder they have no row.

The second table: the speed at which batches are gathered from prints in memory; its target is 50,000 crops/s.

`ridge` with the defaults of `train-autoencoder` has 107 times fewer multiply-accumulates than `resnet18`. The speeds of
both in their form for inference are measured by `autoencoder_speed.py`.
"""

import argparse
import importlib.util
import platform
import sys
import time
import types
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ridgecode.autoencoders.resnet import ResNetAutoencoder
from ridgecode.autoencoders.saved import RIDGE_BLOCKS, RIDGE_WIDTH, AutoencoderSpec, build_network, usual_latent_layer
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.views import VIEWS, View
from ridgecode.runs.environment import environment
from ridgecode.training.autoencoder import optimiser_of

COMPONENTS = Path(__file__).parents[1] / ".peers/pl_bolts/models/autoencoders/components.py"
LOADER_TARGET, PRINTS = 50_000, 4_000


class Bolts(nn.Module):
    """The three parts of bolts' `AE` for 1 channel, in the order of its `forward`."""

    def __init__(self, components: types.ModuleType, latent_dim: int) -> None:
        super().__init__()
        self.encoder = components.resnet18_encoder(False, False)
        self.fc = nn.Linear(512, latent_dim)
        self.decoder = components.resnet18_decoder(latent_dim, 32, False, False)
        self.encoder.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)
        self.decoder.conv1 = nn.Conv2d(64, 1, 3, padding=1, bias=False)

    def encode(self, x: Tensor) -> Tensor:
        return self.fc(self.encoder(x))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.encode(x)
        return self.decoder(z), z


def bolts_components() -> types.ModuleType | None:
    """bolts' own file, or None where it is not installed. Its one import from bolts, a decorator that marks
    experimental functions, is replaced by one that does nothing."""
    if not COMPONENTS.is_file():
        return None
    stability = types.ModuleType("pl_bolts.utils.stability")
    stability.under_review = lambda: lambda wrapped: wrapped  # type: ignore[attr-defined]
    for name in ("pl_bolts", "pl_bolts.utils"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["pl_bolts.utils.stability"] = stability
    spec = importlib.util.spec_from_file_location("bolts_components", COMPONENTS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ridge_of(view: View, latent_dim: int) -> nn.Module:
    """A fresh `ridge` network with the defaults of `train-autoencoder`."""
    spec = AutoencoderSpec("ridge", view.name, latent_dim, "mse")
    return build_network(replace(spec, latent_layer=usual_latent_layer(spec), blocks=RIDGE_BLOCKS, width=RIDGE_WIDTH))


def rate(step: Callable[[], int], seconds: float) -> float:
    """Windows a second. `step` returns how many windows it has processed."""
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < seconds:
        done += step()
    return done / used


def training(net: nn.Module, x: Tensor, bf16: bool) -> Callable[[], int]:
    optimiser = optimiser_of(net, 1e-4)

    def step() -> int:
        net.train()
        with torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext():
            x_hat = net(x)[0]
        optimiser.zero_grad()
        nn.functional.mse_loss(x_hat.float(), x).backward()
        optimiser.step()
        return len(x)

    return step


def encoding(net: nn.Module, x: Tensor, bf16: bool) -> Callable[[], int]:
    def step() -> int:
        net.eval()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext():
            net.encode(x)  # type: ignore[operator]
        return len(x)

    return step


def multiply_accumulates(net: nn.Module) -> int:
    net.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.rand(1, 1, 32, 32))
    return counter.get_total_flops() // 2


def network_table(arguments: argparse.Namespace) -> None:
    torch.manual_seed(0)
    dims = arguments.latent_dim
    nets: dict[str, nn.Module] = {
        "ridge": ridge_of(VIEWS["crop32"], dims),
        "resnet18": ResNetAutoencoder("resnet18", 32, dims),
    }
    components = bolts_components()
    if components is None:
        print("(no bolts row: `make peers` installs lightning-bolts)")
    else:
        nets["bolts resnet18"] = Bolts(components, dims)
    size = {name: (multiply_accumulates(net), sum(p.numel() for p in net.parameters())) for name, net in nets.items()}
    x = torch.rand(arguments.batch_size, 1, 32, 32)
    print(
        "| network | precision | training crops/s | ridge / it | encoding crops/s | ridge / it | MMAC | M parameters |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for precision in ("float32", "float32, channels last", "bf16, channels last"):
        bf16 = precision.startswith("bf16")
        if "channels last" in precision:
            nets = {name: net.to(memory_format=torch.channels_last) for name, net in nets.items()}
        best = {name: [0.0, 0.0] for name in nets}
        for net in nets.values():
            for work in (training, encoding):
                work(net, x[:8], bf16)()  # the first call of each kind makes its buffers
        for _ in range(2):
            for name, net in nets.items():
                for i, work in enumerate((training, encoding)):
                    best[name][i] = max(best[name][i], rate(work(net, x, bf16), arguments.seconds / 2))
        for name, (train, encode) in best.items():
            ratios = best["ridge"][0] / train, best["ridge"][1] / encode
            macs, parameters = (number / 1e6 for number in size[name])
            print(
                f"| {name} | {precision} | {train:,.0f} | {ratios[0]:.1f} | {encode:,.0f} | {ratios[1]:.1f} "
                f"| {macs:,.1f} | {parameters:.2f} |",
                flush=True,
            )


def loader_table(arguments: argparse.Namespace) -> None:
    prints = np.random.default_rng(0).integers(0, 256, (PRINTS, 97, 90), np.uint8)
    print("\n| batches of | training crops/s | of the target |\n|---|---|---|")
    for view in VIEWS.values():
        crops = TrainingCrops(prints, view, arguments.batch_size)
        found = max(rate(lambda crops=crops: sum(map(len, crops)), arguments.seconds / 4) for _ in range(2))
        # The target is in 32x32 crops; a whole print has nine times their pixels.
        target = LOADER_TARGET * 32 * 32 / (view.height * view.width)
        print(f"| {view.name} ({view.height}x{view.width}) | {found:,.0f} | {found / target:.1f} x {target:,.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default 1)")
    parser.add_argument("--seconds", type=float, default=4.0, help="measured for each network and task (default 4)")
    parser.add_argument("--latent_dim", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=64)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    machine = environment()["machine"]
    print(
        f"{machine['cpu'] or platform.machine()}, {machine['cores']} cores, {arguments.threads} thread(s), torch "
        f"{torch.__version__}, batches of {arguments.batch_size}, {arguments.latent_dim} latent dims\n"
    )
    network_table(arguments)
    loader_table(arguments)


if __name__ == "__main__":
    main()
