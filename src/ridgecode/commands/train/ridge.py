"""`ridgecode train-siamese --system ridge`: trains the network that finds a finger's pose and embeds its ridges."""

import math
from pathlib import Path
from typing import Any

import torch

from ridgecode.commands.settings.train_siamese import TrainSiamese
from ridgecode.commands.train.finish import finish_training, print_finished_before
from ridgecode.commands.train.ridge_settings import check_ridge, ridge_amounts, ridge_template
from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import decision_threshold
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.rate_text import eer_phrase
from ridgecode.matching.scored_lists import ScoredList, has_non_mated
from ridgecode.matching.shipped.names import matcher_file
from ridgecode.matching.siamese.ridge import RidgeNetwork
from ridgecode.matching.siamese.saved import SiameseFacts, load_siamese, save_siamese
from ridgecode.matching.siamese.summary import summary
from ridgecode.matching.siamese.systems import SiameseSpec, build_siamese
from ridgecode.matching.systems import protocols_of
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.frame import FRAME_SIDE
from ridgecode.prints.quality import LEAST_FRAME_QUALITY
from ridgecode.prints.store import PrintStore, joint_digest, read_about
from ridgecode.runs.default_folders import default_run_dir
from ridgecode.runs.hardware import Hardware, use_threads
from ridgecode.runs.run_folder import RunFolder, plain
from ridgecode.runs.tracking import open_tracker
from ridgecode.training.collapse_callback import CollapseCallback
from ridgecode.training.fit import fit
from ridgecode.training.head_validation import check_protocols
from ridgecode.training.recorder import Recorder
from ridgecode.training.ridge_siamese import RidgeTraining
from ridgecode.training.schedule import Budget, Stopwatch
from ridgecode.training.views.finger_views import FingerSet, finger_sets
from ridgecode.training.views.ridge_views import RidgeData, frames, with_middles
from ridgecode.training.views.shared_batches import StoreShares, store_paths


def train_ridge(settings: TrainSiamese) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    check_ridge(settings)
    run = RunFolder(settings.run_dir or default_run_dir("ridge", f"seed{settings.seed}"))
    stores = [PrintStore.open(path).at_ppi(CANONICAL_PPI) for path in store_paths(settings.data)]
    shares = StoreShares.parse(settings.shares, len(stores))
    check_protocols(stores[0])
    use_threads(settings.threads)
    net = _new_network(settings)
    with run.held():
        run.begin("train-siamese", settings, joint_digest(stores))
        if run.finished():
            print_finished_before(run)
            return run.path
        return _train(settings, run, stores, shares, net)


def _new_network(settings: TrainSiamese) -> RidgeNetwork:
    """Raises BadInput for a --start_from that holds no network of the same sizes."""
    torch.manual_seed(settings.seed)
    net = build_siamese(_spec(settings))
    assert isinstance(net, RidgeNetwork)
    if settings.start_from:
        file = matcher_file(settings.start_from)
        other = load_siamese(file)
        if not isinstance(other.net, RidgeNetwork) or other.net.dims != net.dims:
            raise BadInput(
                f"--start_from {settings.start_from} is no matcher of the system ridge with {net.dims} numbers in an "
                "embedding; give one, or leave it out"
            )
        net.load_state_dict(other.net.state_dict())
    return net


def _spec(settings: TrainSiamese) -> SiameseSpec:
    return SiameseSpec("ridge", "ours", FRAME_SIDE, FRAME_SIDE, 1, 1, ridge_template(settings)[1])


def _lists(stores: list[PrintStore], spec: SiameseSpec) -> dict[str, ScoredList]:
    """One list of each store that has non-mated comparisons: `moved` of altered prints, else that of impressions. Its
    prints are frames. Two lists of one protocol are told apart by their stores' folders."""
    lists: dict[str, ScoredList] = {}
    for store in stores:
        protocols = protocols_of(store)
        if not protocols or not has_non_mated(store, "val"):
            continue
        protocol = "moved" if "moved" in protocols else protocols[0]
        name = protocol if protocol not in lists else f"{protocol}_{store.path.resolve().name}"
        of = ScoredList.of(store if store.one_size else store.fitted(spec.fit), comparison_list(store, "val", protocol))
        if store.one_size:
            of = of._replace(probes=spec.fit(of.probes), references=spec.fit(of.references))
        lists[name] = of
    return lists


def _train(
    settings: TrainSiamese, run: RunFolder, stores: list[PrintStore], shares: StoreShares, net: RidgeNetwork
) -> Path:
    spec, (format, _), much = _spec(settings), ridge_template(settings), ridge_amounts(settings)
    about = {"source": stores[0].source, "ppi": read_about(stores[0].path)["request"]["ppi"], "input": spec.input}
    parameters = sum(p.numel() for p in net.parameters())
    about |= {"store_digests": [store.digest for store in stores]}
    run.write_environment({**about, "parameters": parameters, "split_by": "subject"})
    write_text(run.path / "summary.md", summary(net, spec))
    lists = _lists(stores, spec)
    chosen_on = next(iter(lists))
    half = Hardware(settings.device, precision=settings.precision).lightning_precision == "bf16-mixed"
    budget = Budget(0, settings.max_minutes, Stopwatch())
    module = RidgeTraining(net, spec, format, lists, budget, much.learning_rate, half)
    of_stores = [[with_middles(one) for one in finger_sets(store, "train", frames)] for store in stores]
    data = RidgeData(*_weighted(of_stores, shares), much.n_views, settings.seed, much.steps)
    with open_tracker(settings.tracker, run.path, plain(settings), run.path.name, "train-siamese") as tracker:

        def save() -> None:
            of = decision_threshold(module.scores[chosen_on], lists[chosen_on].comparisons, THRESHOLD_FMR)
            save_siamese(
                run.model, net, spec, SiameseFacts(of.threshold, of.fmr, True, of.counts, format, LEAST_FRAME_QUALITY)
            )

        recorder = Recorder(run, tracker, "val_eer", save, rate="views_per_second")
        watch = CollapseCallback(run, tracker, net, math.log(much.n_views), settings.stop_on_collapse)
        hardware = Hardware(settings.device, precision="32")
        seconds = fit(run, module, data, recorder, hardware, much.epochs, settings.early_stopping_patience, [watch])
        facts = load_siamese(run.model).facts
        end: dict[str, Any] = {"seconds": round(seconds, 3), "threshold": facts.threshold}
        end |= {"threshold_fmr": facts.fmr, "protocol": chosen_on}
        mated = lists[chosen_on].comparisons.mated
        end["threshold_n_non_mated"] = int((~mated).sum())
        best = recorder.best_figures()
        store = stores[0].path if settings.evaluate else None
        finish_training(run, tracker, plain(settings), best, end, store)
    figures = []
    for name, of in lists.items():
        n_mated = int(of.comparisons.mated.sum())
        figures.append(f"{name} {eer_phrase(best[f'val_eer_{name}'], n_mated, len(of.comparisons) - n_mated)}")
    print(f"best epoch {best['epoch']}: val_eer of {', '.join(figures)}; the run lies in {run.path}")
    return run.path


def _weighted(of_stores: list[list[FingerSet]], shares: StoreShares) -> tuple[list[FingerSet], StoreShares]:
    """All sets, and the share of each: within a store, by the root of its number of fingers, so that small sets, which
    show another sensor, are seen too."""
    weights = [[math.sqrt(len(one)) for one in of_store] for of_store in of_stores]
    return [one for of_store in of_stores for one in of_store], shares.split(weights)
