"""`ridgecode train-head` with the head that sees places, on a small synthetic store: it learns, resumes and repeats."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, latent_scale, save_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.commands.cli import main
from ridgecode.matching.comparisons import comparison_list, probe_prints, reference_prints
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.saved_matcher import load_matcher
from ridgecode.prints.store import PrintStore
from ridgecode.training import head as head_training
from support.forked_runs import killed_runs

Refused = Callable[..., str]
QUICK: dict[str, object] = {
    "template_dim": 32,
    "bank_views": 3,
    "renewals": 8,
    "batch_size": 8,
    "max_steps": 2,
    "device": "cpu",
    "threads": 1,
    "tracker": "none",
    "evaluate": False,
}
KILLED = (
    killed_runs("ridgecode.training.head.HeadTraining", "ridgecode.training.head.PLACES_STEPS_PER_EPOCH", 4)
    + """
unbroken, broken, lost = json.loads(sys.argv[1])
codes = [run(unbroken, 0), run(broken, 2), run(broken, 11), run(broken, 0), run(lost, 11)]
os.remove(sys.argv[2])
print(json.dumps([*codes, run(lost, 0)]))
"""
)


@pytest.fixture(scope="module")
def model(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network with a grid on whole prints, whose latent vectors keep every place."""
    torch.manual_seed(0)
    spec = AutoencoderSpec("ridge", "whole", 288, "mse", width=8, blocks=1, latent_layer="grid")
    net = build_network(spec).eval()
    windows = spec.window.take(PrintStore.open(matching_store).prints("train"))
    with torch.no_grad():
        scale = latent_scale(net.encode(torch.from_numpy(windows)[:, None].float() / 255))
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_autoencoder(file, net, spec, *scale)
    return file


def command(store: Path | str, model: Path, run_dir: Path, /, **flags: object) -> list[str]:
    given = {"data": store, "run_dir": run_dir, "model": model, **QUICK, **flags}
    return ["train-head", *(f"--{name}={value}" for name, value in given.items())]


def metrics(run: Path) -> list[dict[str, Any]]:
    """Without what the clock says."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: v for name, v in row.items() if name not in ("seconds", "probes_per_second")} for row in rows]


TRAINED = Path("ridge-whole-1024")
"""A shipped model: latent vectors of an untrained one hold too little to learn from in a few steps."""


def test_it_learns(matching_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_training, "PLACES_STEPS_PER_EPOCH", 12)
    run = tmp_path / "run"
    flags = {"max_steps": 48, "batch_size": 20, "bank_views": 4}
    assert main(command(matching_store, TRAINED, run, **flags)) == 0
    rows = metrics(run)
    assert [row["step"] for row in rows] == [12, 24, 36, 48]
    assert rows[-1]["train_loss"] < 0.5 * 2 * math.log(20)  # half of what a head that knows nothing has
    assert rows[-1]["val_eer_moved"] < 0.2
    assert yaml.safe_load((run / "config.yaml").read_text())["head"] == "places"
    assert not (run / "views.safetensors").exists()  # of use to a run that is not finished


def test_killed_and_resumed(matching_store: Path, model: Path, tmp_path: Path) -> None:
    """Killed twice, and once more with the bank's file lost."""
    runs = [tmp_path / name for name in ("unbroken", "broken", "lost")]
    jobs = [command(matching_store, model, run, max_steps=16) for run in runs]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(jobs), str(runs[2] / "views.safetensors")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    codes = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0, -signal.SIGKILL, -signal.SIGKILL, 0, -signal.SIGKILL, 0]
    assert len(metrics(runs[0])) == 4
    last = [torch.load(run / "last.ckpt", weights_only=True)["state_dict"] for run in runs]
    for run, weights in zip(runs[1:], last[1:], strict=True):
        assert metrics(run) == metrics(runs[0])
        assert (run / "model.safetensors").read_bytes() == (runs[0] / "model.safetensors").read_bytes()
        assert all(torch.equal(weights[name], last[0][name]) for name in last[0])


def test_the_same_seed_gives_the_same_head(matching_store: Path, model: Path, tmp_path: Path) -> None:
    files = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(command(matching_store, model, tmp_path / name, seed=seed)) == 0
        files.append((tmp_path / name / "model.safetensors").read_bytes())
    assert files[0] == files[1] != files[2]


@pytest.mark.parametrize(
    ("flags", "size", "bits"),
    [
        ({}, 16, 4),
        ({"template_dim": 128}, 64, 4),
        ({"template_bytes": 32}, 32, 8),
        ({"template_bytes": 64, "template_bits": 1}, 64, 1),
        ({"template_bytes": 0}, 0, 0),
        ({"template_dim": 20}, 0, 0),
    ],
)
def test_the_threshold_is_of_stored_templates_and_the_one_that_evaluate_finds(
    matching_store: Path, model: Path, tmp_path: Path, flags: dict[str, object], size: int, bits: int
) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, model, run, evaluate=True, **flags)) == 0
    facts = load_matcher(run / "model.safetensors").facts
    assert (facts.template or (0, 0)) == (size, bits)
    found = json.loads((run / "evaluation.json").read_text())["matching"]
    row = next(r for r in found if (r["system"], r["protocol"], r["level"]) == ("head", "moved", "all"))
    assert (row["threshold"], row["fp"] / row["n_non_mated"]) == (facts.threshold, facts.fmr)
    assert row["bytes"] == (size or 4 * 288)
    assert metrics(run)[-1]["val_eer_moved"] == row["eer"]


def test_scores_of_a_coded_model_are_those_of_its_bytes(matching_store: Path, coded_run: Path, tmp_path: Path) -> None:
    """Bytes -> latent vector -> template, with `Codec` alone, against what an evaluation does of the prints."""
    run = tmp_path / "run"
    assert main(command(matching_store, coded_run, run)) == 0
    matcher, codec = Matcher.load(run), Codec.load(run / "autoencoder.safetensors")
    assert isinstance(matcher.head, PlacesHead)
    store = PrintStore.open(matching_store)
    listed = comparison_list(store, "val", "aligned")
    embedded = []
    for prints in (probe_prints(store, listed), reference_prints(store, listed)):
        payloads = codec.payloads(prints)
        with torch.no_grad():
            embedded.append(matcher.head.embed(codec.latent_codec.decode(payloads)))
    format = matcher.system.format
    assert format is not None
    integers = [format.quantise(one.numpy()).astype(np.int64) for one in embedded]
    by_hand = (integers[0][listed.probe_rows] * integers[1][listed.reference_rows]).sum(1) * format.scale
    vectors = [matcher.system.vectors(of(store, listed)) for of in (probe_prints, reference_prints)]
    scores = matcher.system.scores(*vectors, listed.probe_rows, listed.reference_rows)
    np.testing.assert_allclose(scores, by_hand, atol=1e-5)


def test_several_stores(
    matching_store: Path, synthetic_store: Path, model: Path, tmp_path: Path, refused: Refused
) -> None:
    run, data = tmp_path / "run", f"{matching_store},{synthetic_store}"
    assert main(command(data, model, run, shares="0.6,0.4", max_steps=4)) == 0
    names = {name for name in metrics(run)[0] if name.startswith("val_eer")}
    assert {"val_eer_aligned", "val_eer_moved"} == names  # the other store has one validation subject
    assert load_matcher(run / "model.safetensors").facts.protocol == "moved"
    # Another order is another training, and so are other shares.
    other = f"{synthetic_store},{matching_store}"
    assert "no two validation subjects" in refused(*command(other, model, tmp_path / "b", shares="0.6,0.4"))
    assert "holds a run" in refused(*command(data, model, run, shares="0.5,0.5", max_steps=4))


def test_start_from(matching_store: Path, model: Path, tmp_path: Path, refused: Refused, autoencoder_run: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(command(matching_store, model, first)) == 0
    assert main(command(matching_store, model, second, start_from=first, learning_rate=1e-12, seed=3)) == 0
    ours, theirs = (load_matcher(run / "model.safetensors").head.state_dict() for run in (second, first))
    for name, value in theirs.items():
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(ours[name], value, atol=1e-6, rtol=0)
    wrong = {
        "template_dim 32, and this run's has 64": command(
            matching_store, model, tmp_path / "a", start_from=first, template_dim=64
        ),
        "kind places, and this run's has mlp": [
            one
            for one in command(matching_store, model, tmp_path / "b", start_from=first, head="mlp")
            if not one.startswith(("--template_dim", "--bank_views", "--renewals"))
        ],
        "those of a matcher": command(matching_store, model, tmp_path / "c", start_from=model),
        "is not a run": command(matching_store, model, tmp_path / "d", start_from="nowhere"),
    }
    for said, given in wrong.items():
        assert said in refused(*given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_auto_is_mlp_where_a_flag_or_the_model_asks_for_it(
    matching_store: Path, model: Path, autoencoder_run: Path, tmp_path: Path
) -> None:
    plain = {name: value for name, value in QUICK.items() if name not in ("template_dim", "bank_views", "renewals")}
    asked: dict[str, tuple[Path, dict[str, object]]] = {
        "comparator": (model, {"comparator": "l1"}),
        "loss": (model, {"loss": "bce"}),
        "hidden": (model, {"hidden": 16}),
        "movement": (model, {"movement": False}),
        "pca": (autoencoder_run, {}),
    }
    for name, (of, flags) in asked.items():
        given = {"data": matching_store, "run_dir": tmp_path / name, "model": of, **plain, **flags}
        assert main(["train-head", *(f"--{key}={value}" for key, value in given.items())]) == 0
        assert yaml.safe_load((tmp_path / name / "config.yaml").read_text())["head"] == "mlp"


def test_a_run_of_an_earlier_version_is_still_an_mlp(
    matching_store: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    quick = {name: value for name, value in QUICK.items() if name not in ("template_dim", "bank_views", "renewals")}
    given = {"data": matching_store, "run_dir": run, "model": model, **quick, "max_steps": 0, "max_epochs": 1}
    line = ["train-head", *(f"--{key}={value}" for key, value in given.items())]
    assert main([*line, "--head=mlp"]) == 0
    config = yaml.safe_load((run / "config.yaml").read_text())
    later = ("head", "shares", "start_from", "template_dim", "template_bytes", "template_bits", "bank_views")
    for name in (*later, "renewals", "max_steps", "precision"):
        del config[name]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(line) == 0
    assert "finished already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"head": "places", "comparator": "l1"}, "--comparator l1 is for --head mlp"),
        ({"head": "places", "hidden": 16}, "--hidden 16 is for --head mlp"),
        ({"head": "places", "movement": False}, "--movement False is for --head mlp"),
        ({"head": "mlp"}, "--template_dim 32 is for --head places"),
        ({"max_epochs": 3}, "give one of them"),
        ({"renewals": 0}, "--renewals is 0"),
        ({"bank_views": 1}, "--bank_views is 1"),
        ({"shares": "0.5,0.5"}, "--shares 0.5,0.5 has 2 numbers"),
        ({"template_bytes": 48}, "--template_bytes is 48"),
        ({"template_bytes": 64}, "the embedding has 32"),
        ({"precision": "16"}, "--precision takes one of"),
    ],
)
def test_refusals(
    matching_store: Path, model: Path, tmp_path: Path, refused: Refused, flags: dict[str, object], said: str
) -> None:
    assert said in refused(*command(matching_store, model, tmp_path / "run", **flags))
    assert not (tmp_path / "run").exists()


def test_a_pca_is_refused_by_name(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused
) -> None:
    said = refused(*command(matching_store, autoencoder_run, tmp_path / "run", head="places"))
    assert "a PCA has no map" in said and "--head mlp" in said
    assert not (tmp_path / "run").exists()


def test_crops(matching_store: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, Path("ridge-crop32-32"), run)) == 0
    head = load_matcher(run / "model.safetensors").head
    assert isinstance(head, PlacesHead) and head.latent_dim == 32
    assert Autoencoder.load(run / "autoencoder.safetensors").view.name == "crop32"
