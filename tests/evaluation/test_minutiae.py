"""`ridgecode evaluate-minutiae` against the matcher's own calls and slow counts, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.commands.cli import main
from ridgecode.evaluation import minutiae_work
from ridgecode.evaluation.minutiae import write_minutiae
from ridgecode.evaluation.minutiae_figures import tar_rows
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.minutiae.agreement import agreement
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.store import PrintStore
from support.several_sets import pairs_of_sets

Refused = Callable[..., str]


def flags(store: Path, **given: object) -> list[str]:
    return ["evaluate-minutiae", *(f"--{name}={value}" for name, value in {"data": store, "jobs": 1, **given}.items())]


def image(store: PrintStore, name: str) -> np.ndarray:
    return store.image(store.column("name").tolist().index(name))


def slow_tar(scores: np.ndarray, mated: np.ndarray, fmr: float) -> float:
    """The largest share of mated scores that a threshold takes with at most `fmr` of the others, by trying all."""
    taken = [(np.mean(scores[~mated] >= t), np.mean(scores[mated] >= t)) for t in [*scores, np.inf]]
    return float(max(tar for found, tar in taken if found <= fmr))


def repeated(mated: np.ndarray, times: int) -> Comparisons:
    """A list of as many comparisons of two subjects, in turns."""
    names, n = np.array(["a", "b"], dtype=object), times * len(mated)
    levels, rows = np.array(["Real", "Real"], dtype=object), np.arange(n) % 2
    none = np.array(["", ""], dtype=object)
    return Comparisons("aligned", names, names, levels, none, names, names, rows, 1 - rows, np.tile(mated, times))


@pytest.fixture(scope="module")
def aligned(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("originals") / "figures.json"
    given = {"matcher": "orb", "protocol": "aligned", "levels": "Easy", "max_prints": 4, "out": out}
    assert main(flags(matching_store, **given)) == 0
    return out


@pytest.fixture(scope="module")
def run(autoencoder_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run that may be written to."""
    copy = tmp_path_factory.mktemp("compared") / "run"
    copy.mkdir()
    for name in ("config.yaml", "environment.json", "model.safetensors", "metrics.jsonl"):
        if (autoencoder_run / name).is_file():
            (copy / name).write_bytes((autoencoder_run / name).read_bytes())
    return copy


@pytest.fixture(scope="module")
def reconstructed(run: Path, matching_store: Path) -> dict[str, Any]:
    assert main(flags(matching_store, matcher="orb", protocols="reconstruction", run=run)) == 0
    return dict(json.loads((run / "minutiae-orb-reconstruction.json").read_text()))


def test_scores_on_originals_are_the_matchers_own(aligned: Path, matching_store: Path) -> None:
    store, orb = PrintStore.open(matching_store), Orb()
    pairs = pq.read_table(aligned.with_name("figures-comparisons.parquet")).to_pydict()
    found = json.loads(aligned.read_text())
    # 2 validation subjects of 2 fingers each, 3 Easy alterations a finger, 2 fingers of the other subject.
    assert (found["matching"][0]["n_mated"], found["matching"][0]["n_non_mated"]) == (12, 24)
    for i in range(0, 36, 5):
        probe, reference = (orb.extract(image(store, pairs[side][i])) for side in ("probe", "reference"))
        assert pairs["score"][i] == orb.compare(probe, reference)
        assert "Easy" in pairs["probe"][i] and "Real" in pairs["reference"][i]
    scores, mated = np.array(pairs["score"]), np.array(pairs["mated"])
    for key in ("tar_at_fmr_1", "tar_at_fmr_0_1"):
        # 24 non-mated comparisons show no such FMR.
        assert {found["matching"][0][f"{key}{end}"] for end in ("", "_low", "_high")} == {None}
    (row,) = tar_rows(np.tile(scores, 150), repeated(mated, 150), "orb", 9)[:1]
    for key, fmr in (("tar_at_fmr_1", 0.01), ("tar_at_fmr_0_1", 0.001)):
        assert row[key] == pytest.approx(slow_tar(scores, mated, fmr))
        assert 0 <= row[f"{key}_low"] <= row[key] <= row[f"{key}_high"] <= 1
        assert row[f"{key}_low"] < row[f"{key}_high"]
    assert found["self"]["lowest"] == found["self"]["mean"] == pytest.approx(1)
    assert found["self"]["accepted"] == 1
    assert found["levels"] == ["Easy"]


def test_agreement_is_that_of_the_prints(aligned: Path, matching_store: Path) -> None:
    store, orb = PrintStore.open(matching_store), Orb()
    rows = pq.read_table(aligned.with_name("figures-prints.parquet")).to_pydict()
    found = json.loads(aligned.read_text())["agreement"]
    for i in (0, 7):
        agreed = agreement(orb.extract(image(store, rows["probe"][i])), orb.extract(image(store, rows["reference"][i])))
        assert (rows["matched"][i], rows["found"][i], rows["true"][i]) == (agreed.matched, agreed.found, agreed.true)
        assert (rows["precision"][i], rows["recall"][i], rows["f1"][i]) == agreed[:3]
    assert found["n"] == 12
    for rate in ("precision", "recall", "f1"):
        assert found[rate] == pytest.approx(np.mean(rows[rate]))
        assert found[f"{rate}_low"] <= found[rate] <= found[f"{rate}_high"]


def test_a_finished_evaluation_extracts_nothing_again(
    aligned: Path, matching_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("everything is kept")

    before = aligned.read_bytes()
    monkeypatch.setattr(minutiae_work, "_extract", never)
    monkeypatch.setattr(minutiae_work, "_compare", never)
    given = {"matcher": "orb", "protocol": "aligned", "levels": "Easy", "max_prints": 4, "out": aligned}
    assert main(flags(matching_store, **given)) == 0
    assert aligned.read_bytes() == before


def test_a_stopped_evaluation_goes_on_and_several_processes_change_nothing(
    aligned: Path, matching_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract, done = minutiae_work._extract, []

    def stopped(*task: Any) -> None:
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(task)
        extract(*task)

    given = {
        "matcher": "orb",
        "protocol": "aligned",
        "levels": "Easy",
        "max_prints": 4,
        "out": tmp_path / "figures.json",
    }
    with monkeypatch.context() as patch:
        patch.setattr(minutiae_work, "_extract", stopped)
        assert main(flags(matching_store, **given)) == 130
    kept = sorted((tmp_path / "minutiae-templates").glob("*.npz"))
    assert len(kept) == 5
    times = [file.stat().st_mtime_ns for file in kept]
    assert main(flags(matching_store, **given | {"jobs": 2})) == 0
    assert [file.stat().st_mtime_ns for file in kept] == times
    assert (tmp_path / "figures.json").read_bytes() == aligned.read_bytes()


def test_moved_probes_are_moved_and_have_no_agreement(matching_store: Path, tmp_path: Path) -> None:
    given = {"matcher": "orb", "protocols": "moved", "levels": "Hard", "max_prints": 4, "out": tmp_path / "a.json"}
    assert main(flags(matching_store, **given)) == 0
    assert json.loads((tmp_path / "a.json").read_text())["agreement"] is None
    store, orb = PrintStore.open(matching_store), Orb()
    pairs = pq.read_table(tmp_path / "a-comparisons.parquet").to_pydict()
    name = pairs["probe"][3]
    moved = move(image(store, name)[None], movements_for(np.array([name])))[0]
    assert pairs["score"][3] == orb.compare(orb.extract(moved), orb.extract(image(store, pairs["reference"][3])))


def test_reconstructions_are_compared_with_originals(
    reconstructed: dict[str, Any], run: Path, matching_store: Path
) -> None:
    store, orb, saved = PrintStore.open(matching_store), Orb(), load_autoencoder(run)
    codec = latent_codec(saved)  # what the bytes decode to is compared
    pairs = pq.read_table(run / "minutiae-orb-reconstruction-comparisons.parquet").to_pydict()
    assert len(pairs["score"]) == 4 + 8
    for i in (0, 3, 6, 11):
        assert pairs["mated"][i] == (pairs["probe"][i] == pairs["reference"][i])
        prints = image(store, pairs["probe"][i])[None]
        window = torch.from_numpy(saved.spec.window.take(prints))[:, None].float() / 255
        with torch.no_grad():
            drawn = saved.net.decode(codec.decode(codec.encode(saved.net.encode(window))))[0, 0].numpy()
        x_hat = np.pad(drawn[:, 3:93], ((1, 0), (0, 0)), mode="edge")  # the window lacks the print's first row
        probe = orb.extract(np.rint(x_hat.clip(0, 1) * 255).astype(np.uint8))
        assert pairs["score"][i] == orb.compare(probe, orb.extract(image(store, pairs["reference"][i])))
    row = reconstructed["matching"][0]
    assert (row["protocol"], row["n_mated"], row["n_non_mated"]) == ("reconstruction", 4, 8)
    assert (reconstructed["latent_dim"], reconstructed["view"]) == (12, "whole")
    assert reconstructed["agreement"]["n"] == 4


def test_figures_and_scores_of_several_sets(tmp_path: Path) -> None:
    listed = pairs_of_sets({"A": 12, "B": 13, "alone": 1})
    scores = np.random.default_rng(0).normal(size=len(listed)) + 2 * listed.mated
    (row,) = tar_rows(scores, listed, "orb", 9)
    # The set "alone" has one finger, so no non-mated comparison.
    assert row["n_sets"] == 3 and list(row["per_set"]) == ["A", "B"]
    for name, found in row["per_set"].items():
        here = listed.set == name
        assert (found["n_mated"], found["n_non_mated"]) == (listed.mated[here].sum(), (~listed.mated[here]).sum())
        assert found["tar_at_fmr_1"] == pytest.approx(slow_tar(scores[here], listed.mated[here], 0.01))
        assert 1 - found["fnmr_at_fmr_1"] == found["tar_at_fmr_1"] and found["tar_at_fmr_0_1"] is None
    write_minutiae(tmp_path / "a.json", row, {}, listed, scores)
    pairs = pq.read_table(tmp_path / "a-comparisons.parquet").to_pydict()
    assert pairs["score"] == scores.tolist()
    assert pairs["set"] == [name.rpartition("/")[0] for name in pairs["probe"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"protocol": "aligned"}, "--matcher is missing"),
        ({"matcher": "orb", "protocol": "nothing"}, "--protocol nothing"),
        ({"matcher": "orb", "protocol": "aligned,moved"}, "give one of"),
        ({"matcher": "orb", "levels": "Real", "protocol": "aligned"}, "--levels Real"),
        ({"matcher": "orb", "levels": "Easy"}, "--levels is for altered probes"),
        ({"matcher": "orb", "max_prints": 1}, "--max_prints is 1"),
        ({"matcher": "orb", "jobs": -1}, "--jobs is -1"),
        ({"matcher": "orb", "depth_bits": 4}, "--depth_bits is no flag of this verb"),
        ({"matcher": "orb", "tracker": "wandb"}, "--tracker is no flag of this verb"),
        ({"matcher": "bozorth4"}, "--matcher takes one of"),
    ],
)
def test_what_can_not_be_carried_out_is_refused(
    run: Path, matching_store: Path, refused: Refused, given: dict[str, object], said: str
) -> None:
    assert said in refused(*flags(matching_store, **{"run": run, "jobs": 0} | given))


def test_without_a_run_it_needs_out_and_originals(matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    assert "--run is missing" in refused("evaluate", f"--data={matching_store}")
    assert "--out is missing" in refused(*flags(matching_store, matcher="orb"))
    out = tmp_path / "a.json"
    assert "--run is missing" in refused(*flags(matching_store, matcher="orb", protocol="reconstruction", out=out))
    assert "must end in .json" in refused(*flags(matching_store, matcher="orb", out=tmp_path / "a"))
    assert "is a folder" in refused(*flags(matching_store, matcher="orb", out=tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_run_on_crops_is_refused(matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    trained = ["--backbone=pca", "--view=crop32", "--latent_dim=4", "--train_crops=centre", "--evaluate=False"]
    where = [f"--data={matching_store}", f"--run_dir={tmp_path / 'crops'}", "--tracker=none", "--threads=1"]
    assert main(["train-autoencoder", *trained, *where, "--device=cpu"]) == 0
    said = refused(*flags(matching_store, matcher="orb", run=tmp_path / "crops"))
    assert "was trained on crop32; a minutiae matcher needs whole prints: train with --view whole" in said


def test_bozorth3_without_its_package_is_refused(
    matching_store: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("ridgecode.matching.minutiae.bozorth3.import_module", missing)
    given = {"matcher": "bozorth3", "out": tmp_path / "a.json"}
    assert "pip install 'ridgecode[minutiae]'" in refused(*flags(matching_store, **given))


def test_the_report_shows_them(reconstructed: dict[str, Any], run: Path, tmp_path: Path, refused: Refused) -> None:
    assert main(["report", str(run), "--out", str(tmp_path / "report"), "--tracker=none"]) == 0
    text = (tmp_path / "report" / "report.md").read_text()
    part = text[text.index("## Minutiae") :]
    assert "| orb | reconstruction |" in part
    row = reconstructed["matching"][0]
    assert f"{row['n_mated']} / {row['n_non_mated']}" in part and row["tar_at_fmr_0_1"] is None
    assert f"{reconstructed['agreement']['f1']:.3f}" in part
    (run / "minutiae-broken.json").write_text("{}")
    try:
        assert "minutiae-broken.json" in refused("report", run, "--out", tmp_path / "other", "--tracker=none")
    finally:
        (run / "minutiae-broken.json").unlink()
