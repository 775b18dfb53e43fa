"""Trains one row of the ablation of results/matching, and measures it. Each row leaves out one part of `ridge-match`.

    python results/matching/ablation.py ROW --data SOCOFING,SYNTHETIC,IMPRESSIONS --fvc FVC --out FOLDER [--seed 0]

A row takes the same number of steps, about 40 minutes of one thread. A killed row goes on with the same command.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ridgecode.commands.cli import main as ridgecode
from ridgecode.matching.siamese import ridge
from ridgecode.training import ridge_siamese
from ridgecode.training.views import ridge_views

STEPS = {"image": 1700, "head": 3000}


class Row(NamedTuple):
    """stores: which of the three are trained on, and the share of each; flags: of train-siamese; pose_weight,
    core_weight, seen_side: constants of the system `ridge` in this row; recentre: whether views are brought to the
    middle; head: of train-head instead, on the first store; steps: 0
    for about 40 minutes of one thread"""

    stores: tuple[int, ...] = (0, 1, 2)
    shares: tuple[float, ...] = (0.45, 0.2, 0.35)
    flags: tuple[str, ...] = ()
    pose_weight: float = ridge_siamese.POSE_WEIGHT
    core_weight: float = ridge_views.CORE_WEIGHT
    recentre: bool = True
    seen_side: int = ridge.SEEN_SIDE
    head: str = ""
    steps: int = 0


ROWS = {
    "all": Row(),
    "no-impressions": Row((0, 1), (0.7, 0.3)),
    "no-synthetic": Row((0, 2), (0.6, 0.4)),
    # The last layer of the pose begins with zeros, and stays so without a loss.
    "no-pose": Row(pose_weight=0.0),
    "no-core": Row(core_weight=ridge_views.ANY_WEIGHT),
    "no-recentre": Row(recentre=False, core_weight=ridge_views.ANY_WEIGHT),
    "window-96": Row(seen_side=96),
    "window-160": Row(seen_side=160),
    "bits-8": Row(flags=("--template_bits", "8")),
    "bits-1": Row(flags=("--template_bits", "1")),
    # The same prints in as many steps, once from the image and once from the latent vector.
    "socofing-image": Row((0,), (1.0,)),
    "socofing-latent": Row(head="places", steps=STEPS["image"]),
    "places": Row(head="places"),
    "mlp": Row(head="mlp"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", required=True, help="the three stores, in this order, with commas between")
    parser.add_argument("--fvc", required=True, help="the store of the FVC B sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    row, stores = ROWS[given.row], given.data.split(",")
    run = given.out / f"{given.row}-seed{given.seed}"
    common = f"--threads 1 --tracker none --evaluate false --seed {given.seed} --run_dir {run}".split()
    if row.head:
        command = f"train-head --head {row.head} --model ridge-whole-1024 --data {stores[0]}".split()
        # The MLP's steps see twice as many fingers.
        common += ["--max_steps", str(row.steps or STEPS["head"] // (2 if row.head == "mlp" else 1))]
    else:
        ridge_siamese.POSE_WEIGHT, ridge.SEEN_SIDE = row.pose_weight, row.seen_side
        ridge_views.CORE_WEIGHT = row.core_weight
        if not row.recentre:
            ridge_views.ridge_variation = lambda variation: variation
        chosen = ",".join(stores[i] for i in row.stores)
        shares = ",".join(str(share) for share in row.shares)
        command = [*f"train-siamese --system ridge --data {chosen} --shares {shares}".split(), *row.flags]
        common += ["--max_steps", str(row.steps or STEPS["image"])]
    if code := ridgecode([*command, *common]):
        sys.exit(code)
    measure = Path(__file__).parent / "measure.sh"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    files = [str(run), stores[0], stores[2], given.fvc, str(given.out / "evaluations")]
    subprocess.run(["bash", str(measure), *files], check=True, env={**os.environ, "PATH": path})


if __name__ == "__main__":
    main()
