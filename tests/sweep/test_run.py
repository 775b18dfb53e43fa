"""What a sweep refuses before any trial starts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput

VERBS = {"train-autoencoder": {"latent_dim": 128, "flip": True, "quick": False}, "train-matcher": {"hidden": 8}}


def test_a_folder_in_use_is_refused(written: Callable[..., Path], lab: Any, wait_until: Callable[..., None]) -> None:
    file = written(parameters={"x": {"values": [0.01, 0.1]}, "pause": {"value": 20}})
    sweep = lab.start(file)
    wait_until(lab.starts)
    with pytest.raises(BadInput, match="in use"):
        lab.sweep(file)
    sweep.terminate()
    sweep.wait()


def test_settings_that_do_not_fit_are_refused(written: Callable[..., Path], lab: Any) -> None:
    with pytest.raises(BadInput, match="--jobs 0"):
        lab.sweep(written(), jobs=0)
    with pytest.raises(BadInput, match="--max_runs -1"):
        lab.sweep(written(), max_runs=-1)
    with pytest.raises(BadInput, match="run_cap"):
        lab.sweep(written(method="random"))
    assert not lab.out.exists()


@pytest.mark.parametrize(
    ("verb", "parameter", "said"),
    [
        ("train-autoencodr", "latent_dim", "did you mean train-autoencoder?"),
        ("train-autoencoder", "latent_dims", r"no flag --latent_dims \(did you mean latent_dim\?\)"),
        ("train-matcher", "latent_dim", "train-matcher has no flag --latent_dim;"),
    ],
)
def test_names_that_no_trial_knows_are_refused_before_any_starts(
    verb: str, parameter: str, said: str, written: Callable[..., Path], lab: Any
) -> None:
    file = written(command=["ridgecode", verb, "${args}"], parameters={parameter: {"value": 8}})
    with pytest.raises(BadInput, match=said):
        lab.sweep(file, verbs=VERBS)
    assert not lab.out.exists()


def test_a_fixed_flag_that_no_trial_knows_is_refused(written: Callable[..., Path], lab: Any) -> None:
    file = written(
        command=["ridgecode", "train-autoencoder", "--quik=True", "${args}"], parameters={"latent_dim": {"value": 8}}
    )
    with pytest.raises(BadInput, match=r"no flag --quik \(did you mean quick\?\)"):
        lab.sweep(file, verbs=VERBS)


def test_a_false_switch_that_would_be_left_out_is_refused_where_it_is_true_by_itself(
    written: Callable[..., Path], lab: Any
) -> None:
    command = ["ridgecode", "train-autoencoder", "${args_no_boolean_flags}"]
    file = written(command=command, parameters={"flip": {"values": [True, False]}})
    with pytest.raises(BadInput, match="parameter flip can be false"):
        lab.sweep(file, verbs=VERBS)
    lab.sweep(written(command=command, parameters={"quick": {"values": [False]}}), verbs=VERBS)


def test_a_store_that_is_none_leaves_no_folder(written: Callable[..., Path], lab: Any) -> None:
    (lab.store / "store.json").unlink()
    with pytest.raises(BadInput, match="no prepared store"):
        lab.sweep(written())
    assert not lab.out.exists()


def test_a_metric_that_no_trial_reports_is_named(written: Callable[..., Path], lab: Any) -> None:
    _, told = lab.sweep(written(metric={"name": "fnmr_at_fmr_0_1"}), max_runs=1)
    assert "no trial reported the metric fnmr_at_fmr_0_1, so none of them is better than another" in told
    assert "; a trial reports val_mse" in told
    _, told = lab.sweep(written("other.yaml", metric={"name": "val_mse"}), out=lab.out / "other", max_runs=1)
    assert "no trial reported" not in told
