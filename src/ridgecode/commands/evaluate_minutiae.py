"""`ridgecode evaluate-minutiae`: a minutiae matcher on reconstructions, or on the store's own prints.

Look at its error rates on originals first: only a matcher that separates originals can show what a reconstruction has
kept of one.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pretrained import is_model
from ridgecode.commands.evaluate import check_run
from ridgecode.commands.settings.evaluate_minutiae import EvaluateMinutiae
from ridgecode.errors import BadInput
from ridgecode.evaluation.headlines import minutiae_headline
from ridgecode.evaluation.image_codecs import Reconstructions, codec_reconstructions, image_codec, qualities_of
from ridgecode.evaluation.minutiae import TEMPLATES, autoencoder_reconstructions, measure_minutiae, write_minutiae
from ridgecode.evaluation.minutiae_lists import ComparedPrints, levels_of, originals, reconstruction_list
from ridgecode.evaluation.names import RECONSTRUCTION
from ridgecode.evaluation.places import check_no_folder
from ridgecode.matching.minutiae.matchers import minutiae_matcher
from ridgecode.matching.protocols import PROTOCOLS
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE
from ridgecode.matching.systems import protocols_of
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind


def evaluate_minutiae(settings: EvaluateMinutiae) -> dict[str, Any]:
    """Measures, writes and prints; returns what the JSON holds.

    Raises BadInput for an unusable run, codec, store, protocol or --out, and where the matcher's package is missing.
    """
    _check(settings)
    use_threads(settings.threads)
    matcher = minutiae_matcher(settings.matcher)
    store = PrintStore.open(settings.data)
    protocol = _protocol(settings, store)
    out = _out(settings, protocol)
    levels = levels_of(settings.levels)
    has_levels = protocol in ("aligned", "moved")
    if settings.levels != "all" and not has_levels:
        raise BadInput(f"--levels is for altered probes, which the protocol {protocol} has none of; leave it out")
    about: dict[str, Any] = {}
    if protocol == RECONSTRUCTION:
        store.at_ppi(CANONICAL_PPI)  # of the models and codecs that make them
        made = _reconstructions(settings, store)
        comparisons, rows = reconstruction_list(store, settings.split, settings.max_prints)
        prints = store.stack(rows)
        x_hat, about = made(prints)
        compared = ComparedPrints(comparisons, list(x_hat), list(VIEWS["whole"].target(prints)))
    else:
        compared = originals(store, settings.split, protocol, levels, settings.max_prints)
    listed = compared.comparisons
    # A probe that was moved, or is another impression, does not lie on its reference.
    lies_on = protocol in ("aligned", RECONSTRUCTION)
    kept = out.parent / TEMPLATES
    figures, columns, scores = measure_minutiae(
        settings.matcher, compared, lies_on, kept, settings.jobs, store.canonical_ppi
    )
    content = {
        "schema": 1,
        "kind": "minutiae",
        "matcher": settings.matcher,
        "matcher_version": matcher.version,
        "protocol": protocol,
        "source": store.source,
        "data_digest": store.digest,
        "split": settings.split,
        "levels": levels if has_levels else [],
        "n_prints": len(listed.reference_names),
        "n_subjects": len(np.unique(listed.reference_subjects)),
        **about,
        **figures,
    }
    write_minutiae(out, content, columns, listed, scores)
    if settings.json:
        print(json.dumps(content))
        return content
    print(minutiae_headline(content))
    print(f"figures lie in {out}")
    return content


def _check(settings: EvaluateMinutiae) -> None:
    """Raises BadInput for values out of range, and flags that don't go together."""
    if settings.max_prints < 2:
        raise BadInput(f"--max_prints is {settings.max_prints}; give 2 or more")
    if settings.jobs < 0:
        raise BadInput(f"--jobs is {settings.jobs}; give 0 for all processors, or how many processes")
    if settings.codec == "none":
        if settings.qualities:
            raise BadInput("--qualities is for --codec; leave it out without an image codec")
        return
    if settings.run is not None:
        raise BadInput(f"--codec {settings.codec} is measured in a run's place; leave out --run, or --codec")
    if settings.protocols not in ("auto", RECONSTRUCTION):
        raise BadInput(
            f"--protocol {settings.protocols} compares the store's own prints, whatever --codec is; give "
            "--protocol reconstruction, or leave out --codec"
        )


def _protocol(settings: EvaluateMinutiae, store: PrintStore) -> str:
    known, protocol = (RECONSTRUCTION, *PROTOCOLS), settings.protocols
    if protocol == "auto":
        has_reconstructions = settings.run is not None or settings.codec != "none"
        protocol = RECONSTRUCTION if has_reconstructions else next(iter(protocols_of(store)), "fvc")
    if protocol not in known:
        raise BadInput(f"--protocol {protocol} is none that a minutiae matcher takes; give one of {', '.join(known)}")
    if protocol == RECONSTRUCTION and settings.run is None and settings.codec == "none":
        raise BadInput("--run is missing: give the run, or the --codec, whose reconstructions are compared")
    return protocol


def _out(settings: EvaluateMinutiae, protocol: str) -> Path:
    """The JSON's path. Raises BadInput where neither a run nor --out gives one, or --out would spoil a run's file."""
    run, out = settings.run, settings.out
    if run is not None:
        check_run(run, out)
        if not is_model(run) and not (run / "config.yaml").is_file():
            raise BadInput(f"--run {run} is no run folder: give the folder of a train-autoencoder run")
    if out is None:
        if run is None:
            raise BadInput("--out is missing: name a JSON file for the figures, or give --run")
        folder = run if settings.split == "val" else run / f"evaluation-{settings.split}"
        return folder / f"minutiae-{settings.matcher}-{protocol}.json"
    check_no_folder(out, "minutiae.json")
    if out.suffix != ".json":
        raise BadInput(f"--out {out} must end in .json, since other files lie beside it")
    if (out.parent / "config.yaml").is_file() and not out.name.startswith("minutiae-"):
        raise BadInput(f"--out {out} lies in a run's folder; call it minutiae-SOMETHING.json there")
    return out


def _reconstructions(settings: EvaluateMinutiae, store: PrintStore) -> Reconstructions:
    """What --codec or the autoencoder of --run makes of prints. Raises BadInput where --qualities names none or
    several, or where the autoencoder sees less than a whole print."""
    if settings.codec != "none":
        codec = image_codec(settings.codec, VIEWS["whole"], store)
        qualities = qualities_of(settings.qualities, codec) if settings.qualities else ()
        if len(qualities) != 1:
            raise BadInput(
                f"--codec {codec.name} is compared at one quality, so give one as --qualities, such as "
                f"{codec.qualities[len(codec.qualities) // 2]:g}"
            )
        return codec_reconstructions(codec, qualities[0])
    run = settings.run
    assert run is not None
    is_head = not is_model(run) and run_kind(RunFolder(run)) == "head"
    autoencoder = Autoencoder.load(run / AUTOENCODER_FILE if is_head else run)
    if autoencoder.spec.view != "whole":
        raise BadInput(
            f"{run} was trained on {autoencoder.spec.view}; a minutiae matcher needs whole prints: train with "
            "--view whole"
        )
    return autoencoder_reconstructions(autoencoder, run.resolve().name)
