"""Speed of training a head that sees places: views a second, of its steps and of what they are made of.

    python benchmarks/head_views.py [--data STORE] [--model ridge-whole-1024] [--threads 2] [--seconds 20]

A view is one side of a pair: a step with 128 fingers has 256. The rows, each measured in float32 and, where the
processor has AMX, in bf16 as train-head then computes:

- views made: varied views of prints, without the encoder;
- encoder: latent vectors of views that are made already;
- head: the head's steps (forward, InfoNCE, backward, optimiser) on latent vectors that are there already;
- training: steps as train-head takes them, each with its renewals of the bank;
- encoder and head: what training would be if each step encoded all its views anew, from the rows above.

The target is 500 views a second of training on 2 cores. It takes two minutes, and 1 GB of memory with all of SOCOFing.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.matching.pair_losses import TEMPLATE_TEMPERATURE, infonce
from ridgecode.matching.places.first_map import FirstMap
from ridgecode.matching.places.head import PlacesHead
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.runs.environment import environment
from ridgecode.runs.hardware import Hardware
from ridgecode.training.head import PLACES_WEIGHT_DECAY
from ridgecode.training.muon import matcher_optimiser
from ridgecode.training.views.bank_batches import NOISE
from ridgecode.training.views.finger_views import FingerSet, finger_sets
from ridgecode.training.views.shared_batches import StoreShares
from ridgecode.training.views.view_bank import BankPairs, ViewBank, ViewEncoder

FINGERS, RENEWALS, SLOTS = 128, 256, 4
TARGET = 500


def per_second(work: Callable[[], int], seconds: float) -> float:
    """Items a second of `work`, which does some and returns how many, after one call that is not counted."""
    work()
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < seconds:
        done += work()
    return done / used


def measured(fingers: list[FingerSet], autoencoder: Autoencoder, half: bool, seconds: float) -> dict[str, float]:
    """Views a second by row."""
    encoder, random = ViewEncoder(autoencoder, half), np.random.default_rng(0)
    some = random.choice(len(fingers[0]), RENEWALS)
    views, _ = fingers[0].views(some, random, encoder.side)
    bank = ViewBank(fingers, StoreShares([1.0]), encoder, SLOTS, RENEWALS, 0, "")
    head = PlacesHead(FirstMap.of(autoencoder.net))
    optimiser, step = matcher_optimiser(head, 1e-3, PLACES_WEIGHT_DECAY), 0
    bank.advance(0)

    def head_step(batch: BankPairs) -> int:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            e1, e2 = head.embed(torch.cat((batch.first, batch.second))).chunk(2)
        infonce(head.score_all(e1, e2), TEMPLATE_TEMPERATURE).total.backward()
        optimiser.step()
        optimiser.zero_grad()
        return 2 * len(batch.first)

    def training_step() -> int:
        nonlocal step
        step += 1
        bank.advance(step)
        return head_step(bank.pairs(step, FINGERS, NOISE))

    batch = bank.pairs(0, FINGERS, NOISE)
    found = {
        "views made": per_second(lambda: len(fingers[0].views(some, random, encoder.side)[0]), seconds / 4),
        "encoder": per_second(lambda: len(encoder(views)), seconds / 4),
        "head": per_second(lambda: head_step(batch), seconds),
        "training": per_second(training_step, seconds),
    }
    return found | {"encoder and head": 1 / sum(1 / found[name] for name in ("views made", "encoder", "head"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="prepared store (default: 20 synthetic subjects)")
    parser.add_argument("--model", default="ridge-whole-1024")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    autoencoder = Autoencoder.load(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.data
        if path is None:
            synthesise(20, 1, Path(folder) / "images", seed=0)
            path = prepare("synthetic", Path(folder) / "images", Path(folder) / "store", progress=False).path
        fingers = finger_sets(PrintStore.open(path), "train")[:1]
    halves = [False, *([True] if Hardware("cpu").lightning_precision == "bf16-mixed" else [])]
    rows = {half: measured(fingers, autoencoder, half, arguments.seconds) for half in halves}
    print(
        f"{environment()['machine']['cpu']}, {arguments.threads} threads, torch {torch.__version__}, {arguments.model}"
    )
    print(f"{'views/s':18s}" + "".join(f"{'bf16' if half else 'float32':>10s}" for half in halves))
    for name in rows[False]:
        print(f"{name:18s}" + "".join(f"{rows[half][name]:10.0f}" for half in halves))
    best = max(row["training"] for row in rows.values())
    print(f"target of training: {TARGET}, {'met' if best >= TARGET else 'not met'}")


if __name__ == "__main__":
    main()
