"""The metric of a sweep file, and its values in a run's folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput
from ridgecode.sweep.file import read_sweep_file
from ridgecode.sweep.metric import Metric, metric_history, read_metric


def test_goal_is_to_minimize_unless_said() -> None:
    assert read_metric(Path("a.yaml"), {"name": "val_mse"}) == Metric("val_mse", "minimize", None, "worst", None)
    given = {"name": "accuracy", "goal": "maximize", "target": 0.9, "impute": "latest", "impute_while_running": "best"}
    assert read_metric(Path("a.yaml"), given) == Metric("accuracy", "maximize", 0.9, "latest", "best")
    for none in (False, "false"):
        metric = read_metric(Path("a.yaml"), {"name": "a", "impute_while_running": none})
        assert metric is not None and metric.impute_while_running is None


def test_best_worst_and_target() -> None:
    less, more = Metric("a", "minimize", 0.5), Metric("a", "maximize", 0.5)
    assert (less.best([1.0, 2.0]), less.worst([1.0, 2.0]), less.best([])) == (1.0, 2.0, None)
    assert (more.best([1.0, 2.0]), more.worst([1.0, 2.0]), more.worst([])) == (2.0, 1.0, None)
    assert less.reached([0.6, 0.5, 0.7]) and not less.reached([0.6]) and not less.reached([])
    assert more.reached([0.4, 0.5]) and not more.reached([0.4])
    assert not Metric("a").reached([0.0])


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("val_mse", "write metric"),
        ({"goal": "minimize"}, "needs a name"),
        ({"name": "val_mse", "goal": "less"}, "goal is 'less'"),
        ({"name": "val_mse", "gaol": "minimize"}, "did you mean goal?"),
        ({"name": "val_mse", "target": "1e-3"}, "target is '1e-3'"),
        ({"name": "val_mse", "target": True}, "target is True"),
        ({"name": "val_mse", "impute": "mean"}, "impute is 'mean'"),
        ({"name": "val_mse", "impute_while_running": "mean"}, "impute_while_running is 'mean'"),
    ],
)
def test_refuses_what_wandb_does_not_define(metric: Any, said: str, written: Callable[..., Path]) -> None:
    path = written(metric=metric)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    assert str(path) in str(refused.value) and said in str(refused.value)


def test_history_leaves_out_what_is_no_figure(tmp_path: Path) -> None:
    lines = [
        '{"val_mse": 0.5}', '{"epoch": 1}', "[1]", '{"val_mse": "x"}', '{"val_mse": true}', '{"val_mse": NaN}',
        '{"val_mse": 0.25}', '{"val_m',
    ]  # fmt: skip
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    metric = Metric("val_mse")
    assert metric_history(tmp_path, metric) == [0.5, 0.25]
    assert metric_history(tmp_path, None) == [] == metric_history(tmp_path / "none", metric)
