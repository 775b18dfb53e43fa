"""`ridgecode evaluate`: reconstruction and matching figures of a run, on a split and its protocols."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_pretrained, model_file
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.full_codec import FULL_PPI
from ridgecode.commands.settings.evaluate import Evaluate
from ridgecode.errors import BadInput
from ridgecode.evaluation.full.prints import full_part
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
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.places.placement import placed_store
from ridgecode.matching.saved_matcher import HEAD_KEY
from ridgecode.matching.scored_lists import evaluated_lists, scored_list
from ridgecode.matching.shipped.calibration import is_calibration
from ridgecode.matching.shipped.card import MatcherCard, matcher_header, read_matcher_card
from ridgecode.matching.shipped.data_sets import data_sets_of
from ridgecode.matching.shipped.names import is_shipped, matcher_file, nearest_name
from ridgecode.matching.siamese.store import run_store
from ridgecode.matching.systems import Encoder, baselines, latent_cosine, latent_head, protocols_of
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import RunKind, run_kind
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
    if not run.is_dir() and settings.tracker != "none":
        raise BadInput(f"--tracker adds to a run's own W&B run, and the model {run} is without one; leave it out")
    places = places_of(run, settings.split, settings.out)
    if settings.window == "print" and settings.protocols != "none":
        raise BadInput(
            "--window print is for reconstruction alone, since matchers compare frames; add --protocols none"
        )
    use_threads(settings.threads)
    kind = run_kind(RunFolder(run)) if run.is_dir() else kind_of_file(run)
    if kind == "siamese":
        content, part = _siamese(settings, places)
    else:
        content, part = _autoencoder(settings, places, has_head=kind == "head")
    content["matching"] = part.table
    if part.thresholds:
        content["thresholds"] = part.thresholds
    part.write(places.folder)
    write_text(places.json, json.dumps(content, indent=1) + "\n")
    return content


def check_run(run: Path, out: Path | None) -> None:
    """Raises BadInput for a run or model that is not there, and for a model without a run's folder where the figures
    have no other place to go."""
    if not run.exists() and not is_pretrained(run) and not is_shipped(run):
        raise BadInput(
            f"{run} is not a run, a model file or a pretrained model{nearest_name(str(run))}; give the --run_dir of a "
            "training, or a name that `ridgecode models list` shows"
        )
    if run.is_file() and is_calibration(run):
        raise BadInput(
            f"{run} is a calibration, whose threshold no evaluation uses; give the run or name of its matcher"
        )
    if not run.is_dir() and out is None:
        raise BadInput(f"--out is missing: {run} is a model without a run's folder; name a JSON file for the figures")


def kind_of_file(model: Path) -> RunKind:
    """What a model file, or the file of a pretrained model's or a shipped matcher's name, holds."""
    if is_pretrained(model):
        return "autoencoder"
    found = matcher_header(matcher_file(model))
    return "autoencoder" if found is None else "head" if found[0] == HEAD_KEY else "siamese"


def _siamese(settings: Evaluate, places: Places) -> tuple[dict[str, Any], MatchingPart]:
    """The content of an image Siamese run's evaluation."""
    if settings.depth_bits != 8:
        raise BadInput(f"--depth_bits {settings.depth_bits} is for latent vectors; leave it out for an image system")
    for flag, unset in (("all_files", False), ("window", "frame"), ("pca_data", None)):
        if getattr(settings, flag) != unset:
            raise BadInput(f"--{flag} is for reconstructions; leave it out for an image system")
    network = Matcher.load(settings.run).network
    assert network is not None
    store = PrintStore.open(run_store(settings.run, settings.data)).at_ppi(CANONICAL_PPI)
    lists = settings.comparisons or places.folder / "comparisons"
    other_store = _trained_on_another_store(settings, store)
    given = settings.comparisons is not None
    content, part = siamese_part(
        network, settings.run, store, settings.split, settings.protocols, lists, given, other_store
    )
    return content | {"sets": data_sets_of(store, settings.split)}, part


def _autoencoder(settings: Evaluate, places: Places, has_head: bool) -> tuple[dict[str, Any], MatchingPart]:
    """The content of an autoencoder's or a head's evaluation."""
    run, split = settings.run, settings.split
    if not has_head and (saved := load_autoencoder(run)).spec.view == "full":
        return _full(settings, places, saved), MatchingPart()
    autoencoder, matcher = _load(run, has_head)
    head = matcher.head if matcher else None
    store = PrintStore.open(settings.data).at_ppi(CANONICAL_PPI)
    if isinstance(head, PlacesHead):
        store = placed_store(store)
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
        content["sets"] = data_sets_of(store, split)
    encoder = Encoder(autoencoder)
    own = [latent_cosine(encoder)]
    if matcher is not None and head is not None:
        of_head = latent_head(encoder, head, matcher.system.format, matcher.least_quality)
        own.append(of_head._replace(name=matcher.system.name))
    systems = [*own, *baselines(autoencoder.view, autoencoder.latent_dim, train_prints)] if wanted else own
    part = MatchingPart()
    lists, given = settings.comparisons or places.folder / "comparisons", settings.comparisons is not None
    for evaluated in evaluated_lists(store, split, wanted, lists, given):
        for system in systems:
            part.add(evaluated, system, by_set=head is not None and system is own[-1])
        if "comparisons_per_second" not in content:
            content["comparisons_per_second"] = round(comparisons_per_second(own[-1], evaluated.measured))
    if autoencoder.spec.task == "repair" and head is None:
        aligned = scored_list(store, split, "aligned", lists, given) if "aligned" in wanted else None
        content |= repair_part(autoencoder, store, split, places.folder, systems, aligned)
    return content, part


def _full(settings: Evaluate, places: Places, saved: SavedAutoencoder) -> dict[str, Any]:
    """The content of the evaluation of a model of images of any size."""
    unset = (("all_files", False), ("window", "frame"), ("pca_data", None), ("depth_bits", 8), ("comparisons", None))
    for flag, value in unset:
        if getattr(settings, flag) != value:
            raise BadInput(f"--{flag} is of thumbnails, and {settings.run} codes images of any size; leave it out")
    if settings.protocols not in ("auto", "none"):
        raise BadInput(
            f"--protocols {settings.protocols} compares latent vectors, and {settings.run} has maps of any size; leave "
            "it out"
        )
    store = PrintStore.open(settings.data).at_ppi(FULL_PPI)
    rows = store.rows(settings.split)
    if not len(rows):
        raise BadInput(f"{settings.data} has no prints in the split {settings.split}; choose another --split")
    return {
        "schema": 1,
        "kind": "autoencoder",
        "split": settings.split,
        "source": store.source,
        "data_digest": store.digest,
        "other_store": _trained_on_another_store(settings, store),
        **full_part(saved, store, rows, places.folder),
    }


def _load(run: Path, has_head: bool) -> tuple[Autoencoder, Matcher | None]:
    """The run's autoencoder, and its matcher where it has a head."""
    if not has_head:
        return Autoencoder.load(run), None
    matcher = Matcher.load(run)
    assert matcher.autoencoder is not None
    return matcher.autoencoder, matcher


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
    store = PrintStore.open(path).at_ppi(CANONICAL_PPI)
    prints = store.prints("train")
    if not len(prints):
        raise BadInput(f"--pca_data {path} has no Real prints of train subjects; prepare more")
    return prints, {"pca_source": store.source}


def _trained_on_another_store(settings: Evaluate, store: PrintStore) -> bool:
    """Whether the run was trained on another store; warns if subjects of the split may have been trained on."""
    run = settings.run
    if not run.is_dir() and (card := _card_of_matcher(run)) is not None:
        seen = sorted(set(card.trained_on) & set(data_sets_of(store, settings.split)))
        if seen and (settings.split in ("all", "train") or store.source != "socofing"):
            print(
                f"ridgecode: {run} was trained on prints of {', '.join(seen)}: some subjects of the split "
                f"{settings.split} may be among them, whose figures are then too good",
                file=sys.stderr,
            )
        return not seen
    if is_pretrained(run):
        trained_on: dict[str, Any] = {"source": read_card(model_file(run)).trained_on}
    else:
        trained_on = RunFolder(run).read_environment() if run.is_dir() else {}
    trained_on_stores = (trained_on.get("data_digest"), *trained_on.get("store_digests", ()))
    other_store = store.source != "socofing" and store.digest not in trained_on_stores
    if other_store and trained_on.get("source", store.source) == store.source:
        print(
            f"ridgecode: {run} was not trained on {settings.data}, whose subjects are split by chance: some of the "
            f"split {settings.split} may have been trained on",
            file=sys.stderr,
        )
    return other_store


def _card_of_matcher(model: Path) -> MatcherCard | None:
    """The card of a shipped matcher, given by name or as a file; None of another model."""
    if is_pretrained(model):
        return None
    found = matcher_header(matcher_file(model))
    return read_matcher_card(matcher_file(model)) if found and "shipped" in found[1] else None
