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
from ridgecode.commands.train.finish import finish_training, print_finished_before
from ridgecode.commands.train.head_settings import (
    Amounts,
    amounts,
    check_head_settings,
    head_format,
    own_autoencoder,
    with_known_head,
)
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.decision_threshold import decision_threshold
from ridgecode.matching.heads import Head, LatentHead
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.places.first_map import FirstMap
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.rate_text import eer_phrase
from ridgecode.matching.saved_matcher import MatcherFacts, load_matcher, save_matcher, sha256_of
from ridgecode.matching.shipped.names import matcher_file
from ridgecode.matching.start_from import start_from
from ridgecode.matching.systems import Encoder
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore, joint_digest, read_about
from ridgecode.runs.default_folders import default_run_dir
from ridgecode.runs.hardware import Hardware, use_threads
from ridgecode.runs.run_folder import RunFolder, plain
from ridgecode.runs.tracking import open_tracker
from ridgecode.training.collapse_callback import CollapseCallback
from ridgecode.training.fit import fit
from ridgecode.training.head import FingerData, FingerPrints, HeadTraining, constant_floor
from ridgecode.training.head_validation import check_protocols, validation_lists
from ridgecode.training.recorder import Recorder
from ridgecode.training.schedule import Budget, Stopwatch
from ridgecode.training.views.bank_batches import BankData
from ridgecode.training.views.finger_views import FingerSet, finger_sets
from ridgecode.training.views.shared_batches import StoreShares, store_paths
from ridgecode.training.views.teacher import Teacher
from ridgecode.training.views.view_bank import ViewBank, ViewEncoder

SHARED_AUTOENCODER = "autoencoder-whole-128"
BANK_FILE = "views.safetensors"
"""In the folder of a run that is not finished: the bank of encoded views."""


def train_head(settings: TrainHead) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    check_head_settings(settings)
    name = ("matcher", settings.comparator, settings.loss, f"seed{settings.seed}")
    run = RunFolder(settings.run_dir or default_run_dir(*name))
    stores = [PrintStore.open(path).at_ppi(CANONICAL_PPI) for path in store_paths(settings.data)]
    shares = StoreShares.parse(settings.shares, len(stores))
    check_protocols(stores[0])
    use_threads(settings.threads)
    _check_model(settings.model, run)
    settings = with_known_head(settings, run)
    if settings.start_from:
        load_matcher(matcher_file(settings.start_from))  # refused before anything is made
    if settings.teacher:
        Teacher(settings.teacher, settings.template_dim, False)
    fingers: FingerPrints | list[list[FingerSet]]
    if settings.head == "places":
        fingers = [finger_sets(store, "train") for store in stores]
    else:
        fingers = FingerPrints.of(stores[0], "train")
    with run.held():
        if not run.begun():
            # A refused or killed command may have left the copy of another model.
            own_autoencoder(run).unlink(missing_ok=True)
        run.begin("train-head", settings, joint_digest(stores))
        if run.finished():
            print_finished_before(run)
            return run.path
        return _train(settings, run, stores, shares, fingers)


def _train(
    settings: TrainHead,
    run: RunFolder,
    stores: list[PrintStore],
    shares: StoreShares,
    fingers: FingerPrints | list[list[FingerSet]],
) -> Path:
    autoencoder = _autoencoder(settings, run)
    first = stores[0]
    about = {"source": first.source, "ppi": read_about(first.path)["request"]["ppi"]}
    run.write_environment({**about, "store_digests": [store.digest for store in stores]})
    torch.manual_seed(settings.seed)
    head = _new_head(settings, autoencoder)
    encoder = Encoder(autoencoder)
    lists = validation_lists(stores, encoder, placed=settings.head == "places")
    # The best epoch is chosen on the protocol that the head is meant for.
    chosen_on = "moved" if "moved" in lists and settings.movement else next(iter(lists))
    pairs = settings.pairs if settings.pairs != "auto" else ("mined" if settings.loss == "triplet" else "random")
    much = amounts(settings)
    half = settings.head == "places" and _computes_in_half(settings)
    module = HeadTraining(
        head,
        settings.loss,
        pairs,
        lists,
        Budget(0, settings.max_minutes, Stopwatch()),
        much.learning_rate,
        settings.seed,
        half,
        format := head_format(settings),
        settings.teacher_weight if settings.teacher else 0.0,
        several_sets=isinstance(fingers, list) and sum(len(of_store) for of_store in fingers) > 1,
    )
    data: FingerData | BankData
    if isinstance(fingers, FingerPrints):
        n_fingers = len(fingers.reference)
        data = FingerData(fingers, encoder, much.batch_size, settings.movement, settings.seed, much.steps)
    else:
        n_fingers = max(len(one) for of_store in fingers for one in of_store)
        data = _bank_data(settings, run, autoencoder, joint_digest(stores), shares, fingers, much, half)
    with open_tracker(settings.tracker, run.path, plain(settings), run.path.name, "train-head") as tracker:

        def save() -> None:
            of = module.scores[chosen_on], lists[chosen_on].scored.comparisons
            threshold, fmr, counts = decision_threshold(*of, THRESHOLD_FMR)
            facts = MatcherFacts(settings.loss, threshold, fmr, chosen_on, autoencoder.saved.sha256, counts, format)
            save_matcher(run.model, head, facts)

        recorder = Recorder(run, tracker, f"val_eer_{chosen_on}", save, rate="probes_per_second")
        hardware = Hardware(settings.device, precision="32")
        # Mined pairs are chosen to stay hard, so their loss can't show a stall.
        floor = 0.0 if pairs == "mined" else constant_floor(settings.loss, min(much.batch_size, n_fingers))
        watch = CollapseCallback(run, tracker, head, floor, settings.stop_on_collapse)
        seconds = fit(run, module, data, recorder, hardware, much.epochs, settings.early_stopping_patience, [watch])
        (run.path / BANK_FILE).unlink(missing_ok=True)
        facts = load_matcher(run.model).facts
        end = {"seconds": round(seconds, 3), "threshold": facts.threshold, "threshold_fmr": facts.fmr}
        mated = lists[chosen_on].scored.comparisons.mated
        end["threshold_n_non_mated"] = int((~mated).sum())
        best = recorder.best_figures()
        finish_training(run, tracker, plain(settings), best, end, first.path if settings.evaluate else None)
    n_mated, n_non_mated = int(mated.sum()), int((~mated).sum())
    eers = {name: eer_phrase(value, n_mated, n_non_mated) for name, value in best.items() if name.startswith("val_")}
    figures = ", ".join(f"{name} {text}" for name, text in eers.items())
    compared = f"on {n_mated:,} mated and {n_non_mated:,} non-mated comparisons"
    print(f"best epoch {best['epoch']}: {figures}, {compared}; the run lies in {run.path}")
    return run.path


def _new_head(settings: TrainHead, autoencoder: Autoencoder) -> Head:
    head: Head
    if settings.head == "places":
        head = PlacesHead(FirstMap.of(autoencoder.net), settings.template_dim)
    else:
        size = (autoencoder.latent_dim, settings.hidden, settings.embedding_dim)
        head = LatentHead(*size, settings.comparator, autoencoder.latent_mean, autoencoder.latent_std)
    if settings.start_from:
        start_from(head, matcher_file(settings.start_from))
    return head


def _computes_in_half(settings: TrainHead) -> bool:
    return Hardware(settings.device, precision=settings.precision).lightning_precision == "bf16-mixed"


def _bank_data(
    settings: TrainHead,
    run: RunFolder,
    autoencoder: Autoencoder,
    digest: str,
    shares: StoreShares,
    fingers: list[list[FingerSet]],
    much: Amounts,
    half: bool,
) -> BankData:
    device = Hardware(settings.device).torch_device
    encoder = ViewEncoder(Autoencoder(autoencoder.saved, device), half)
    of_sets = shares.split([[len(one) for one in of_store] for of_store in fingers])
    sets = [one for of_store in fingers for one in of_store]
    key = f"{digest} {autoencoder.saved.sha256} {settings.shares}"
    teacher = Teacher(settings.teacher, settings.template_dim, half, device) if settings.teacher else None
    bank = ViewBank(sets, of_sets, encoder, settings.bank_views, settings.renewals, settings.seed, key, teacher)
    return BankData(bank, run.path / BANK_FILE, much.batch_size, much.steps)


def _autoencoder(settings: TrainHead, run: RunFolder) -> Autoencoder:
    """Copies the autoencoder into the run, which then is all one needs; trains a shared one where none is named."""
    own = own_autoencoder(run)
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
                    data=store_paths(settings.data)[0],
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
    own = own_autoencoder(run)
    has_own = run.begun() and own.is_file()
    if model is None or (has_own and not (model.exists() or is_pretrained(model))):
        return
    if Autoencoder.load(model).view.name == "full":
        raise BadInput(f"--model {model} has maps of any size, which no head reads; give a model of whole prints")
    if has_own and sha256_of(model_file(model)) != sha256_of(own):
        raise BadInput(
            f"--run_dir {run.path} holds a run on another autoencoder than --model {model}; choose another "
            "--run_dir or delete that folder"
        )
