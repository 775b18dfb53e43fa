"""`ridgecode evaluate`: reconstruction and matching figures of a run, on a split and its protocols."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_model, is_pretrained, model_file, nearest_name
from ridgecode.commands.settings.evaluate import Evaluate
from ridgecode.errors import BadInput
from ridgecode.evaluation.headlines import evaluation_headline
from ridgecode.evaluation.matching import MatchingPart, comparisons_per_second
from ridgecode.evaluation.places import Places, places_of
from ridgecode.evaluation.protocols_wanted import protocols_wanted
from ridgecode.evaluation.reconstruction import reconstruction_part
from ridgecode.evaluation.repair import repair_part
from ridgecode.evaluation.rows import LEAK, MeasuredRows, measured_rows
from ridgecode.evaluation.siamese import siamese_part
from ridgecode.evaluation.tracked import log_evaluation
from ridgecode.files import write_text
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.scored_lists import evaluated_lists, scored_list
from ridgecode.matching.siamese.store import run_store
from ridgecode.matching.systems import Encoder, baselines, latent_cosine, latent_head, protocols_of
from ridgecode.prints.store import PrintStore
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind
from ridgecode.runs.tracking import open_tracker


def evaluate(settings: Evaluate) -> None:
    """Prints what `evaluate_run` found: lines to read, or with --json the whole."""
    found = evaluate_run(settings)
    places = places_of(settings.run, settings.split, settings.out)
    name = settings.run.name
    with open_tracker(settings.tracker, settings.run, {}, name, "evaluate") as tracker:
        log_evaluation(tracker, places.folder, found)
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    if settings.json:
        print(json.dumps(found))
        return
    for line in evaluation_headline(found):
        print(line)
    print(f"figures lie in {places.json}")


def evaluate_run(settings: Evaluate) -> dict[str, Any]:
    """Measures and writes; returns what the JSON holds. Raises BadInput for a run, store or list that can't be used."""
    run = settings.run
    if not 1 <= settings.depth_bits <= 8:
        raise BadInput(f"--depth_bits is {settings.depth_bits}; give 1 to 8")
    check_run(run, settings.out)
    if is_model(run) and settings.tracker != "none":
        raise BadInput(f"--tracker adds to a run's own W&B run, and the model {run} is without one; leave it out")
    places = places_of(run, settings.split, settings.out)
    if settings.window == "print" and settings.protocols != "none":
        raise BadInput(
            "--window print is for reconstruction alone, since matchers compare frames; add --protocols none"
        )
    use_threads(settings.threads)
    kind = "autoencoder" if is_model(run) else run_kind(RunFolder(run))
    if kind == "siamese":
        content, part = _siamese(settings, places)
    else:
        content, part = _autoencoder(settings, places, has_head=kind == "head")
    content["matching"] = part.table
    part.write(places.folder)
    write_text(places.json, json.dumps(content, indent=1) + "\n")
    return content


def check_run(run: Path, out: Path | None) -> None:
    """Raises BadInput for a run or model that is not there, and for a model without a run's folder where the figures
    have no other place to go."""
    if not run.exists() and not is_pretrained(run):
        raise BadInput(
            f"{run} is not a run, a model file or a pretrained model{nearest_name(str(run))}; give the --run_dir of a "
            "training, or a name that `ridgecode models list` shows"
        )
    if is_model(run) and out is None:
        raise BadInput(f"--out is missing: {run} is a model without a run's folder; name a JSON file for the figures")


def _siamese(settings: Evaluate, places: Places) -> tuple[dict[str, Any], MatchingPart]:
    """The content of an image Siamese run's evaluation."""
    if settings.depth_bits != 8:
        raise BadInput(f"--depth_bits {settings.depth_bits} is for latent vectors; leave it out for an image system")
    for flag, unset in (("all_files", False), ("window", "frame"), ("pca_data", None)):
        if getattr(settings, flag) != unset:
            raise BadInput(f"--{flag} is for reconstructions; leave it out for an image system")
    store = PrintStore.open(run_store(settings.run, settings.data))
    lists = settings.comparisons or places.folder / "comparisons"
    other_store = _trained_on_another_store(settings, store)
    given = settings.comparisons is not None
    return siamese_part(settings.run, store, settings.split, settings.protocols, lists, given, other_store)


def _autoencoder(settings: Evaluate, places: Places, has_head: bool) -> tuple[dict[str, Any], MatchingPart]:
    """The content of an autoencoder's or a head's evaluation."""
    run, split = settings.run, settings.split
    autoencoder, head = _load(run, has_head)
    store = PrintStore.open(settings.data)
    other_store = _trained_on_another_store(settings, store)
    needs_train = settings.pca_data is None
    measured = measured_rows(run, store, autoencoder.view, split, settings.window, settings.all_files, needs_train)
    train_prints = store.stack(measured.train)
    about: dict[str, str] = {}
    fitted_on = train_prints
    if settings.pca_data is not None:
        fitted_on, about = _prints_for_pca(settings.pca_data)
    wanted = _protocols(settings, store, measured)  # the last check, since it may warn, and a refusal is one sentence
    content = {
        "schema": 1,
        "kind": "matcher" if head else "autoencoder",
        "split": measured.split,
        **({"leak": LEAK} if measured.split == "file" else {}),
        "source": store.source,
        "data_digest": store.digest,
        "other_store": other_store,
        **({"window": "print"} if settings.window == "print" else {}),
        **about,
        **reconstruction_part(autoencoder, store, measured, fitted_on, settings.depth_bits, places.folder),
    }
    if head is not None:
        content["parameters"] += sum(p.numel() for p in head.parameters())
    encoder = Encoder(autoencoder)
    own = [latent_cosine(encoder), *([latent_head(encoder, head)] if head else [])]
    systems = [*own, *baselines(autoencoder.view, autoencoder.latent_dim, train_prints)] if wanted else own
    part = MatchingPart()
    lists, given = settings.comparisons or places.folder / "comparisons", settings.comparisons is not None
    for evaluated in evaluated_lists(store, split, wanted, lists, given):
        for system in systems:
            part.add(evaluated, system)
        if "comparisons_per_second" not in content:
            content["comparisons_per_second"] = round(comparisons_per_second(own[-1], evaluated.measured))
    if autoencoder.spec.task == "repair" and head is None:
        aligned = scored_list(store, split, "aligned", lists, given) if "aligned" in wanted else None
        content |= repair_part(autoencoder, store, split, places.folder, systems, aligned)
    return content, part


def _load(run: Path, has_head: bool) -> tuple[Autoencoder, LatentHead | None]:
    """The run's autoencoder, and its head where it has one."""
    if not has_head:
        return Autoencoder.load(run), None
    matcher = Matcher.load(run)
    assert matcher.autoencoder is not None
    return matcher.autoencoder, matcher.head


def _protocols(settings: Evaluate, store: PrintStore, measured: MeasuredRows) -> list[str]:
    """The protocols to measure: none of a run that was split by file, whose figures leak."""
    if measured.split != "file":
        known = protocols_of(store)
        wanted = protocols_wanted(settings.protocols, store, settings.split, known)
        if settings.protocols == "auto" and known and not wanted:
            where, way_out = settings.split, "" if settings.split == "all" else "; --split all may have"
            print(
                f"ridgecode: the split {where} of {settings.data} has no two subjects of one data set, so no "
                f"comparison is measured{way_out}",
                file=sys.stderr,
            )
        return wanted
    if settings.protocols not in ("auto", "none"):
        raise BadInput(
            f"--protocols {settings.protocols} compares subjects, and {settings.run} was split by file; give none"
        )
    print(f"ridgecode: {settings.run} was {LEAK}", file=sys.stderr)
    return []


def _prints_for_pca(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """The train prints of another store, and what evaluation.json has of it."""
    store = PrintStore.open(path)
    prints = store.prints("train")
    if not len(prints):
        raise BadInput(f"--pca_data {path} has no Real prints of train subjects; prepare more")
    return prints, {"pca_source": store.source}


def _trained_on_another_store(settings: Evaluate, store: PrintStore) -> bool:
    """Whether the run was trained on another store; warns if subjects of the split may have been trained on."""
    run = settings.run
    if is_pretrained(run):
        trained_on: dict[str, Any] = {"source": read_card(model_file(run)).trained_on}
    else:
        trained_on = {} if is_model(run) else RunFolder(run).read_environment()
    other_store = store.source != "socofing" and trained_on.get("data_digest") != store.digest
    if other_store and trained_on.get("source", store.source) == store.source:
        print(
            f"ridgecode: {run} was not trained on {settings.data}, whose subjects are split by chance: some of the "
            f"split {settings.split} may have been trained on",
            file=sys.stderr,
        )
    return other_store
