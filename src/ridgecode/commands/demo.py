"""`ridgecode demo`: the whole study on synthetic prints."""

import json
import sys
import time
from itertools import product

from ridgecode.autoencoders.names import DistortionName
from ridgecode.commands.evaluate import evaluate_run
from ridgecode.commands.settings.demo import Demo
from ridgecode.commands.settings.evaluate import Evaluate
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.commands.settings.train_head import TrainHead
from ridgecode.commands.train.autoencoder import train_autoencoder
from ridgecode.commands.train.head import train_head
from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.synthetic.synthesise import synthesise
from ridgecode.report.write import write_report
from ridgecode.runs.run_folder import RunFolder

LATENT_DIMS = (16, 64, 128, 256)
DISTORTIONS: tuple[DistortionName, ...] = ("mse", "bce")


def demo(settings: Demo) -> None:
    """Runs the stages, each of which leaves its finished work alone. Raises BadInput for too few subjects."""
    if settings.subjects < 20 or settings.minutes <= 0:
        raise BadInput(
            f"--subjects {settings.subjects} --minutes {settings.minutes}: give 20 subjects or more, so that "
            "validation has two, and minutes above 0"
        )
    if settings.out.is_file():
        raise BadInput(f"--out {settings.out} is a file; give a folder")
    made = settings.out / "prints.json"
    if settings.out.is_dir() and not made.is_file() and any(one.name[0] != "." for one in settings.out.iterdir()):
        raise BadInput(f"--out {settings.out} holds other files than a demo's; choose another --out")
    started = time.monotonic()

    def report_stage(text: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)

    images, store = settings.out / "prints", settings.out / "store"
    wanted = {"subjects": settings.subjects, "seed": settings.seed}
    if images.is_dir() and made.is_file() and (found := json.loads(made.read_text(encoding="utf-8"))) != wanted:
        raise BadInput(f"--out {settings.out} holds a demo with {found}, not {wanted}; choose another --out")
    if not images.is_dir():
        report_stage(f"1 of 5: {10 * settings.subjects} synthetic fingers")
        write_text(made, json.dumps(wanted) + "\n")
        synthesise(settings.subjects, 1, images, settings.seed)
    report_stage("2 of 5: the prepared store")
    prepare("synthetic", images, store)
    runs = []
    for number, (distortion, latent_dim) in enumerate(product(DISTORTIONS, LATENT_DIMS), 1):
        report_stage(f"3 of 5: autoencoder {number} of 8, {latent_dim} dims, {distortion}")
        run = settings.out / "runs" / f"{distortion}-{latent_dim:03d}"
        train_autoencoder(
            TrainAutoencoder(
                data=store,
                run_dir=run,
                latent_dim=latent_dim,
                distortion=distortion,
                max_minutes=settings.minutes,
                seed=settings.seed,
                tracker="none",
                evaluate=False,
            )
        )
        runs.append(run)
    report_stage("4 of 5: a Siamese head on the latent vectors of the run with 128 dims")
    matcher = settings.out / "runs" / "matcher"
    train_head(
        TrainHead(
            data=store,
            run_dir=matcher,
            model=settings.out / "runs" / "mse-128",
            max_minutes=settings.minutes,
            seed=settings.seed,
            tracker="none",
            evaluate=False,
        )
    )
    report_stage("5 of 5: evaluation and report")
    lists = settings.out / "comparisons"
    for run in [*runs, matcher]:
        if not (run / "evaluation.json").is_file():
            evaluate_run(Evaluate(run=run, data=store, comparisons=lists))
    files = write_report([*runs, matcher], settings.out / "report", "Demo: latent sizes on synthetic prints")
    used = sum(float(RunFolder(run).read_environment()["seconds"]) for run in [*runs, matcher])
    report_stage(f"done; {used:.0f} s of it were training")
    print(f"open {files.html}")
