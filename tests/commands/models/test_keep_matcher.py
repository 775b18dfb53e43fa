"""Runs of matchers that are kept: small files that compute the same, cards from evaluations, and names in all verbs."""

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from ridgecode import Matcher, PrintStore
from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.commands.cli import main
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.saved_matcher import MatcherFacts, save_matcher, sha256_of
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.shipped.card import read_matcher_card
from ridgecode.matching.shipped.card_page import matcher_page
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE
from ridgecode.matching.siamese.scoring import siamese_system
from support.fake_matchers import fake_run
from support.shipped_matchers import fake_ridge_run, sensor_store

Refused = Callable[..., str]
Said = Callable[..., str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `store`, `images/OWN`, an evaluated run `run` and `shipped/ridge-match.safetensors`."""
    folder = tmp_path_factory.mktemp("shipped")
    store = sensor_store(folder)
    run = fake_ridge_run(folder / "run", store)
    protocols = "--protocols=impressions,impressions-all"
    assert main(["evaluate", f"--run={run}", f"--data={store}", protocols, "--threads=1"]) == 0
    keep = ["models", "keep", str(run), "--name=ridge-match", f"--data={store}", f"--out={folder / 'shipped'}"]
    assert main(keep) == 0
    return folder


@pytest.fixture(autouse=True)
def shipped(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("ridgecode.matching.shipped.names.SHIPPED", place / "shipped")
    yield place / "shipped" / "ridge-match.safetensors"


def test_the_file_is_small_and_computes_the_same(place: Path, shipped: Path) -> None:
    assert shipped.stat().st_size < 5_000_000
    assert shipped.stat().st_size < 0.3 * (place / "run" / "model.safetensors").stat().st_size
    store = PrintStore.open(place / "store")
    one = store.image(0)
    full, small = (Matcher.load(of) for of in (place / "run", "ridge-match"))
    assert (full.threshold, full.fmr, full.counts) == (small.threshold, small.fmr, small.counts)
    assert small.sha256 != full.sha256 and small.name == "ridge-match"
    assert full.templates(one).quality == small.templates(one).quality
    vectors = [of.system.vectors(one[None]).astype(float).ravel() for of in (full, small)]
    assert vectors[0] @ vectors[1] / np.prod([np.linalg.norm(v) for v in vectors]) > 0.99
    with safe_open(shipped, framework="pt") as content:
        weight = content.get_tensor("branch.0.weight") if "branch.0.weight" in content.keys() else None  # noqa: SIM118
    assert weight is None or not weight.is_floating_point()


def test_the_card(place: Path, shipped: Path, said: Said) -> None:
    card = read_matcher_card(shipped)
    page = shipped.with_suffix(".md").read_text(encoding="utf-8")
    assert page == matcher_page(card) == said("show", "ridge-match") == said("show", shipped)
    evaluated = json.loads((place / "run" / "evaluation.json").read_text())
    rows = {row["protocol"]: row for row in evaluated["matching"] if row["system"] == "ridge (ours)"}
    assert [one.protocol for one in card.figures] == ["impressions", "impressions-all"]
    for one in card.figures:
        row = rows[one.protocol]
        assert (one.data, one.split, one.eer, one.n_non_mated) == ("OWN", "val", row["eer"], row["n_non_mated"])
    assert card.weights.least_cosine > 0.999
    assert card.trained_on == ("OWN",)
    assert {(one.fmr, one.threshold is None) for one in card.thresholds if one.n_non_mated < 300} >= {(0.0001, True)}
    assert card.template_bytes == 64 and card.seconds == 61.0 and card.seed == 3
    wanted = "ridgecode train-siamese --data=store --max_steps=20 --system=ridge --run_dir=run"
    assert card.command == wanted
    assert str(place) not in page and "OWN: those of whoever owns the prints" in page
    table = said("list").splitlines()
    assert table[-2].split()[:2] == ["matcher", "reads"]
    assert table[-1].split()[:3] == ["ridge-match", "images", "64"]


def test_an_evaluation_has_rows_of_its_name(place: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "x.json"
    of = ["evaluate", "--run=ridge-match", f"--data={place / 'store'}", "--split=all", "--protocols=impressions-all"]
    assert main([*of, f"--out={out}", "--threads=1"]) == 0
    rows = [row for row in json.loads(out.read_text())["matching"] if row["system"] == "ridge-match"]
    assert [(row["protocol"], row["n_mated"]) for row in rows] == [("impressions-all", 30)]
    assert "--out is missing: ridge-match is a model" in refused(*of)
    assert "(did you mean ridge-match?)" in refused("evaluate", "--run=ridge-mach", f"--data={place / 'store'}")


def test_verify_and_evaluate_agree_on_prints_of_several_sizes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, matcher = PrintStore.open(place / "store"), Matcher.load("ridge-match")
    assert not store.one_size and matcher.network is not None
    fitted = store.fitted(matcher.network.spec.fit)
    listed = ScoredList.of(fitted, comparison_list(store, "all", "impressions"))
    scores = listed.scores(siamese_system(matcher.network, fitted=True))
    for row in (0, len(scores) - 1):
        pair = (listed.comparisons.probe[row], listed.comparisons.reference[row])
        files = [str(place / "images" / "OWN" / f"{name.split('/')[-1]}.png") for name in pair]
        capsys.readouterr()
        assert main(["verify", *files, "--ppi=500", "--json"]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        assert json.loads(said.out)["score"] == pytest.approx(float(scores[row]), abs=1e-6)
        capsys.readouterr()
        assert main(["verify", str(place / "run"), *files]) == 0  # the older form, of a run


def test_verify_estimates_the_scale(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(place / "images" / "OWN" / f"101_{i}.png") for i in (1, 2)]
    assert main(["verify", *files]) == 0
    said = capsys.readouterr()
    assert said.err.count("were estimated from the distance of its ridges") == 2
    assert said.out.splitlines()[0].startswith("score")


def test_verify_refuses(place: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    good = place / "images" / "OWN" / "101_1.png"
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 300), 255).save(blank)
    assert "fails to enrol" in refused("verify", good, blank, "--ppi=500")
    assert "fails to enrol" in refused("verify", blank, good)
    assert "1 image given behind the matcher" in refused("verify", place / "run", good)
    assert "1 image given; give two" in refused("verify", good)
    assert "both name a matcher" in refused("verify", "ridge-match", good, good, f"--run={place / 'run'}")
    assert "(did you mean ridge-match?)" in refused("verify", "ridge-mach", good, good)
    monkeypatch.setattr("ridgecode.matching.shipped.names.SHIPPED", tmp_path)
    assert "comes without the matcher ridge-match" in refused("verify", good, good)


def test_calibrate(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
) -> None:
    monkeypatch.chdir(tmp_path)
    of = ["calibrate", "--run=ridge-match", f"--data={place / 'store'}"]
    assert main([*of, "--fmr=0.01"]) == 0
    said = capsys.readouterr()
    # The probes are of all fingers but one, whose prints are references alone.
    assert "30 mated and 1,740 non-mated comparisons of 29 subjects" in said.out and "at 95 % confidence" in said.out
    assert said.err == ""
    file = Path("ridge-match-calibration.json")
    calibrated, before = Matcher.load(file), Matcher.load("ridge-match")
    store = PrintStore.open(place / "store")
    listed = comparison_list(store, "all", "fvc-all")
    assert before.network is not None
    scored = ScoredList.of(store.fitted(before.network.spec.fit), listed)
    scores = scored.scores(siamese_system(before.network, fitted=True))[~listed.mated]
    next_lower = scores[scores < calibrated.threshold].max()
    assert (scores >= calibrated.threshold).mean() <= 0.01 < (scores >= next_lower).mean()
    images = [str(place / "images" / "OWN" / f"{name}.png") for name in ("101_1", "101_2")]
    assert main(["verify", "--run", str(file), *images, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["threshold"] == pytest.approx(calibrated.threshold)
    assert main(["verify", str(file), *images]) == 0
    assert "of your calibration" in capsys.readouterr().out

    assert main([*of, "--fmr=0.001"]) == 0  # 1,740 comparisons are too few to show it, and enough to choose by
    assert "can't show an FMR of 0.1 %, which takes 3,000" in capsys.readouterr().err
    assert "no threshold for an FMR of 0.01 %" in refused(*of, "--fmr=0.0001")
    assert "--fmr is 2" in refused(*of, "--fmr=2")
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"sha256": "0" * 64}))
    assert "calibration of another matcher" in refused("verify", file, *images)


def test_a_runs_calibration_lies_in_its_folder(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Path(shutil.copytree(place / "run", tmp_path / "run"))
    assert main(["calibrate", f"--run={run}", f"--data={place / 'store'}", "--fmr=0.02"]) == 0
    assert (run / "calibration.json").is_file()
    moved = run.rename(tmp_path / "moved")
    assert Matcher.load(moved).calibrated
    assert Matcher.load(moved).threshold != Matcher.load(place / "run").threshold


def test_onnx(place: Path, tmp_path: Path, said: Said) -> None:
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    assert "matcher.onnx" in said("export", "ridge-match", f"--out={tmp_path}")
    matcher, store = Matcher.load("ridge-match"), PrintStore.open(place / "store")
    assert matcher.network is not None
    frames = store.fitted(matcher.network.spec.fit).stack(np.arange(5))
    session = onnxruntime.InferenceSession(str(tmp_path / "matcher.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": (frames[:, None] / 255).astype(np.float32)})
    wanted = matcher.network.net.embed(matcher.network.spec.tensor(frames)).detach().numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_refusals(place: Path, tmp_path: Path, refused: Refused) -> None:
    run = Path(shutil.copytree(place / "run", tmp_path / "run"))
    keep = ("models", "keep", run, f"--out={tmp_path / 'out'}")
    assert "--data is missing" in refused(*keep, "--name=a")
    store = f"--data={place / 'store'}"
    (tmp_path / "x.json").write_text("{}")
    assert "x.json holds no figures of a matcher" in refused(
        *keep, "--name=a", store, f"--evaluations={tmp_path / 'x.json'}"
    )
    (run / "evaluation.json").unlink()
    assert "is not evaluated" in refused(*keep, "--name=a", store)
    assert "is no name for a model" in refused(*keep, "--name=A b", store)
    assert not (tmp_path / "out").exists()


def test_a_head_names_its_model(
    pretrained: Callable[..., Path],
    matching_store: Path,
    tmp_path: Path,
    said: Said,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file of a head holds no autoencoder, but which pretrained model it reads."""
    model = pretrained("ridge-whole-16", AutoencoderSpec("ridge", "whole", 16, "mse", blocks=1, width=8))
    run = fake_run(
        tmp_path / "head",
        {"verb": "train-head", "data": str(matching_store), "model": "ridge-whole-16", "run_dir": "head"},
        {"source": "socofing", "ppi": 0, "finished": True, "seconds": 5.0},
    )
    shutil.copyfile(model, run / AUTOENCODER_FILE)
    torch.manual_seed(0)
    facts = MatcherFacts("infonce", 0.5, 0.001, "moved", sha256_of(model))
    save_matcher(run / "model.safetensors", LatentHead(16, 256, 64), facts)
    common = (f"--data={matching_store}", "--protocols=aligned", "--threads=1")
    assert main(["evaluate", f"--run={run}", *common]) == 0
    monkeypatch.setattr("ridgecode.matching.shipped.names.SHIPPED", tmp_path / "shipped")
    out = f"--out={tmp_path / 'shipped'}"
    keep = ("keep", run, "--name=ridge-match-whole-16", f"--data={matching_store}", out)
    said(*keep)
    card = read_matcher_card(tmp_path / "shipped" / "ridge-match-whole-16.safetensors")
    assert card.reads == "ridge-whole-16" and card.trained_on == ("SOCOFing", "synthetic prints")
    assert said("list").splitlines()[-1].split()[:2] == ["ridge-match-whole-16", "ridge-whole-16"]

    prints = PrintStore.open(matching_store).prints("val")
    full, small = (Matcher.load(of) for of in (run, "ridge-match-whole-16"))
    assert small.autoencoder is not None and small.head is not None and small.system.name == "ridge-match-whole-16"
    np.testing.assert_array_equal(full.templates(prints).numbers, small.templates(prints).numbers)
    scores = [of.score(of.templates(prints), of.templates(prints)) for of in (full, small)]
    np.testing.assert_allclose(*scores, atol=0.002)
    assert main(["evaluate", "--run=ridge-match-whole-16", *common, f"--out={tmp_path / 'x.json'}"]) == 0
    systems = {row["system"] for row in json.loads((tmp_path / "x.json").read_text())["matching"]}
    assert {"ridge-match-whole-16", "cosine on z"} <= systems and "head" not in systems

    if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx"):
        assert "head.onnx" in said("export", "ridge-match-whole-16", f"--out={tmp_path}")
    model.unlink()
    image = tmp_path / "a.png"
    assert "reads latent vectors of the model ridge-whole-16" in refused("verify", "ridge-match-whole-16", image, image)
    assert "does not come with ridgecode" in refused("models", *keep)
