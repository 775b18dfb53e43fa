"""Where the files of an evaluation lie."""

from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.evaluation.places import check_no_folder, places_of


def test_places(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "x.json"
    assert places_of(run, "val", None) == (run / "evaluation.json", run)
    assert places_of(run, "test", None) == (run / "evaluation-test/evaluation.json", run / "evaluation-test")
    assert places_of(run, "val", out) == (out, tmp_path / "x-files")
    assert places_of(run, "test", run / "mine.json") == (run / "mine.json", run / "mine-files")
    # A run's own place, named.
    own = run / "evaluation.json"
    assert places_of(run, "val", own) == (own, run)


@pytest.mark.parametrize("name", ["config.yaml", "model.safetensors", "autoencoder.safetensors", "curves.npz"])
def test_files_of_the_run_are_refused(tmp_path: Path, name: str) -> None:
    for split in ("val", "test"):
        with pytest.raises(BadInput, match="is a file of the run with other content"):
            places_of(tmp_path, split, tmp_path / name)
    (tmp_path / "model.pt").touch()
    with pytest.raises(BadInput, match="is a file of the run with other content"):
        places_of(tmp_path / "model.pt", "val", tmp_path / name)  # a model file in the run's folder


def test_figures_of_other_splits_never_replace_the_runs_own(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="give another --out"):
        places_of(tmp_path, "test", tmp_path / "evaluation.json")


def test_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is a folder; give a file, such as a\.json"):
        check_no_folder(tmp_path, "a.json")
    with pytest.raises(BadInput, match="is a folder"):
        places_of(tmp_path / "run", "val", tmp_path)
