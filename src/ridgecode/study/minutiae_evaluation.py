"""`ridgecode evaluate --matcher`: what a minutiae matcher, which knows nothing of latent vectors, makes of prints.

Its own error rates on originals come first: only a matcher that tells originals from each other can judge what a
reconstruction has kept of one.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_text
from ridgecode.matching.comparisons import PROTOCOLS
from ridgecode.matching.minutiae.matchers import MatcherName, minutiae_matcher
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS, stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.codec_evaluation import ReconstructionMaker, coded_maker
from ridgecode.study.coded_prints import through_bytes
from ridgecode.study.evaluation import check_run, is_model
from ridgecode.study.matcher_run import load_matcher_run
from ridgecode.study.matching_systems import protocols_of
from ridgecode.study.minutiae_figures import agreement_part, print_columns, self_part, tar_rows
from ridgecode.study.minutiae_lists import RECONSTRUCTION, JudgedPrints, levels_of, originals, reconstruction_list
from ridgecode.study.minutiae_work import kept_scores, kept_templates
from ridgecode.study.reconstruction_figures import own_pixels, reconstruct
from ridgecode.study.run_folder import RunFolder

if TYPE_CHECKING:
    from ridgecode.study.evaluate import Evaluate

TEMPLATES = "minutiae-templates"


def evaluate_minutiae(config: "Evaluate") -> dict[str, Any]:
    """Measures, writes, prints the headline, and returns what the JSON holds.

    Raises BadInput for an unusable run, store, protocol or --out, and where the matcher's package is missing.
    """
    name = _checked(config)
    matcher = minutiae_matcher(name)
    store = PrintStore.open(config.data)
    protocol = _protocol(config, store)
    out = _out(config, name, protocol)
    levels = levels_of(config.levels)
    if config.levels != "all" and protocol not in ("aligned", "moved"):
        raise BadInput(f"--levels is for altered probes, which the protocol {protocol} has none of; leave it out")
    about: dict[str, Any] = {}
    if protocol == RECONSTRUCTION:
        made = coded_maker(config) if config.codec != "none" else _decoded_maker(config.run_path)
        comparisons, rows = reconstruction_list(store, config.split, config.max_prints)
        prints = stack_prints(store, rows)
        x_hat, about = made(prints)
        judged = JudgedPrints(comparisons, x_hat, VIEWS["whole"].kept(prints))
    else:
        judged = originals(store, config.split, protocol, levels, config.max_prints)
    listed = judged.comparisons

    kept = out.parent / TEMPLATES
    probe_files = kept_templates(name, judged.probes, kept, config.jobs)
    reference_files = kept_templates(name, judged.references, kept, config.jobs)
    scores = kept_scores(
        name,
        [probe_files[row] for row in listed.probe_rows],
        [reference_files[row] for row in listed.reference_rows],
        kept,
        config.jobs,
    )
    own_scores = kept_scores(name, reference_files, reference_files, kept, config.jobs)
    probes, references = ([Minutiae.load(file) for file in files] for files in (probe_files, reference_files))

    template_bytes = round(float(np.mean([template.bytes for template in references])))
    table = tar_rows(scores, listed, name, template_bytes)
    # A probe that was moved, or is another impression, does not lie on its reference.
    lies_on = protocol in ("aligned", RECONSTRUCTION)
    columns = print_columns(scores, listed, probes, references, lies_on)
    content = {
        "schema": 1,
        "kind": "minutiae",
        "matcher": name,
        "matcher_version": matcher.version,
        "protocol": protocol,
        "source": store.source,
        "data_digest": store.digest,
        "split": config.split,
        "levels": levels if protocol in ("aligned", "moved") else [],
        "n_prints": len(listed.reference_names),
        "n_subjects": len(np.unique(listed.reference_subjects)),
        **about,
        "matching": table,
        "self": self_part(own_scores, table[0]["threshold"]),
        "agreement": agreement_part(columns) if lies_on else None,
    }
    _write(out, "prints", columns)
    pairs = {"probe": listed.probe.astype(str), "reference": listed.reference.astype(str), "mated": listed.mated}
    _write(out, "comparisons", pairs | {"score": scores})
    write_text(out, json.dumps(content, indent=1) + "\n")
    print(headline(content))
    print(f"figures lie in {out}")
    return content


def headline(content: dict[str, Any]) -> str:
    """The figures that matter, in one line."""
    row, own = content["matching"][0], content["self"]
    text = (
        f"{content['protocol']}, {content['matcher']}: TAR {100 * row['tar_at_fmr_1']:.2f} % at FMR 1 %, "
        f"{100 * row['tar_at_fmr_0_1']:.2f} % at FMR 0.1 % ({row['n_mated']} mated, {row['n_non_mated']} non-mated); "
        f"{100 * own['accepted']:.1f} % of prints match themselves"
    )
    found = content["agreement"]
    if found is not None:
        text += (
            f"; minutiae: F1 {found['f1']:.3f}, precision {found['precision']:.3f}, recall {found['recall']:.3f} "
            f"on {found['n']} pairs"
        )
    return text


def _checked(config: "Evaluate") -> MatcherName:
    """The matcher's name. Raises BadInput for flags that say nothing to it."""
    name: Literal["none", "orb", "bozorth3"] = config.matcher
    if name == "none":
        raise BadInput("--matcher is none; give orb or bozorth3")
    if config.max_prints < 2:
        raise BadInput(f"--max_prints is {config.max_prints}; give 2 or more")
    if config.jobs < 0:
        raise BadInput(f"--jobs is {config.jobs}; give 0 for all processors, or how many processes")
    given = {"depth_bits": config.depth_bits != 8, "tracker": config.tracker != "none"}
    given["comparisons"] = config.comparisons is not None
    for flag, is_given in given.items():
        if is_given:
            raise BadInput(f"--{flag} says nothing to a minutiae matcher; leave it out with --matcher {name}")
    if config.threads:
        torch.set_num_threads(config.threads)
    return name


def _protocol(config: "Evaluate", store: PrintStore) -> str:
    known = (RECONSTRUCTION, *PROTOCOLS)
    protocol = config.protocols
    if protocol == "auto":
        judges_reconstructions = config.run is not None or config.codec != "none"
        protocol = RECONSTRUCTION if judges_reconstructions else next(iter(protocols_of(store)), "fvc")
    if protocol not in known:
        raise BadInput(f"--protocol {protocol} is none that --matcher takes; give one of {', '.join(known)}")
    return protocol


def _out(config: "Evaluate", name: str, protocol: str) -> Path:
    """The JSON's path. Raises BadInput where neither a run nor --out says where, or --out would spoil a run's file."""
    if config.run is not None:
        check_run(config)
        if not is_model(config.run) and not (config.run / "config.yaml").is_file():
            raise BadInput(f"--run {config.run} is no run folder: give the folder of a train-autoencoder run")
    if config.out is None:
        if config.run is None:
            raise BadInput("--out is missing: name a JSON file for the figures, or give --run")
        folder = config.run if config.split == "val" else config.run / f"evaluation-{config.split}"
        return folder / f"minutiae-{name}-{protocol}.json"
    out = config.out
    if not out.name or out.is_dir():
        raise BadInput(f"--out {out} is a folder; give a file, such as minutiae.json")
    if out.suffix != ".json":
        raise BadInput(f"--out {out} must end in .json, since other files lie beside it")
    if (out.parent / "config.yaml").is_file() and not out.name.startswith("minutiae-"):
        raise BadInput(f"--out {out} lies in a run's folder; call it minutiae-SOMETHING.json there")
    return out


def _decoded_maker(run: Path) -> ReconstructionMaker:
    """A function from prints to what the run's autoencoder decodes of them, and what the JSON says of it.

    Of a model with a codec these are decoded from real bytes: `bytes` is then the mean of `.ridge` files of one print
    each, and `payload_bytes` what of them is the latent vector alone.
    """
    saved = _whole(run)
    spec = saved.spec
    about = {"run": run.resolve().name, "view": spec.view, "latent_dim": spec.latent_dim}
    about |= {"backbone": spec.backbone, "distortion": spec.distortion}

    def made(prints: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        if saved.codec:
            coded = through_bytes(saved, prints)
            sizes = {"bytes": float(coded.file_bytes.mean()), "payload_bytes": float(coded.payload_bytes.mean())}
            return coded.grey, about | sizes
        x_hat = own_pixels(spec.window, reconstruct(saved.net, windows(prints, spec)))
        return np.rint(x_hat.clip(0, 1) * 255).astype(np.uint8), about

    return made


def _whole(run: Path) -> SavedAutoencoder:
    """The run's autoencoder. Raises BadInput where it sees less than a whole print."""
    is_matcher = not is_model(run) and RunFolder(run).read_config().get("verb") == "train-matcher"
    saved = load_matcher_run(run).autoencoder if is_matcher else load_autoencoder(run)
    if saved.spec.view != "whole":
        raise BadInput(
            f"{run} was trained on {saved.spec.view}; a minutiae matcher needs whole prints: train with --view whole"
        )
    return saved


def _write(out: Path, what: str, columns: dict[str, Any]) -> None:
    with whole_file(out.with_name(f"{out.stem}-{what}.parquet")) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")
