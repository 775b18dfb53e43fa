"""Runs of the earlier verb train-matcher: they are evaluated, compared with, reported and resumed by today's verbs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ridgecode.commands.cli import main
from ridgecode.report.read_runs import read_runs

Refused = Callable[..., str]
OLD_SETTINGS: dict[str, Any] = {
    **{"verb": "train-matcher", "system": "latent", "recipe": "ours", "data": "store", "source": "auto"},
    **{"run_dir": "run", "split_by": "auto", "pair_list": None, "n_pairs": 0, "image_height": 0, "image_width": 0},
    **{"channels": 0, "model": None, "autoencoder_minutes": 5.0, "comparator": "cosine", "loss": "infonce"},
    **{"pairs": "auto", "movement": True, "hidden": 512, "embedding_dim": 128, "learning_rate": 0.0, "batch_size": 0},
    **{"max_epochs": 0, "max_minutes": 0.0, "early_stopping_patience": 0, "stop_on_collapse": False},
    **{"device": "auto", "seed": 0, "tracker": "none", "threads": 1, "evaluate": True},
}
"""What train-matcher wrote, in its order."""
KINDS = ("head", "siamese")
VERBS = {"head": "train-head", "siamese": "train-siamese"}


@pytest.fixture(scope="module")
def siamese_run(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("old") / "siamese"
    flags = ["--max_epochs=1", "--image_height=24", "--image_width=20", "--device=cpu", "--threads=1", "--tracker=none"]
    common = [f"--data={matching_store}", f"--run_dir={run}", "--evaluate=false", "--recipe=published"]
    assert main(["train-siamese", "--system=subtract", *common, *flags]) == 0
    return run


@pytest.fixture
def old_run(matcher_run: Path, siamese_run: Path, tmp_path: Path) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A copy of a run of a kind, with the config.yaml that train-matcher would have written; and its settings."""

    def old(kind: str) -> tuple[Path, dict[str, Any]]:
        run = Path(shutil.copytree({"head": matcher_run, "siamese": siamese_run}[kind], tmp_path / kind))
        config = yaml.safe_load((run / "config.yaml").read_text())
        assert config["verb"] == VERBS[kind]
        config = OLD_SETTINGS | config | {"verb": "train-matcher", "run_dir": str(run)}
        config = {key: config[key] for key in OLD_SETTINGS}  # what came later was not in there
        (run / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        return run, config

    return old


def command(config: dict[str, Any], **changed: object) -> list[str]:
    """The train-matcher command with all of its flags, as a sweep's agent gives them."""
    given = {**config, **changed}
    return ["train-matcher", *(f"--{k}={v}" for k, v in given.items() if v is not None and k != "verb")]


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_run_is_recognised(old_run: Any, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    run, config = old_run(kind)
    before = contents(run)
    today = yaml.safe_load((run / "config.yaml").read_text()).keys()
    assert today == OLD_SETTINGS.keys()
    capsys.readouterr()
    assert main(command(config)) == 0
    assert "finished already" in capsys.readouterr().err
    keys = ("data", "run_dir", "model", "hidden", "embedding_dim") if kind == "head" else ("data", "run_dir", "system")
    keys += ("batch_size", "max_epochs", *(("recipe", "image_height", "image_width") if kind == "siamese" else ()))
    flags = [f"--{key}={config[key]}" for key in keys]
    assert main([VERBS[kind], "--tracker=none", "--threads=1", *flags]) == 0
    assert "finished already" in capsys.readouterr().err
    assert contents(run) == before


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_run_goes_on(old_run: Any, kind: str) -> None:
    run, config = old_run(kind)
    environment = json.loads((run / "environment.json").read_text())
    (run / "environment.json").write_text(json.dumps(environment | {"finished": False}))
    before = contents(run)
    assert main(command(config)) == 0
    after = contents(run)
    assert json.loads(after["environment.json"])["finished"] is True
    for name in ("model.safetensors", "config.yaml"):
        assert after[name] == before[name]
    assert len(after["metrics.jsonl"].splitlines()) == config["max_epochs"]


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        ("head", {"comparator": "l1"}, "--comparator cosine, not l1"),
        ("head", {"seed": 4}, "--seed 0, not 4"),
        ("siamese", {"recipe": "ours"}, "--recipe published, not ours"),
        ("siamese", {"seed": 4}, "--seed 0, not 4"),
    ],
)
def test_other_settings_are_refused(
    old_run: Any, refused: Refused, kind: str, changed: dict[str, object], said: str
) -> None:
    run, config = old_run(kind)
    before = contents(run)
    assert said in refused(*command(config, **changed))
    assert contents(run) == before


def test_the_other_kind_is_refused(old_run: Any, refused: Refused, matching_store: Path) -> None:
    run, _ = old_run("head")
    flags = [f"--data={matching_store}", f"--run_dir={run}", "--tracker=none", "--threads=1"]
    said = refused("train-siamese", "--system=subtract", *flags)
    assert f"--run_dir {run} holds a run of train-head, not train-siamese; choose another --run_dir" in said
    run, _ = old_run("siamese")
    flags[1] = f"--run_dir={run}"
    assert "holds a run of train-siamese, not train-head" in refused("train-head", *flags)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_verified_evaluated_and_reported(
    old_run: Any, kind: str, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = old_run(kind)
    expected = {"head": "matcher", "siamese": "siamese"}[kind]
    assert read_runs([run])[0].kind == expected  # before there is an evaluation that names it
    image = matching_store.parent / "images" / "Real" / "3__M_Left_index_finger.BMP"
    capsys.readouterr()
    assert main(["verify", str(run), str(image), str(image), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["decision"] == ("match" if found["score"] >= found["threshold"] else "no match")
    flags = ["--protocols=aligned", "--threads=1", "--json"]
    assert main(["evaluate", f"--run={run}", f"--data={matching_store}", *flags]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == expected
    assert main(["report", str(run), f"--out={tmp_path / 'report'}"]) == 0
    assert (tmp_path / "report" / "report.html").is_file()
