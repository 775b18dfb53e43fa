"""What the captions of ROC and DET curves say of the lists that the curves are of."""

import json
from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.read_runs import read_runs
from ridgecode.report.sections.curves import error_figures
from ridgecode.report.study import study_of


def captions(run: Path, n_non_mated: int) -> dict[str, str]:
    """The caption of each figure of the run, if so many non-mated comparisons had been made."""
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        row["n_non_mated"] = n_non_mated
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    return {figure.name: figure.caption for figure in error_figures(study_of(read_runs([run])))}


@pytest.mark.parametrize(
    ("n_non_mated", "said"),
    [
        (1, "So few non-mated comparisons show no FMR. "),
        (45, "Below an FMR of 6.67 % there are too few non-mated comparisons to show it. "),
        (29_999, "Below an FMR of 0.01 % there are too few"),
        (30_000, ""),
    ],
)
def test_a_caption_says_which_fmrs_the_list_is_too_short_for(fake_runs: Any, n_non_mated: int, said: str) -> None:
    fake_runs.protocols = ("moved",)
    found = captions(fake_runs.autoencoder(), n_non_mated)
    assert {"roc_moved", "det_moved"} <= found.keys()
    for caption in (found["roc_moved"], found["det_moved"]):
        assert said in caption and ("too few" in caption or "So few" in caption) == bool(said)
