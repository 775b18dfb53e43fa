"""The speed of the image Siamese systems, and of the order in memory and of layers that they use.

    OMP_NUM_THREADS=1 python benchmarks/siamese.py

Prints two tables, measured on one core. The first has each system's training step, embedding and scoring. The second
has four forms of the branch of `subtract`, which all give the same numbers: with the write-up's order of layers
(convolution, ReLU, pool) or ours (convolution, pool, ReLU), and with channels first or last in memory.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ridgecode.matching.siamese.systems import PAIR_SYSTEMS, build_siamese, pair_loss, siamese_spec

PRINT = (97, 90)


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The time of the fastest of `repeats` runs after a first one; other programs slow that run down least."""
    work()
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def system_row(system: str) -> None:
    torch.manual_seed(0)
    spec = siamese_spec(system, "published", PRINT)
    net = build_siamese(spec)
    optimiser = torch.optim.Adam(net.parameters())
    n = 8 if system == "l1" else 32
    x = torch.rand(2 * n, spec.channels, spec.height, spec.width).contiguous(memory_format=torch.channels_last)
    mated = torch.arange(n) % 2 == 0

    def step() -> None:
        e1, e2 = net.embed(x).chunk(2)
        optimiser.zero_grad()
        pair_loss(net, net.score(e1, e2), mated).total.backward()
        optimiser.step()

    train = n / seconds(step)
    with torch.inference_mode():
        embed = 2 * n / seconds(lambda: net.embed(x))
        e = net.embed(x[:1]).expand(512, -1).contiguous()
        score = 512 / seconds(lambda: net.score(e, e))
    parameters = sum(p.numel() for p in net.parameters())
    print(f"| {system} | {spec.input} | {parameters:,} | {train:,.0f} | {embed:,.0f} | {score:,.0f} |")


def branch(pool_first: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in ((1, 32), (32, 64)):
        end = [nn.MaxPool2d(2), nn.ReLU()] if pool_first else [nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(n_in, n_out, 3, padding="same"), *end]
    return nn.Sequential(*layers)


def branch_rows() -> None:
    x = torch.rand(64, 1, 90, 90)
    first: Tensor | None = None
    slowest = 0.0
    for pool_first in (False, True):
        for last in (False, True):
            torch.manual_seed(0)
            order = torch.channels_last if last else torch.contiguous_format
            net = branch(pool_first).to(memory_format=order)
            images = x.contiguous(memory_format=order)
            with torch.inference_mode():
                out = net(images)
            first = out if first is None else first
            assert torch.allclose(out, first, atol=1e-5)
            used = seconds(lambda net=net, images=images: net(images).square().mean().backward())
            slowest = max(slowest, used)
            name = f"{'pool, ReLU' if pool_first else 'ReLU, pool'}; {'channels last' if last else 'channels first'}"
            print(f"| {name} | {1000 * used:,.0f} ms | {slowest / used:.2f} |")


def main() -> None:
    torch.set_num_threads(1)
    print("| system | input | parameters | trains, pairs/s | embeds, images/s | compares, pairs/s |")
    print("|---|---|---|---|---|---|")
    for system in PAIR_SYSTEMS:
        system_row(system)
    print("\n| branch of subtract, 64 images forward and back | time | times as fast as the slowest |\n|---|---|---|")
    branch_rows()


if __name__ == "__main__":
    main()
