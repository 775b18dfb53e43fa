"""What a run, a path or a shipped matcher's name stands for."""

from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.shipped.names import is_shipped, matcher_file, shipped_names, shipped_path


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ridge-match", ".hidden", "other"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"")
    monkeypatch.setattr("ridgecode.matching.shipped.names.SHIPPED", tmp_path)
    return tmp_path


def test_names(names: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert shipped_names() == ["other", "ridge-match"]
    assert shipped_path("other") == matcher_file("other") == names / "other.safetensors"
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    assert is_shipped("ridge-match") and not is_shipped("ridge-matc")
    run = Path("ridge-match")
    run.mkdir()
    assert not is_shipped("ridge-match")  # a path goes before a name
    with pytest.raises(BadInput, match="does not exist"):
        matcher_file("ridge-match")
    (run / "model.safetensors").write_bytes(b"")
    assert matcher_file("ridge-match") == run / "model.safetensors"


def test_the_closest_name_is_suggested(names: Path) -> None:
    for found in (shipped_path, matcher_file):
        with pytest.raises(BadInput, match=r"\(did you mean ridge-match\?\)"):
            found("ridge-mtch")
