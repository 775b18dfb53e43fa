"""Image Siamese networks as files."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.saved import SiameseFacts, load_siamese, save_siamese
from ridgecode.matching.siamese.systems import build_siamese, siamese_spec
from ridgecode.matching.templates.format import TemplateFormat

FACTS = SiameseFacts(-0.5, 0.001, True)


def saved(path: Path) -> Path:
    spec = siamese_spec("contrastive", "ours", (40, 36))
    save_siamese(path, build_siamese(spec), spec, FACTS)
    return path


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    spec = siamese_spec("contrastive", "ours", (40, 36))
    net = build_siamese(spec).eval()
    save_siamese(tmp_path / "a.safetensors", net, spec, FACTS)
    back = load_siamese(tmp_path / "a.safetensors")
    assert (back.spec, back.facts) == (spec, FACTS)
    x = torch.rand(3, 1, spec.height, spec.width)
    assert torch.equal(back.net.embed(x), net.embed(x))
    assert not back.net.training


def test_how_templates_are_stored_comes_back(tmp_path: Path) -> None:
    spec = siamese_spec("contrastive", "ours", (40, 36))
    stating = replace(FACTS, template=TemplateFormat(64, 1), least_quality=10.0)
    save_siamese(tmp_path / "a.safetensors", build_siamese(spec), spec, stating)
    assert load_siamese(tmp_path / "a.safetensors").facts == stating


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such matcher"):
        load_siamese(tmp_path / "none.safetensors")
    whole = saved(tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="not a safetensors file"):
        load_siamese(tmp_path / "cut.safetensors")
    (tmp_path / "other.safetensors").write_bytes(whole.replace(b"ridgecode.siamese", b"ridgecode.another"))
    with pytest.raises(BadInput, match="not those of an image Siamese network"):
        load_siamese(tmp_path / "other.safetensors")
    (tmp_path / "odd.safetensors").write_bytes(whole.replace(b'\\"height\\": 20', b'\\"height\\": 40'))
    with pytest.raises(BadInput, match="its header and weights disagree"):
        load_siamese(tmp_path / "odd.safetensors")
