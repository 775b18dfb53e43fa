"""What a run folder holds, by its config.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ridgecode.errors import BadInput
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"verb": "train-autoencoder", "backbone": "pca"}, "autoencoder"),
        ({"verb": "train-head"}, "head"),
        ({"verb": "train-siamese", "system": "l1"}, "siamese"),
        ({"verb": "train-matcher", "system": "latent"}, "head"),
        ({"verb": "train-matcher"}, "head"),  # older than the choice of a system
        ({"verb": "train-matcher", "system": "subtract-conv"}, "siamese"),
        ({"verb": "evaluate"}, "other"),
        ({"latent_dim": 8}, "other"),
    ],
)
def test_each_verb(tmp_path: Path, config: dict[str, Any], kind: str) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert run_kind(RunFolder(tmp_path)) == kind


def test_folders_that_are_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a run: it has no config"):
        run_kind(RunFolder(tmp_path))
    (tmp_path / "config.yaml").write_text("[1, 2]")
    with pytest.raises(BadInput, match="holds no settings"):
        run_kind(RunFolder(tmp_path))
