"""Evaluation of an image Siamese run and the baselines, on the run's pairs and on the protocols."""

from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.evaluation.matching import MatchingPart, comparisons_per_second
from ridgecode.evaluation.protocols_wanted import protocols_wanted
from ridgecode.matching.scored_lists import evaluated_lists, has_non_mated
from ridgecode.matching.siamese.lists import own_pair_lists
from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.scoring import siamese_system
from ridgecode.matching.siamese.systems import published_threshold
from ridgecode.matching.systems import MatchingSystem, protocols_of, whole_print_baselines
from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import RunFolder

PRECISION = 0.99
"""The precision of a further threshold: `subtract` was published with a precision of 1.00 and a recall of 0.73."""
_LARGE = 2**20
"""Pixels of an image above which the images are brought to the network's size before they are compared."""
_MANY_IDENTITIES = 500
"""Of a split, above which pairs of first impressions are enough: 500 give 124,750 non-mated ones."""


def siamese_part(
    network: SavedSiamese,
    run: Path,
    store: PrintStore,
    split: str,
    protocols: str,
    lists: Path,
    lists_given: bool,
    other_store: bool,
) -> tuple[dict[str, Any], MatchingPart]:
    """Measures an image Siamese network; returns the content of evaluation.json and the matching part.

    run: the folder that the network is of, or the name or file of a matcher without one; protocols: the value of
    `--protocols`; lists, lists_given: `folder` and `given` of `scored_list`; other_store: whether the network was
    trained on another store, which its own pairs are of. Raises BadInput if there is nothing to measure.
    """
    trained = RunFolder(run).read_environment() if run.is_dir() else {}
    content: dict[str, Any] = {
        "schema": 1,
        "kind": "siamese",
        "split": split,
        "source": store.source,
        "other_store": other_store,
        "system": network.spec.system,
        "recipe": network.spec.recipe,
        "input": network.spec.input,
        "parameters": sum(p.numel() for p in network.net.parameters()),
        "split_by": trained.get("split_by"),
        "collapsed": trained.get("collapsed", ""),
    }
    fitted = not store.one_size or store.image(0).size > _LARGE
    if fitted:
        # Baselines compare pixel by pixel, so they need one size; large images would fill the memory.
        store = store.fitted(network.spec.fit)
    system = siamese_system(network, fitted)
    content["bytes"] = system.bytes
    part = MatchingPart()
    # The system `ridge` draws its views anew at each step; it has held out subjects, not pairs.
    if split == "val" and not other_store and network.spec.system != "ridge":
        content["comparisons_per_second"] = _own_pairs(run, store, network, system, part)
    wanted = protocols_wanted(protocols, store, split, _protocols(store, split, content["split_by"]))
    baselines = whole_print_baselines(store.prints("train")) if wanted else []
    for evaluated in evaluated_lists(store, split, wanted, lists, lists_given):
        part.add(evaluated, system, published_threshold(network.net), by_set=True)
        for baseline in baselines:
            part.add(evaluated, baseline)
        if "comparisons_per_second" not in content:
            content["comparisons_per_second"] = round(comparisons_per_second(system, evaluated.measured))
    if not part.table:
        raise BadInput(f"the split {split} of {store.path} has no pairs to measure; choose another --split")
    return content, part


def _own_pairs(run: Path, store: PrintStore, network: SavedSiamese, system: MatchingSystem, part: MatchingPart) -> int:
    """Adds the lists that the training held out, with baselines on images of the network's size. Returns the system's
    comparisons per second."""
    baselines = whole_print_baselines(store.fitted(network.spec.fit).prints("train"))
    lists = own_pair_lists(run, store, network)
    for pairs in lists:
        part.add(pairs, system, published_threshold(network.net), PRECISION)
        for baseline in baselines:
            part.add(pairs, baseline)
    return round(comparisons_per_second(system, lists[0].measured))


def _protocols(store: PrintStore, split: str, split_by: str) -> list[str]:
    """The protocols that `auto` stands for; none for identity folders split by pair, all of whose images were trained
    on."""
    if store.source != "folder":
        return protocols_of(store)
    if split_by == "pair" or not has_non_mated(store, split):
        return []
    if not (store.column("impression") > 1).any():
        return []
    # Few identities give too few non-mated pairs of first impressions for `fvc`; many give millions to `fvc-all`.
    many = len(np.unique(store.column("subject")[store.rows(split=split)])) > _MANY_IDENTITIES
    return ["fvc"] if many else ["fvc-all"]
