"""`ridgecode train-head`: trains a Siamese head on the latent vectors of a frozen autoencoder."""

import shutil
from pathlib import Path

import filelock
import torch

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pretrained import is_pretrained, model_file
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.commands.settings.train_head import TrainHead
from ridgecode.commands.train.autoencoder import train_autoencoder
from ridgecode.commands.train.checks import check_at_least
from ridgecode.commands.train.finish import finish_training, print_finished_before
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import decision_threshold
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.matcher import AUTOENCODER_FILE
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.rate_text import eer_phrase
from ridgecode.matching.saved_matcher import MatcherFacts, load_matcher, save_matcher, sha256_of
from ridgecode.matching.scored_lists import ScoredList, has_non_mated
from ridgecode.matching.systems import Encoder, protocols_of
from ridgecode.prints.store import PrintStore, read_about
from ridgecode.runs.default_folders import default_run_dir
from ridgecode.runs.hardware import Hardware, use_threads
from ridgecode.runs.run_folder import RunFolder, plain
from ridgecode.runs.tracking import open_tracker
from ridgecode.training.collapse_callback import CollapseCallback
from ridgecode.training.fit import fit
from ridgecode.training.head import (
    FingerData,
    FingerPrints,
    HeadTraining,
    ValidationList,
    constant_floor,
    validation_list,
)
from ridgecode.training.recorder import Recorder
from ridgecode.training.schedule import Budget, Stopwatch

SHARED_AUTOENCODER = "autoencoder-whole-128"
LEARNING_RATE, BATCH_SIZE, MAX_EPOCHS = 1e-3, 256, 100
"""What 0 stands for in the settings."""


def train_head(settings: TrainHead) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    _check(settings)
    name = ("matcher", settings.comparator, settings.loss, f"seed{settings.seed}")
    run = RunFolder(settings.run_dir or default_run_dir(*name))
    store = PrintStore.open(settings.data)
    protocols = protocols_of(store)
    if not protocols:
        raise BadInput(
            f"--data {settings.data} has one print a finger; a matcher needs altered prints or several impressions"
        )
    if not has_non_mated(store, "val"):
        raise BadInput(
            f"--data {settings.data} has no two validation subjects of one data set, so no non-mated comparison to "
            "choose an epoch and the threshold on; give a store of more subjects"
        )
    fingers = FingerPrints.of(store, "train")
    use_threads(settings.threads)
    _check_model(settings.model, run)
    with run.held():
        if not run.begun():
            # A refused or killed command may have left the copy of another model.
            (run.path / AUTOENCODER_FILE).unlink(missing_ok=True)
        run.begin("train-head", settings, store.digest)
        if run.finished():
            print_finished_before(run)
            return run.path
        return _train(settings, run, store, fingers, protocols)


def _check(settings: TrainHead) -> None:
    """Raises BadInput for values out of range, and flags that don't go together."""
    check_at_least(settings, 1, ("hidden", "embedding_dim"))
    counts = ("max_epochs", "early_stopping_patience", "threads", "seed")
    check_at_least(settings, 0, (*counts, "max_minutes", "learning_rate"))
    if settings.autoencoder_minutes <= 0:
        raise BadInput(f"--autoencoder_minutes is {settings.autoencoder_minutes}; give more than 0")
    if settings.batch_size != 0 and settings.batch_size < 2:
        raise BadInput(f"--batch_size is {settings.batch_size}; pairs need 2 or more")
    if settings.loss == "infonce" and settings.pairs != "auto":
        raise BadInput(f"--pairs {settings.pairs} is for other losses; --loss infonce takes all pairs: leave it out")
    Hardware(settings.device).check()


def _train(settings: TrainHead, run: RunFolder, store: PrintStore, fingers: FingerPrints, protocols: list[str]) -> Path:
    autoencoder = _autoencoder(settings, run)
    run.write_environment({"source": store.source, "ppi": read_about(settings.data)["request"]["ppi"]})
    torch.manual_seed(settings.seed)
    size = (autoencoder.latent_dim, settings.hidden, settings.embedding_dim)
    head = LatentHead(*size, settings.comparator, autoencoder.latent_mean, autoencoder.latent_std)
    encoder = Encoder(autoencoder)
    # The lists of `evaluate`, so that the threshold is the one that it finds.
    lists = {
        protocol: validation_list(encoder, ScoredList.of(store, comparison_list(store, "val", protocol)))
        for protocol in protocols
    }
    # The best epoch is chosen on the protocol that the head is meant for.
    chosen_on = "moved" if "moved" in lists and settings.movement else protocols[0]
    pairs = settings.pairs if settings.pairs != "auto" else ("mined" if settings.loss == "triplet" else "random")
    budget = Budget(0, settings.max_minutes, Stopwatch())
    learning_rate, batch_size = settings.learning_rate or LEARNING_RATE, settings.batch_size or BATCH_SIZE
    module = HeadTraining(head, settings.loss, pairs, lists, budget, learning_rate, settings.seed)
    data = FingerData(fingers, encoder, batch_size, settings.movement, settings.seed)
    with open_tracker(settings.tracker, run.path, plain(settings), run.path.name, "train-head") as tracker:

        def save() -> None:
            validation, sha256 = lists[chosen_on], autoencoder.saved.sha256
            save_matcher(run.model, head, _facts(head, settings.loss, chosen_on, validation, sha256))

        recorder = Recorder(run, tracker, f"val_eer_{chosen_on}", save, rate="probes_per_second")
        hardware = Hardware(settings.device, precision="32")
        # Mined pairs are chosen to stay hard, so their loss can't show a stall.
        floor = 0.0 if pairs == "mined" else constant_floor(settings.loss, min(batch_size, len(fingers.reference)))
        watch = CollapseCallback(run, tracker, head, floor, settings.stop_on_collapse)
        max_epochs = settings.max_epochs or MAX_EPOCHS
        seconds = fit(run, module, data, recorder, hardware, max_epochs, settings.early_stopping_patience, [watch])
        facts = load_matcher(run.model).facts
        end = {"seconds": round(seconds, 3), "threshold": facts.threshold, "threshold_fmr": facts.fmr}
        mated = lists[chosen_on].scored.comparisons.mated
        end["threshold_n_non_mated"] = int((~mated).sum())
        best = recorder.best_figures()
        finish_training(run, tracker, plain(settings), best, end, settings.data if settings.evaluate else None)
    n_mated, n_non_mated = int(mated.sum()), int((~mated).sum())
    eers = {name: eer_phrase(value, n_mated, n_non_mated) for name, value in best.items() if name.startswith("val_")}
    figures = ", ".join(f"{name} {text}" for name, text in eers.items())
    compared = f"on {n_mated:,} mated and {n_non_mated:,} non-mated comparisons"
    print(f"best epoch {best['epoch']}: {figures}, {compared}; the run lies in {run.path}")
    return run.path


def _autoencoder(settings: TrainHead, run: RunFolder) -> Autoencoder:
    """Copies the autoencoder into the run, which then is all one needs; trains a shared one where none is named."""
    own = run.path / AUTOENCODER_FILE
    if own.is_file():
        return Autoencoder.load(own)
    source = settings.model
    if source is None:
        source = run.path.parent / SHARED_AUTOENCODER
        source.parent.mkdir(parents=True, exist_ok=True)
        # Runs of a sweep start together: the first trains, the others wait and share.
        with filelock.FileLock(source.parent / f".{SHARED_AUTOENCODER}.lock"):
            train_autoencoder(
                TrainAutoencoder(
                    data=settings.data,
                    run_dir=source,
                    view="whole",
                    latent_dim=128,
                    max_minutes=settings.autoencoder_minutes,
                    device=settings.device,
                    tracker="none",
                    threads=settings.threads,
                    evaluate=False,
                )
            )
    file = model_file(source)
    Autoencoder.load(file)  # refused before it is copied
    with whole_file(own) as temporary:
        shutil.copyfile(file, temporary)
    return Autoencoder.load(own)


def _check_model(model: Path | None, run: RunFolder) -> None:
    """Raises BadInput for a --model that can't be used, or is not the one that a broken or finished run has copied."""
    own = run.path / AUTOENCODER_FILE
    has_own = run.begun() and own.is_file()
    if model is None or (has_own and not (model.exists() or is_pretrained(model))):
        return
    Autoencoder.load(model)
    if has_own and sha256_of(model_file(model)) != sha256_of(own):
        raise BadInput(
            f"--run_dir {run.path} holds a run on another autoencoder than --model {model}; choose another "
            "--run_dir or delete that folder"
        )


def _facts(head: LatentHead, loss: str, protocol: str, validation: ValidationList, sha256: str) -> MatcherFacts:
    threshold, fmr, counts = decision_threshold(validation.scores(head), validation.scored.comparisons, THRESHOLD_FMR)
    return MatcherFacts(loss, threshold, fmr, protocol, sha256, counts)
