"""`ridgecode calibrate`: a matcher's threshold, chosen on a person's own prints."""

import json
import sys
from pathlib import Path

import numpy as np

from ridgecode.commands.settings.calibrate import Calibrate
from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import DecisionThreshold, decision_threshold
from ridgecode.matching.error_rates import shows_fmr
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.rate_text import compared_text, percent
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.shipped.calibration import RUN_CALIBRATION, Calibration, is_calibration
from ridgecode.matching.shipped.names import is_shipped
from ridgecode.matching.siamese.scoring import siamese_system
from ridgecode.matching.systems import MatchingSystem, protocols_of
from ridgecode.matching.templates.enrolment import enrolment_counts
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore, read_about
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.run_folder import RunFolder


def calibrate(settings: Calibrate) -> None:
    """Writes the calibration, and prints the threshold and what it rests on.

    Raises BadInput for a matcher or a store that can't be used, and where the comparisons are fewer than 1 / fmr.
    """
    if not 0 < settings.fmr < 1:
        raise BadInput(f"--fmr is {settings.fmr:g}; give a share between 0 and 1, such as 0.001 for 0.1 %")
    out = _out(settings)
    use_threads(settings.threads)
    matcher, store = Matcher.load(settings.run), PrintStore.open(settings.data).at_ppi(CANONICAL_PPI)
    _check_not_trained_on(settings, store)
    listed, system, n_failed = _list(store, matcher, settings.split)
    n_non_mated = int((~listed.comparisons.mated).sum())
    if n_non_mated * settings.fmr < 1:
        raise BadInput(
            f"--data {settings.data} has {n_non_mated:,} non-mated comparisons, by which no threshold for an FMR of "
            f"{100 * settings.fmr:g} % can be chosen; prepare prints of more fingers, or give --fmr "
            f"{3 / n_non_mated:.1g} or more"
        )
    chosen = decision_threshold(listed.scores(system), listed.comparisons, settings.fmr)
    found = Calibration(
        matcher=_named(settings.run, out),
        sha256=matcher.sha256,
        threshold=chosen.threshold,
        fmr=chosen.fmr,
        wanted_fmr=settings.fmr,
        protocol=listed.comparisons.protocol,
        counts=chosen.counts,
        n_failed_to_enrol=n_failed,
        source=store.source,
        ppi=float(read_about(store.path)["request"].get("ppi") or 0),
        data_digest=store.digest,
    )
    found.write(out)
    if settings.json:
        print(json.dumps(json.loads(out.read_text(encoding="utf-8")) | {"out": str(out)}))
        return
    _print(settings, chosen, found, out)


def _print(settings: Calibrate, chosen: DecisionThreshold, found: Calibration, out: Path) -> None:
    n_mated, n_non_mated, n_subjects, high = chosen.counts
    assert n_non_mated is not None
    wrong = round(chosen.fmr * n_non_mated)
    print(f"threshold  {chosen.threshold:.6f} (for an FMR of {100 * settings.fmr:g} %)")
    share = f"{percent(chosen.fmr)} %: " if wrong else ""
    most = "" if high is None else f": at most {100 * high:.2g} % at 95 % confidence"
    print(f"rests on   {compared_text(n_mated, n_non_mated, n_subjects)} ({found.protocol})")
    print(f"FMR        {share}{wrong:,} of {n_non_mated:,} non-mated comparisons reach the threshold{most}")
    if found.n_failed_to_enrol:
        print(f"left out   {found.n_failed_to_enrol:,} prints that fail to enrol")
    where = settings.run if out.name == RUN_CALIBRATION and out.parent == settings.run else out
    print(f"the calibration lies in {out}; `ridgecode verify --run {where} A.png B.png` compares with it")
    if not shows_fmr(n_non_mated, settings.fmr):
        print(
            f"ridgecode: {n_non_mated:,} non-mated comparisons can't show an FMR of {100 * settings.fmr:g} %, which "
            f"takes {3 / settings.fmr:,.0f}: prepare prints of more fingers, or give a higher --fmr",
            file=sys.stderr,
        )


def _out(settings: Calibrate) -> Path:
    """Where the calibration goes. Raises BadInput for a folder, for a matcher that is a calibration already, and for a
    name that another file has."""
    run = settings.run
    if run.is_file() and is_calibration(run):
        raise BadInput(f"--run {run} is a calibration; give the run or the name of its matcher")
    out = settings.out or (run / RUN_CALIBRATION if run.is_dir() else Path(f"{run.stem}-{RUN_CALIBRATION}"))
    if out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file, such as {out / RUN_CALIBRATION}")
    if out.is_file() and not is_calibration(out):
        raise BadInput(f"--out {out} is a file that is no calibration; give another --out")
    return out


def _named(run: Path, out: Path) -> str:
    """The matcher as the calibration names it."""
    if is_shipped(run):
        return str(run)
    return "." if run.is_dir() and out.resolve().parent == run.resolve() else str(run.resolve())


def _check_not_trained_on(settings: Calibrate, store: PrintStore) -> None:
    """Raises BadInput where the prints are those that the run was trained on, whose scores are too good."""
    if not settings.run.is_dir() or settings.split not in ("all", "train"):
        return
    seen = RunFolder(settings.run).read_environment()
    if store.digest in (seen.get("data_digest"), *seen.get("store_digests", ())):
        raise BadInput(
            f"--run {settings.run} was trained on --data {settings.data}, whose train subjects it tells apart too "
            "well; add --split val"
        )


def _list(store: PrintStore, matcher: Matcher, split: str) -> tuple[ScoredList, MatchingSystem, int]:
    """The comparisons of prints that enrol, the system that scores them, and how many prints fail to enrol."""
    known, network = protocols_of(store), matcher.network
    protocol = "moved" if "moved" in known else f"{known[0]}-all" if known else "impressions-all"
    comparisons = comparison_list(store, split, protocol)
    system = matcher.system
    if network is not None and not store.one_size:
        # Prints of several sizes come as the network's own images; other matchers take them at the canonical size.
        store, system = store.fitted(network.spec.fit), siamese_system(network, fitted=True)
    of = ScoredList.of(store, comparisons)
    enrolled = of.enrolled(system.enrolment)
    if enrolled is None:
        return of, system, 0
    everything = np.ones(len(comparisons), bool)
    return of.enrolled_only(system.enrolment), system, enrolment_counts(comparisons, enrolled, everything)[1]
