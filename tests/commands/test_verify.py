"""`ridgecode verify` says what `evaluate` would: the same score, the stored threshold, the decision between them."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ridgecode.commands.cli import main
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.saved_matcher import load_matcher, save_matcher
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.prints.store import PrintStore

Refused = Callable[..., str]
MATED = ("Altered/Altered-Hard/3__M_Left_index_finger_CR", "Real/3__M_Left_index_finger")
NON_MATED = ("Altered/Altered-Easy/3__M_Left_index_finger_Obl", "Real/7__M_Right_index_finger")


@pytest.fixture
def images(matching_store: Path) -> Path:
    return matching_store.parent / "images"


@pytest.fixture
def own_run(matcher_run: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(matcher_run, tmp_path / "own"))


def verified(run: Path, images: Path, pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Each fact's name and its text."""
    capsys.readouterr()
    assert main(["verify", str(run), *(str(images / f"{name}.BMP") for name in pair)]) == 0
    return dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


def with_threshold(run: Path, threshold: float) -> None:
    matcher = load_matcher(run / "model.safetensors")
    save_matcher(run / "model.safetensors", matcher.head, replace(matcher.facts, threshold=threshold))


@pytest.mark.parametrize("mated", [True, False])
def test_the_score_is_evaluates(
    matcher_run: Path, matching_store: Path, images: Path, capsys: pytest.CaptureFixture[str], mated: bool
) -> None:
    store = PrintStore.open(matching_store)
    listed = comparison_list(store, "val", "aligned")
    scores = ScoredList.of(store, listed).scores(Matcher.load(matcher_run).system)
    for row in np.flatnonzero(listed.mated == mated)[::30]:
        found = verified(matcher_run, images, (listed.probe[row], listed.reference[row]), capsys)
        assert float(found["score"]) == pytest.approx(scores[row], abs=1e-5)


def test_facts(matcher_run: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = load_matcher(matcher_run / "model.safetensors").facts
    found = verified(matcher_run, images, MATED, capsys)
    assert list(found) == ["score", "threshold", "FMR", "decision"]
    assert float(found["threshold"]) == pytest.approx(facts.threshold, abs=1e-6)
    assert float(found["FMR"].split()[0]) == pytest.approx(100 * facts.fmr, rel=1e-3)
    assert "moved" in found["FMR"]
    same = verified(matcher_run, images, (MATED[1], MATED[1]), capsys)
    assert float(same["score"]) == pytest.approx(1, abs=1e-5)  # the cosine of a print with itself
    assert same["decision"] == "match"


def test_the_decision_flips_at_the_threshold(own_run: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system = Matcher.load(own_run).system
    for pair in (MATED, NON_MATED):
        framed = [np.asarray(Image.open(images / f"{name}.BMP"))[2:-4, 2:-4][None].copy() for name in pair]
        vectors = [system.vectors(one) for one in framed]
        score = float(system.scores(vectors[0], vectors[1], np.zeros(1, np.int64), np.zeros(1, np.int64))[0])
        for threshold, decision in ((score, "match"), (math.nextafter(score, math.inf), "no match")):
            with_threshold(own_run, threshold)
            assert verified(own_run, images, pair, capsys)["decision"] == decision


def test_the_run_is_all_one_needs(
    matcher_run: Path,
    images: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    autoencoder_run: Path,
) -> None:
    """Moved to another place, with no autoencoder run beside it."""
    expected = verified(matcher_run, images, MATED, capsys)
    moved = Path(shutil.copytree(matcher_run, tmp_path / "elsewhere" / "run"))
    autoencoder_run.rename(autoencoder_run.with_name("away"))
    try:
        assert verified(moved, images, MATED, capsys) == expected
    finally:
        autoencoder_run.with_name("away").rename(autoencoder_run)


def test_images_that_cannot_be_used(matcher_run: Path, images: Path, tmp_path: Path, refused: Refused) -> None:
    good = images / f"{MATED[1]}.BMP"
    content = good.read_bytes()
    bad = tmp_path / "bad.BMP"
    for broken in (content[: len(content) // 2], content[:20], b"", b"a text, not an image"):
        bad.write_bytes(broken)
        assert "bad.BMP" in refused("verify", matcher_run, bad, good)
        assert "bad.BMP" in refused("verify", matcher_run, good, bad)
    Image.new("L", (50, 60)).save(bad)
    assert "50 x 60" in refused("verify", matcher_run, bad, good)
    assert "none.BMP" in refused("verify", matcher_run, tmp_path / "none.BMP", good)
    refused("verify", matcher_run, tmp_path, good)  # a folder


def test_runs_that_cannot_be_used(
    own_run: Path, autoencoder_run: Path, images: Path, tmp_path: Path, refused: Refused
) -> None:
    pair = [images / f"{name}.BMP" for name in MATED]
    assert "no matcher" in refused("verify", autoencoder_run, *pair)
    assert "nowhere" in refused("verify", tmp_path / "nowhere", *pair)
    file = own_run / "autoencoder.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "not the autoencoder" in refused("verify", own_run, *pair)
    file.unlink()
    assert "autoencoder.safetensors" in refused("verify", own_run, *pair)
    file.write_bytes(whole)
    model = own_run / "model.safetensors"
    model.write_bytes(model.read_bytes()[:-4])
    assert "model.safetensors" in refused("verify", own_run, *pair)
    model.unlink()
    assert "no trained matcher yet" in refused("verify", own_run, *pair)


def test_json_for_programs(matcher_run: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = verified(matcher_run, images, MATED, capsys)
    assert main(["verify", str(matcher_run), *(str(images / f"{name}.BMP") for name in MATED), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = {"n_mated", "n_non_mated", "n_subjects", "fmr_high"}
    assert found.keys() == {"score", "threshold", "fmr", "decision", "protocol", *counts}
    assert found["decision"] == lines["decision"] == ("match" if found["score"] >= found["threshold"] else "no match")
    assert found["score"] == pytest.approx(float(lines["score"]), abs=1e-6)
    facts = load_matcher(matcher_run / "model.safetensors").facts
    assert (found["threshold"], found["fmr"], found["protocol"]) == (facts.threshold, facts.fmr, "moved")
    # Two validation subjects, and no false match: the exact interval of 0 errors in 2 trials.
    assert (found["n_mated"], found["n_non_mated"], found["n_subjects"], found["fmr"]) == (36, 72, 2, 0)
    assert found["fmr_high"] == pytest.approx(1 - 0.025**0.5)


def with_facts(run: Path, **changed: Any) -> None:
    matcher = load_matcher(run / "model.safetensors")
    save_matcher(run / "model.safetensors", matcher.head, replace(matcher.facts, **changed))


def test_the_fmr_stands_beside_what_it_rests_on(
    own_run: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = "; to show an FMR of 0.1 % takes 3,000 comparisons"
    listed = "72 non-mated validation comparisons (moved) of 2 subjects reach the threshold"
    assert verified(own_run, images, MATED, capsys)["FMR"] == f"0 of {listed}: at most 84 % at 95 % confidence{few}"
    with_facts(own_run, fmr=0.0005, counts=ThresholdCounts(900, 400_000, 80, 0.00071))
    found = verified(own_run, images, MATED, capsys)["FMR"]
    assert found == (
        "0.05 %: 200 of 400,000 non-mated validation comparisons (moved) of 80 subjects reach the threshold: at most "
        "0.071 % at 95 % confidence"
    )


def test_a_run_of_an_older_version(own_run: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its model's file has no counts: they are those of the run's list or figures, or are said to be missing."""
    expected = verified(own_run, images, MATED, capsys)["FMR"]
    with_facts(own_run, counts=UNKNOWN)
    lists, figures = own_run / "comparisons", own_run / "evaluation.json"
    for path in (lists, figures):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    unknown = (
        "0 of the non-mated validation comparisons (moved) reach the threshold; how many these were is not recorded"
    )
    assert verified(own_run, images, MATED, capsys)["FMR"] == unknown
    row = {"system": "head", "protocol": "moved", "level": "all", "alteration": "all"}
    figures.write_text(json.dumps({"matching": [{**row, "n_mated": 36, "n_non_mated": 72, "n_subjects": 2}]}))
    assert verified(own_run, images, MATED, capsys)["FMR"] == expected
    figures.write_text("{}")
    store = PrintStore.open(images.parent / "store")
    comparison_list(store, "val", "moved").save(lists / "moved_val.parquet")
    assert verified(own_run, images, MATED, capsys)["FMR"] == expected


def test_a_print_that_fails_to_enrol(own_run: Path, images: Path, tmp_path: Path, refused: Refused) -> None:
    with_facts(own_run, least_quality=1.0)
    good, blank = images / f"{MATED[1]}.BMP", tmp_path / "blank.BMP"
    Image.new("L", (96, 103), 255).save(blank)
    for pair in ((blank, good), (good, blank)):
        for flags in ((), ("--json",)):
            said = refused("verify", own_run, *pair, *flags)
            assert "blank.BMP: no ridges were found" in said and "fails to enrol" in said
