"""Keeps a finished run of train-head or train-siamese as a shipped matcher: 8-bit weights, with its card."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.pretrained import MAX_BYTES, pretrained_names
from ridgecode.commands.models.evaluated import sensor_figures, sensor_thresholds
from ridgecode.commands.models.training_history import matcher_history
from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_text
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.shipped.about import ShippedAbout
from ridgecode.matching.shipped.card import MatcherCard, StoredWeights
from ridgecode.matching.shipped.card_page import matcher_page
from ridgecode.matching.shipped.data_sets import data_sets_of
from ridgecode.matching.shipped.names import SHIPPED
from ridgecode.matching.shipped.parts import pretrained_with
from ridgecode.matching.shipped.written import write_shipped
from ridgecode.matching.siamese.scoring import embed_images, siamese_system
from ridgecode.matching.systems import Encoder, protocols_of
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind

LEAST_COSINE = 0.999
"""Of a print's embeddings by 8-bit and by 32-bit weights: below it a matcher is not kept."""
_MOST_PRINTS = 1000
_FLOATS = "floats, 4 bytes a number"


def keep_matcher(
    run_dir: Path, name: str, data: Path | None, evaluations: Sequence[Path] = (), out: Path | None = None
) -> Path:
    """Writes NAME.safetensors and NAME.md into `out`, by default where the shipped matchers lie; returns the former.
    Older files of that name are replaced.

    data: a prepared store, on whose validation subjects 8-bit weights are compared with the run's. evaluations: JSON
    files of `ridgecode evaluate`, whose figures the card has; empty for those in the run's folder.

    Raises BadInput for a run that is not finished, a head on a model that does not come with ridgecode, files that are
    no evaluations, weights that 8 bits don't hold to a cosine of `LEAST_COSINE`, and a file beyond 5,000,000 bytes.
    """
    run = RunFolder(run_dir)
    if not run.finished():
        raise BadInput(f"{run_dir} is not finished; give its {run.read_config().get('verb')} command again")
    if data is None:
        raise BadInput("--data is missing: name a store, on whose validation prints the 8-bit weights are compared")
    if name in pretrained_names():
        raise BadInput(f"--name {name} is that of a pretrained model; give another")
    store, matcher = PrintStore.open(data).at_ppi(CANONICAL_PPI), Matcher.load(run_dir)
    about = ShippedAbout(name, _protocol(run, matcher), _model_of(matcher, run_dir))
    figures = _evaluations(run, evaluations)
    folder = SHIPPED if out is None else out
    file = folder / f"{name}.safetensors"
    try:
        with tempfile.TemporaryDirectory() as temporary_folder:
            small = Path(temporary_folder) / file.name
            write_shipped(small, run.model, about, {})
            weights = _compared(matcher, Matcher.load(small), store, data)
        card = _card(run, matcher, about, figures, weights)
        with whole_file(file) as temporary:
            write_shipped(temporary, run.model, about, card.as_json())
            if (size := temporary.stat().st_size) > MAX_BYTES:
                raise BadInput(
                    f"{run_dir} makes a file of {size:,} bytes, and a shipped matcher has at most {MAX_BYTES:,}; keep "
                    "a smaller network"
                )
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"the matcher can't be kept, since its {error}; train it again") from error
    write_text(file.with_suffix(".md"), matcher_page(card))
    return file


def _protocol(run: RunFolder, matcher: Matcher) -> str:
    """Of the comparisons that the threshold was chosen on: for an image network the run's first validation list."""
    if matcher.network is None:
        return matcher.protocol
    names = [key.removeprefix("val_eer_") for row in run.metrics_before(1) for key in row if key.startswith("val_eer_")]
    return names[0] if names else matcher.protocol


def _model_of(matcher: Matcher, run_dir: Path) -> str:
    """The pretrained model whose latent vectors a head reads; "" of an image network."""
    if matcher.autoencoder is None:
        return ""
    model = pretrained_with(matcher.autoencoder.saved.sha256)
    if model is None:
        raise BadInput(
            f"{run_dir} reads latent vectors of a model that does not come with ridgecode; train it with --model NAME, "
            "a name that `ridgecode models list` shows, or keep that model first"
        )
    return model


def _evaluations(run: RunFolder, files: Sequence[Path]) -> list[dict[str, Any]]:
    """The contents of evaluations. Raises BadInput where there is none, or a file is none of a matcher."""
    own = sorted(run.path.glob("evaluation*.json")), sorted(run.path.glob("evaluation-*/evaluation.json"))
    found = list(files) or [*own[0], *own[1]]
    if not found:
        raise BadInput(
            f"{run.path} is not evaluated; give `ridgecode evaluate --run {run.path} --data STORE`, or name JSON files "
            "with --evaluations"
        )
    contents = []
    for file in found:
        try:
            content = dict(json.loads(file.read_text(encoding="utf-8")))
            if content["kind"] not in ("siamese", "matcher") or not content["matching"]:
                raise ValueError("no matching figures")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{file} holds no figures of a matcher ({type(error).__name__}); `ridgecode evaluate` writes them"
            ) from None
        contents.append(content)
    return contents


def _compared(full: Matcher, small: Matcher, store: PrintStore, data: Path) -> StoredWeights:
    """How near the 8-bit weights are to the run's, on validation prints and their comparisons."""
    known = protocols_of(store)
    if not known:
        raise BadInput(f"--data {data} has no altered prints and no second impressions; prepare a store with either")
    comparisons, systems = comparison_list(store, "val", known[0]), (full.system, small.system)
    # Prints of several sizes come as the network's own images; heads take them at the canonical size.
    fitted = not store.one_size and full.network is not None
    compared = store
    if fitted and full.network is not None and small.network is not None:
        systems = siamese_system(full.network, fitted=True), siamese_system(small.network, fitted=True)
        compared = store.fitted(full.network.spec.fit)
    listed = ScoredList.of(compared, comparisons).enrolled_only(systems[0].enrolment)
    prints = listed.probes[:: max(1, len(listed.probes) // _MOST_PRINTS)]
    a, b = (_embeddings(matcher, prints, fitted) for matcher in (full, small))
    cosines = (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)
    if not cosines.min() >= LEAST_COSINE:
        raise BadInput(
            f"with 8-bit weights embeddings of {data} have a cosine of {cosines.min():.4f} with those of the run, "
            f"below {LEAST_COSINE}; train the matcher longer, or with a lower --learning_rate"
        )
    mated = listed.comparisons.mated
    scores = [listed.scores(system) for system in systems]
    eers = [equal_error_rate(error_rates(one[mated], one[~mated])) for one in scores]
    sets = ", ".join(data_sets_of(store, "val"))
    return StoredWeights(sets, known[0], len(prints), float(cosines.min()), float(cosines.mean()), *eers)


def _embeddings(matcher: Matcher, prints: NDArray[np.uint8], fitted: bool) -> NDArray[np.float32]:
    """(N, D) embeddings, before they become templates."""
    if matcher.network is not None:
        net, spec = matcher.network.net, matcher.network.spec
        return embed_images(net, spec, prints if fitted else spec.fit(prints)).numpy()
    assert matcher.autoencoder is not None and matcher.head is not None
    z = torch.from_numpy(Encoder(matcher.autoencoder)(prints))
    with torch.inference_mode():
        return torch.cat([matcher.head.embed(part) for part in z.split(64)]).numpy()


def _head_name(matcher: Matcher) -> str:
    assert matcher.head is not None
    return f"head {matcher.head.sizes().get('kind', 'mlp')}"


def _card(
    run: RunFolder,
    matcher: Matcher,
    about: ShippedAbout,
    evaluations: Sequence[Mapping[str, Any]],
    weights: StoredWeights,
) -> MatcherCard:
    environment, history = run.read_environment(), matcher_history(run, about.autoencoder)
    net = matcher.network.net if matcher.network is not None else matcher.head
    assert net is not None
    format, machine = matcher.system.format, environment.get("machine", {})
    threads = machine.get("threads")
    parts = [machine.get("cpu"), f"{threads} thread{'s' * (threads != 1)}" if threads else None, machine.get("gpu")]
    kind = run_kind(run)
    system = matcher.network.spec.system if matcher.network is not None else _head_name(matcher)
    names = (matcher.system.name, about.name)
    return MatcherCard(
        name=about.name,
        reads="images" if kind == "siamese" else about.autoencoder,
        system=system,
        parameters=sum(p.numel() for p in net.parameters()),
        template=format.name if format is not None else _FLOATS,
        template_bytes=matcher.system.bytes,
        trained_on=history.data_sets,
        figures=tuple(one for content in evaluations for one in sensor_figures(content, names)),
        thresholds=tuple(one for content in evaluations for one in sensor_thresholds(content, names)),
        weights=weights,
        threshold=matcher.threshold,
        fmr=matcher.fmr,
        protocol=about.protocol,
        n_non_mated=matcher.counts.n_non_mated,
        least_quality=matcher.least_quality,
        command="\n".join(history.commands),
        seed=int(environment.get("seed") or 0),
        commit=environment.get("commit"),
        machine=", ".join(part for part in parts if part) or "an unknown machine",
        seconds=history.seconds,
    )
