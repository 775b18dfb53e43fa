"""`ridgecode train-siamese`, the image Siamese systems: their data, their lists, resuming, refusals."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.commands.cli import main
from ridgecode.commands.train import siamese as train_siamese
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.pair_losses import contrastive
from ridgecode.matching.siamese.pair_rules import PairList
from ridgecode.matching.siamese.pairs import SiamesePairs
from ridgecode.matching.siamese.saved import load_siamese
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.datasets.stripes import stripes_print
from ridgecode.report.write import write_report

Refused = Callable[..., str]
KILLED = """
import os, signal, sys, torch
from ridgecode.commands import cli
from ridgecode.training.siamese import SiameseTraining
torch.set_num_threads(1)

def run(arguments, kill_at):
    child = os.fork()
    if not child:
        step, calls = SiameseTraining.training_step, []
        def counting(*given):
            calls.append(1)
            if len(calls) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*given)
        SiameseTraining.training_step = counting
        os._exit(cli.main(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

whole, broken = sys.argv[1:3]
common = sys.argv[3:]
assert run([*common, "--run_dir", whole], 0) == 0
assert run([*common, "--run_dir", broken], 40) == -signal.SIGKILL
assert run([*common, "--run_dir", broken], 0) == 0
"""


def train(run: Path, *flags: object, system: str = "contrastive") -> list[str]:
    common = ["train-siamese", "--system", system, "--run_dir", str(run), "--device", "cpu", "--threads", "1"]
    return [*common, "--tracker", "none", *(str(flag) for flag in flags)]


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty identities of 5 images, 40x36: a pattern of its own each, with noise."""
    folder, random = tmp_path_factory.mktemp("faces") / "faces", np.random.default_rng(0)
    for number in range(20):
        face = random.integers(0, 256, (10, 9)).repeat(4, 0).repeat(4, 1)
        for image in range(5):
            noisy = np.clip(face + random.normal(0, 20, face.shape), 0, 255).astype(np.uint8)
            (folder / f"s{number + 1}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy).save(folder / f"s{number + 1}" / f"{image + 1}.png")
    return folder


@pytest.fixture(scope="session")
def by_pair(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("siamese") / "by-pair"
    flags = ("--data", faces, "--recipe", "published", "--n_pairs", 400, "--max_epochs", 6)
    assert main(train(run, *flags)) == 0
    return run


def evaluation(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "evaluation.json").read_text()))


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("eer", "text"), [(0.0, "0 of 4"), (0.125, "12.50 %")])
def test_the_last_line_says_what_the_rates_rest_on(eer: float, text: str) -> None:
    rows = np.arange(9)
    val = PairList(rows, rows, rows < 4)
    pairs = SiamesePairs(lambda epoch: val, val, None, None, "pair", False)
    best = {"epoch": 3, "val_loss": 0.25, "val_eer": eer, "health_spread": 0.5}
    assert train_siamese.best_text(best, pairs) == (
        f"val_loss 0.2500, val_eer {text} (on 4 mated and 5 non-mated pairs, split by pair)"
    )


def test_an_identity_folder_split_by_pair(by_pair: Path) -> None:
    rows = {row["protocol"]: row for row in evaluation(by_pair)["matching"] if row["system"].endswith("(published)")}
    # All images were trained on: there is nothing that a protocol by subject could measure.
    assert rows.keys() == {"pairs-by-pair"}
    assert rows["pairs-by-pair"]["threshold_from"] == "val, pairs-by-pair"
    lists = {name: Comparisons.load(by_pair / "pairs" / f"{name}.parquet") for name in ("val", "test")}
    assert [len(lists[name]) for name in ("val", "test")] == [75, 100]  # 18.75 % and 25 % of 400
    last = metrics(by_pair)[-1]
    assert last["val_loss"] < metrics(by_pair)[0]["val_loss"]
    assert {"val_precision", "val_accuracy", "val_eer", "health_dead_share", "health_spread"} <= last.keys()
    assert "| all | |" in (by_pair / "summary.md").read_text()


def test_validation_figures_by_a_slow_loop(by_pair: Path) -> None:
    saved = load_siamese(by_pair / "model.safetensors")
    comparisons = Comparisons.load(by_pair / "pairs" / "val.parquet")
    faces = Path(json.loads((by_pair / "store" / "store.json").read_text())["request"]["root"])
    distances = []
    for probe, reference in zip(comparisons.probe, comparisons.reference, strict=True):
        images = []
        for name in (probe, reference):
            with Image.open(faces / f"{name}.png") as image:
                images.append(torch.from_numpy(np.array(image)[::2, ::2]).float() / 255)
        with torch.no_grad():
            e1, e2 = saved.net.embed(torch.stack(images).unsqueeze(1))
        distances.append(float((e1 - e2).norm()))
    mated = torch.from_numpy(comparisons.mated)
    best = min(metrics(by_pair), key=lambda row: row["val_loss"])
    assert float(contrastive(torch.tensor(distances), mated).total) == pytest.approx(best["val_loss"], rel=1e-3)
    accepted = np.array(distances) < 0.5
    assert float(comparisons.mated[accepted].mean()) == pytest.approx(best["val_precision"])
    assert float((accepted == comparisons.mated).mean()) == pytest.approx(best["val_accuracy"])


def test_an_identity_folder_split_by_subject(faces: Path, tmp_path: Path) -> None:
    flags = ("--data", faces, "--n_pairs", 400, "--max_epochs", 3, "--split_by", "subject")
    assert main(train(tmp_path / "run", *flags)) == 0
    found = evaluation(tmp_path / "run")
    protocols = {row["protocol"] for row in found["matching"]}
    assert "pairs-by-subject" in protocols
    assert "pairs-by-pair" not in protocols
    val = Comparisons.load(tmp_path / "run" / "pairs" / "val.parquet")
    assert len(set(val.probe_subject)) <= 2  # 10 % of 20 identities are kept apart
    assert (found["system"], found["split_by"], found["input"]) == ("contrastive", "subject", "20x18x1")


def test_one_command_twice_and_a_killed_run_end_alike(faces: Path, tmp_path: Path) -> None:
    flags = [
        "--data",
        str(faces),
        "--n_pairs",
        "2000",
        "--max_epochs",
        "4",
        "--evaluate",
        "false",
        "--batch_size",
        "64",
    ]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    common = [flag for flag in train(Path("x"), *flags) if flag not in ("--run_dir", "x")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", KILLED, str(whole), str(broken), *common]
    subprocess.run(arguments, check=True, capture_output=True, env=environment)
    assert (whole / "model.safetensors").read_bytes() == (broken / "model.safetensors").read_bytes()
    for a, b in zip(metrics(whole), metrics(broken), strict=True):
        same = a.keys() - {"seconds", "pairs_per_second"}
        assert {key: a[key] for key in same} == {key: b[key] for key in same}


def test_prints_with_altered_probes(matching_store: Path, tmp_path: Path) -> None:
    size = ("--image_height", 24, "--image_width", 20)
    flags = ("--data", matching_store, "--recipe", "published", "--max_epochs", 2, *size)
    assert main(train(tmp_path / "run", *flags, system="subtract")) == 0
    found = evaluation(tmp_path / "run")
    assert {row["protocol"] for row in found["matching"]} == {"aligned", "moved", "pairs-by-pair", "pairs-by-subject"}
    at_half = [row for row in found["matching"] if row["threshold_from"] == "published"]
    assert {row["threshold"] for row in at_half} == {0.0}
    by_subject = [row for row in found["matching"] if row["protocol"] == "pairs-by-subject"]
    assert {row["threshold_from"] for row in by_subject} == {"val, pairs-by-pair", "published"}
    unseen = Comparisons.load(tmp_path / "run" / "pairs" / "unseen.parquet")
    held_out = Comparisons.load(tmp_path / "run" / "pairs" / "val.parquet")
    assert set(unseen.probe_subjects).isdisjoint(held_out.probe_subjects)
    assert (unseen.reference_names != "").all() and all("Real/" in name for name in unseen.reference_names)
    assert len(set(unseen.probe)) == len(unseen)  # every altered print once


def test_pixels_and_latent_vectors_stand_in_one_table(
    by_pair: Path, matching_store: Path, matcher_run: Path, tmp_path: Path
) -> None:
    size = ("--image_height", 24, "--image_width", 20)
    flags = ("--data", matching_store, "--max_epochs", 1, *size)
    assert main(train(tmp_path / "run", *flags, system="subtract-conv")) == 0
    files = write_report([tmp_path / "run", by_pair], tmp_path / "report", "Systems")
    text = files.markdown.read_text()
    assert "| subtract-conv, ours" in text
    assert "contrastive, published" in text
    assert "Comparisons<br>per second" in text or "per second" in text
    assert (tmp_path / "report" / "figures" / "precision_recall_pairs-by-pair.png").is_file()
    assert "Classification report and confusion matrix" in files.html.read_text()


def test_stripes_are_solved_by_our_recipe_and_told_of_in_the_published_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(train(tmp_path / "ours", system="stripes")) == 0
    best = min(metrics(tmp_path / "ours"), key=lambda row: row["val_loss"])
    assert best["val_loss"] < 0.01
    assert best["val_accuracy"] == 1.0
    assert "collapsed" not in capsys.readouterr().err
    stalled = tmp_path / "published"
    assert main(train(stalled, "--recipe", "published", "--stop_on_collapse", "true", system="stripes")) == 0
    said = capsys.readouterr().err
    assert said.count("this run has collapsed") == 1
    told = json.loads((stalled / "environment.json").read_text())
    assert "units of a layer are dead" in told["collapsed"]
    assert told["collapsed_epoch"] == len(metrics(stalled)) - 1 < 40
    image = stripes_print(vertical=True)
    assert image.shape == (160, 160)
    assert image[0, 5] == 0 and image[0, 6] == 255
    assert (image == image[0]).all()


def test_anchor_positive_and_negative_folders(faces: Path, tmp_path: Path) -> None:
    data = tmp_path / "triplets"
    for name, of in (("anchor", "s1"), ("positive", "s1"), ("negative", "s2")):
        (data / name).mkdir(parents=True)
        for i in range(12):
            source = faces / of / f"{1 + (i + (name == 'positive')) % 5}.png"
            (data / name / f"{i:02d}.png").write_bytes(source.read_bytes())
    flags = ("--data", data, "--max_epochs", 1, "--image_height", 60, "--image_width", 60, "--batch_size", 8)
    assert main(train(tmp_path / "run", *flags, system="l1")) == 0
    lists = [Comparisons.load(tmp_path / "run" / "pairs" / f"{name}.parquet") for name in ("val", "test")]
    assert [len(one) for one in lists] == [2, 5]  # 10 % and 20 % of 24
    for one in lists:
        assert all(name.startswith("anchor/") for name in one.probe)
        kinds = [name.split("/")[0] for name in one.reference]
        assert kinds == ["positive" if mated else "negative" for mated in one.mated]


def test_a_pair_list_is_trained_on(faces: Path, tmp_path: Path) -> None:
    lines = ["probe,reference,mated"]
    lines += [f"s{i}/{a}.png,s{i}/{a + 1}.png,1" for i in range(1, 11) for a in range(1, 5)]
    lines += [f"s{i}/{a}.png,s{i + 1}/{a}.png,0" for i in range(1, 11) for a in range(1, 5)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    flags = ("--data", faces, "--pair_list", tmp_path / "pairs.csv", "--recipe", "published", "--max_epochs", 1)
    assert main(train(tmp_path / "run", *flags)) == 0
    assert len(Comparisons.load(tmp_path / "run" / "pairs" / "test.parquet")) == 20


def test_a_pair_list_may_name_a_copy_that_was_left_out(faces: Path, tmp_path: Path) -> None:
    shutil.copytree(faces, tmp_path / "faces")
    shutil.copy(tmp_path / "faces/s1/1.png", tmp_path / "faces/s1/9.png")
    lines = ["probe,reference,mated"]
    lines += [f"s{i}/{9 if i == 1 else 1}.png,s{i}/2.png,1\ns{i}/3.png,s{i + 1}/4.png,0" for i in range(1, 11)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    flags = ("--data", tmp_path / "faces", "--pair_list", tmp_path / "pairs.csv", "--recipe", "published")
    assert main(train(tmp_path / "run", *flags, "--max_epochs", 1, "--evaluate", "false")) == 0
    lists = [Comparisons.load(path) for path in (tmp_path / "run/pairs").glob("*.parquet")]
    assert "s1/9" not in {name for one in lists for name in (*one.probe, *one.reference)}


def test_verify_scores_as_the_list_does(by_pair: Path, faces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = load_siamese(by_pair / "model.safetensors")
    images = []
    for name in ("s1/1", "s2/1"):
        with Image.open(faces / f"{name}.png") as image:
            images.append(torch.from_numpy(np.array(image)[::2, ::2]).float() / 255)
    with torch.no_grad():
        e1, e2 = saved.net.embed(torch.stack(images).unsqueeze(1))
    capsys.readouterr()
    assert main(["verify", str(by_pair), str(faces / "s1" / "1.png"), str(faces / "s2" / "1.png")]) == 0
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert float(told["score"]) == pytest.approx(-float((e1 - e2).norm()), abs=1e-5)
    assert float(told["threshold"]) == pytest.approx(saved.facts.threshold, abs=1e-6)
    assert "pairs-by-pair" in told["FMR"]


def test_refusals(faces: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused) -> None:
    run = tmp_path / "run"

    def folder(name: str, **images: tuple[int, int]) -> Path:
        for place, shape in images.items():
            path = tmp_path / name / f"{place.replace('_', '/')}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.zeros(shape, np.uint8)).save(path)
        return tmp_path / name

    size = (40, 36)
    alone = folder("alone", a_1=size, b_1=size, c_1=size)
    assert "alone has one image of each identity" in refused(*train(run, "--data", alone))
    one = folder("one", a_1=size, a_2=size)
    assert "has one identity, a" in refused(*train(run, "--data", one))
    broken = folder("broken", a_1=size, a_2=size, b_1=size, b_2=size) / "b" / "2.png"
    broken.write_bytes(broken.read_bytes()[:40])
    said = refused(*train(run, "--data", tmp_path / "broken"))
    assert str(broken) in said and "ridgecode prepare --source folder" in said
    (tmp_path / "empty").mkdir()
    assert "neither a prepared store nor" in refused(*train(run, "--data", tmp_path / "empty"))
    (tmp_path / "pairs.csv").write_text("probe,reference,mated\ns1/1.png,s99/1.png,1\n")
    given = refused(*train(run, "--data", faces, "--pair_list", tmp_path / "pairs.csv"))
    assert "pairs.csv, line 2: there is no image s99/1.png" in given
    assert "--loss is no flag of this verb" in refused(*train(run, "--data", faces, "--loss", "bce"))
    assert "--system takes one of" in refused(*train(run, system="latent"))
    assert "--recipe takes one of ours, published" in refused(*train(run, "--recipe", "theirs"))
    assert "--batch_size is 1; pairs need 2 or more" in refused(*train(run, "--batch_size", 1))
    assert "--n_pairs is -1" in refused(*train(run, "--n_pairs", -1))
    assert "--n_pairs 9 has no effect here" in refused(*train(run, "--n_pairs", 9, system="stripes"))
    assert "have no subjects" in refused(*train(run, "--split_by", "subject", system="stripes"))
    store = prepare("folder", faces, tmp_path / "store", progress=False).path
    assert "--source socofing" in refused(*train(run, "--data", store, "--source", "socofing"))
    # A refused command leaves nothing in the way of the right one.
    assert not run.exists()
    again = ("--data", faces, "--n_pairs", 200, "--max_epochs", 1, "--evaluate", "false")
    assert main(train(run, *again)) == 0
    assert "is no matcher" in refused("verify", autoencoder_run, faces / "s1/1.png", faces / "s1/2.png")
    assert "holds a run with --recipe ours" in refused(*train(run, *again, "--recipe", "published"))
