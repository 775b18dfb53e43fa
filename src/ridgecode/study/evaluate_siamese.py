"""An evaluation of an image Siamese run: its own pairs, the protocols that its images allow, and the baselines."""

from typing import Any

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.systems import published_threshold
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.evaluate_matching import MatchingPart, comparisons_per_second, judged_lists
from ridgecode.study.evaluation import Evaluate, check_store, finish, folder_of, protocols_wanted
from ridgecode.study.evaluation_lists import has_non_mated
from ridgecode.study.matcher_run import load_siamese_run
from ridgecode.study.matching_systems import MatchingSystem, protocols_of, whole_print_baselines
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.siamese_lists import judged_pairs
from ridgecode.study.siamese_store import run_store
from ridgecode.study.siamese_systems import siamese_system

PRECISION = 0.99
"""At which recall is stated as well: `subtract` was published with a precision of 1.00 and a recall of 0.73."""


def evaluate_siamese(config: Evaluate) -> dict[str, Any]:
    """Measures and writes; returns what the JSON holds. Raises BadInput as `evaluate_run` does."""
    if config.depth_bits != 8:
        raise BadInput(f"--depth_bits {config.depth_bits} says nothing to an image Siamese run; leave it out")
    saved = load_siamese_run(config.run_path)
    store = PrintStore.open(run_store(config.run_path, config.data))
    trained = RunFolder(config.run_path).read_environment()
    content: dict[str, Any] = {
        "schema": 1,
        "kind": "siamese",
        "split": config.split,
        "source": store.source,
        "other_store": check_store(config, store),
        "system": saved.spec.system,
        "recipe": saved.spec.recipe,
        "input": saved.spec.input,
        "parameters": sum(p.numel() for p in saved.net.parameters()),
        "split_by": trained.get("split_by"),
        "collapsed": trained.get("collapsed", ""),
    }
    system = siamese_system(saved)
    content["bytes"] = system.bytes
    part = MatchingPart()
    if config.split == "val" and not content["other_store"]:
        content["comparisons_per_second"] = _own_pairs(config, store, saved, system, part)
    train_prints = stack_prints(store, store.rows(split="train"))
    lists = config.comparisons or folder_of(config) / "comparisons"
    wanted = protocols_wanted(config, store, _protocols(store, config.split, content["split_by"]))
    systems = [system, *whole_print_baselines(train_prints)]
    for judged in judged_lists(store, config.split, wanted, lists, config.comparisons is not None):
        for one in systems:
            part.add(judged, one, published_threshold(saved.net) if one is system else None)
        if "comparisons_per_second" not in content:
            content["comparisons_per_second"] = round(comparisons_per_second(system, judged.measured))
    if not part.table:
        raise BadInput(f"the split {config.split} of {store.path} has no pairs to measure; choose another --split")
    return finish(config, content, part)


def _own_pairs(
    config: Evaluate, store: PrintStore, saved: SavedSiamese, system: MatchingSystem, part: MatchingPart
) -> int:
    """Adds the lists that the training held out; baselines see the images as the network does. Returns the system's
    comparisons a second."""
    baselines = whole_print_baselines(saved.spec.fit(stack_prints(store, store.rows(split="train"))))
    lists = judged_pairs(config.run_path, store, saved)
    for own in lists:
        part.add(own, system, published_threshold(saved.net), PRECISION)
        for baseline in baselines:
            part.add(own, baseline)
    return round(comparisons_per_second(system, lists[0].measured))


def _protocols(store: PrintStore, split: str, split_by: str) -> list[str]:
    """Those that `auto` stands for. Of identity folders whose pairs were split by pair, all images were trained on."""
    if store.source != "folder":
        return protocols_of(store)
    if split_by == "pair" or not has_non_mated(store, split):
        return []
    # A few identities give hardly any non-mated pair of first impressions.
    return ["fvc-all"] if (store.column("impression") > 1).any() else []
