"""`ridgecode demo`: the whole study on synthetic prints."""

import json
import sys
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ridgecode.autoencoders.distortion import DistortionName
from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.prints.prepare import prepare
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.study.evaluate import Evaluate, evaluate_run
from ridgecode.study.report import write_report
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.train_autoencoder import TrainAutoencoder, train_autoencoder
from ridgecode.study.train_matcher import TrainMatcher, train_matcher

LATENT_DIMS = (16, 64, 128, 256)
DISTORTIONS: tuple[DistortionName, ...] = ("mse", "bce")


@dataclass(frozen=True)
class Demo:
    """Makes synthetic prints, trains 4 latent sizes x 2 distortions and a matcher, and writes a report: about 5 minutes
    on 2 cores. The same command again goes on where it was stopped.

    Args:
        out: folder for all of it
        subjects: synthetic subjects, ten fingers each
        minutes: minutes of training for each of the 8 autoencoders and the matcher
        seed: of prints and trainings
    """

    out: Path = Path("demo")
    subjects: int = 40
    minutes: float = 0.4
    seed: int = 0


def demo(config: Demo) -> None:
    """Runs the stages, each of which leaves its finished work alone. Raises BadInput for too few subjects."""
    if config.subjects < 20 or config.minutes <= 0:
        raise BadInput(
            f"--subjects {config.subjects} --minutes {config.minutes}: give 20 subjects or more, so that validation "
            "has two, and minutes above 0"
        )
    if config.out.is_file():
        raise BadInput(f"--out {config.out} is a file; give a folder")
    made = config.out / "prints.json"
    if config.out.is_dir() and not made.is_file() and any(one.name[0] != "." for one in config.out.iterdir()):
        raise BadInput(f"--out {config.out} holds other files than a demo's; choose another --out")
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)

    images, store = config.out / "prints", config.out / "store"
    wanted = {"subjects": config.subjects, "seed": config.seed}
    if images.is_dir() and made.is_file() and (found := json.loads(made.read_text(encoding="utf-8"))) != wanted:
        raise BadInput(f"--out {config.out} holds a demo with {found}, not {wanted}; choose another --out")
    if not images.is_dir():
        say(f"1 of 5: {10 * config.subjects} synthetic fingers")
        write_text(made, json.dumps(wanted) + "\n")
        synthesise(config.subjects, 1, images, config.seed)
    say("2 of 5: the prepared store")
    prepare("synthetic", images, store)
    runs = []
    for number, (distortion, latent_dim) in enumerate(product(DISTORTIONS, LATENT_DIMS), 1):
        say(f"3 of 5: autoencoder {number} of 8, {latent_dim} dims, {distortion}")
        run = config.out / "runs" / f"{distortion}-{latent_dim:03d}"
        train_autoencoder(
            TrainAutoencoder(
                data=store,
                run_dir=run,
                latent_dim=latent_dim,
                distortion=distortion,
                max_minutes=config.minutes,
                seed=config.seed,
                tracker="none",
                evaluate=False,
            )
        )
        runs.append(run)
    say("4 of 5: a Siamese head on the latent vectors of the run with 128 dims")
    matcher = config.out / "runs" / "matcher"
    train_matcher(
        TrainMatcher(
            data=store,
            run_dir=matcher,
            model=config.out / "runs" / "mse-128",
            max_minutes=config.minutes,
            seed=config.seed,
            tracker="none",
            evaluate=False,
        )
    )
    say("5 of 5: evaluation and report")
    lists = config.out / "comparisons"
    for run in [*runs, matcher]:
        if not (run / "evaluation.json").is_file():
            evaluate_run(Evaluate(run=run, data=store, comparisons=lists))
    files = write_report([*runs, matcher], config.out / "report", "Demo: latent sizes on synthetic prints")
    used = sum(float(RunFolder(run).read_environment()["seconds"]) for run in [*runs, matcher])
    say(f"done; {used:.0f} s of it were training")
    print(f"open {files.html}")
