"""The verb `sweep`: what it passes on, what it refuses, and what it loads."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ridgecode.commands.cli import main
from ridgecode.commands.sweep import swept_verbs


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "store.json").write_text('{"digest": "abc"}')
    return folder


def written(folder: Path, text: str) -> Path:
    path = folder / "sizes.yaml"
    path.write_text(text)
    return path


GRID = 'command: [ridgecode, train-autoencoder, "${args}"]\nmethod: grid\nparameters: {latent_dim: {values: [8, 16]}}\n'
SWITCH = GRID.replace("args}", "args_no_boolean_flags}").replace(
    "latent_dim: {values: [8, 16]}", "evaluate: {value: false}"
)


def test_passes_its_settings_on_as_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def run_sweep(*arguments: Any, **named: Any) -> Any:
        calls.append((arguments, named))
        return SimpleNamespace(failed=["one"] if len(calls) == 2 else [])

    monkeypatch.setattr("ridgecode.commands.sweep.run_sweep", run_sweep)
    monkeypatch.setenv("RIDGECODE_DATA", "somewhere")
    assert main(["sweep", "sweeps/sizes.yaml"]) == 0
    assert main(["sweep", "a.yaml", "--data=s", "--out=o", "--jobs=2", "--device=cpu", "--max_runs=3"]) == 1
    verbs = swept_verbs()
    assert calls == [
        (
            (Path("sweeps/sizes.yaml"), Path("somewhere"), Path("runs/sizes")),
            {"jobs": 1, "device": "auto", "max_runs": 0, "verbs": verbs},
        ),
        ((Path("a.yaml"), Path("s"), Path("o")), {"jobs": 2, "device": "cpu", "max_runs": 3, "verbs": verbs}),
    ]


def test_verbs_come_with_their_flags_and_defaults() -> None:
    verbs = swept_verbs()
    assert {"train-autoencoder", "train-matcher"} <= set(verbs)
    assert verbs["train-autoencoder"]["evaluate"] is True
    assert verbs["train-autoencoder"]["latent_dim"] == 128
    assert "comparator" in verbs["train-matcher"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "sizes.yaml is empty; give a sweep file such as"),
        (GRID.replace("method", "metod"), "the key metod is not known (did you mean method?)"),
        (GRID.replace("latent_dim", "latent_dims"), "has no flag --latent_dims (did you mean latent_dim?)"),
        (GRID.replace("values", "valeus"), "parameter latent_dim has the key valeus, which is not known (did you mean"),
        (GRID.replace("autoencoder", "autoencodr"), "can't run the verb train-autoencodr (did you mean"),
        (GRID.replace("${args}", "${args_json}"), "write ${args}, which gives --name=value"),
        (SWITCH, "parameter evaluate can be false"),
    ],
)
def test_mistakes_in_the_file_are_told_in_one_sentence(
    text: str, said: str, tmp_path: Path, store: Path, refused: Callable[..., str]
) -> None:
    path = written(tmp_path, text)
    assert said in refused("sweep", path, f"--data={store}", f"--out={tmp_path / 'out'}")
    assert not (tmp_path / "out").exists()


def test_help_and_settings_load_nothing_heavy() -> None:
    heavy = "{'torch', 'wandb', 'optuna', 'pandas', 'numpy', 'pytorch_lightning', 'matplotlib'}"
    code = f"import sys; import ridgecode.commands.settings.sweep; assert not {heavy} & set(sys.modules)\n"
    code += "from ridgecode.commands.cli import main\ntry: main(['sweep', '--help'])\nexcept SystemExit: pass\n"
    code += f"assert not ({heavy} - {{'numpy'}}) & set(sys.modules), sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)
