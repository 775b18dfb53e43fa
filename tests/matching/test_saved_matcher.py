"""Saved matchers: what comes back, and what is refused."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import COMPARATORS, LatentHead
from ridgecode.matching.saved_matcher import MatcherFacts, check_autoencoder, load_matcher, save_matcher, sha256_of
from ridgecode.matching.templates.format import TemplateFormat


@pytest.fixture
def autoencoder(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.ones(3)}, path)
    return path


@pytest.fixture
def facts(autoencoder):
    return MatcherFacts("infonce", 0.1 + 0.2, 0.001, "moved", sha256_of(autoencoder))


@pytest.mark.parametrize("comparator", COMPARATORS)
def test_scores_and_facts_come_back_exactly(tmp_path, facts, comparator):
    head = LatentHead(6, 12, 5, comparator, torch.randn(6), torch.rand(6))
    save_matcher(tmp_path / "matcher.safetensors", head, facts)
    saved = load_matcher(tmp_path / "matcher.safetensors")
    z1, z2 = torch.randn(2, 20, 6)
    assert torch.equal(saved.head(z1, z2), head(z1, z2))
    assert saved.facts == facts
    assert (saved.head.comparator, saved.head.hidden, saved.head.training) == (comparator, 12, False)
    # Anyone can read the header without ridgecode.
    with safe_open(tmp_path / "matcher.safetensors", framework="pt") as file:
        about = json.loads(file.metadata()["ridgecode.matcher"])
    assert about["facts"]["threshold"] == 0.1 + 0.2
    assert about["head"] == {"latent_dim": 6, "hidden": 12, "embedding_dim": 5, "comparator": comparator}


def test_counts_come_back_and_are_unknown_in_older_files(tmp_path, facts):
    path, counted = tmp_path / "matcher.safetensors", replace(facts, counts=ThresholdCounts(36, 72, 2, 0.25))
    save_matcher(path, LatentHead(6), counted)
    assert load_matcher(path).facts == counted
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["ridgecode.matcher"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    assert about["facts"]["counts"] == {"n_mated": 36, "n_non_mated": 72, "n_subjects": 2, "fmr_high": 0.25}
    del about["facts"]["counts"]
    save_file(tensors, path, metadata={"ridgecode.matcher": json.dumps(about)})
    assert load_matcher(path).facts == facts and facts.counts == UNKNOWN


@pytest.mark.parametrize(
    "stated", [{"template": TemplateFormat(64, 4)}, {"least_quality": 12.0}, {"template": TemplateFormat(16, 1)}]
)
def test_how_templates_are_stored_comes_back(tmp_path, facts, stated):
    """In a format that older versions refuse; files that state nothing of it keep theirs."""
    path, stating = tmp_path / "matcher.safetensors", replace(facts, **stated)
    for saved, number in ((stating, 2), (facts, 1)):
        save_matcher(path, LatentHead(6), saved)
        assert load_matcher(path).facts == saved
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["ridgecode.matcher"])
        assert about["format"] == number
        assert ("template" in about["facts"], "least_quality" in about["facts"]) == (
            saved.template is not None,
            saved.least_quality > 0,
        )


def test_autoencoder_is_checked_by_its_bytes(tmp_path, facts, autoencoder):
    assert facts.autoencoder_sha256 == hashlib.sha256(autoencoder.read_bytes()).hexdigest()
    save_matcher(tmp_path / "matcher.safetensors", LatentHead(6), facts)
    saved = load_matcher(tmp_path / "matcher.safetensors")
    check_autoencoder(saved, autoencoder)
    save_file({"weight": torch.zeros(3)}, autoencoder)
    with pytest.raises(BadInput, match=r"model\.safetensors is not the autoencoder"):
        check_autoencoder(saved, autoencoder)
    with pytest.raises(BadInput, match=r"gone\.safetensors: can't be read"):
        check_autoencoder(saved, tmp_path / "gone.safetensors")


def test_other_files_are_refused(tmp_path, facts, autoencoder):
    with pytest.raises(BadInput, match=r"none\.safetensors: no such matcher"):
        load_matcher(tmp_path / "none.safetensors")
    with pytest.raises(BadInput, match="not those of a matcher"):
        load_matcher(autoencoder)
    for content in (b"", b"hello", b"\xff" * 100):
        (tmp_path / "broken.safetensors").write_bytes(content)
        with pytest.raises(BadInput, match=r"broken\.safetensors: not a safetensors file"):
            load_matcher(tmp_path / "broken.safetensors")
    with pytest.raises(BadInput, match="not a safetensors file"):
        load_matcher(tmp_path)
    path = tmp_path / "matcher.safetensors"
    save_matcher(path, LatentHead(6, 12, 5), facts)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadInput, match="not a safetensors file"):
        load_matcher(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 4}, "format 4"),
        ({"facts": {"loss": "bce", "template": {"bytes": 65, "bits": 8}}}, "damaged"),
        ({"head": {"latent_dim": 7, "hidden": 12, "embedding_dim": 5, "comparator": "cosine"}}, "damaged"),
        ({"head": {"latent_dim": 6, "hidden": 12, "embedding_dim": 5, "comparator": "dot"}}, "damaged"),
        ({"facts": {"loss": "bce"}}, "damaged"),
    ],
)
def test_headers_that_do_not_fit_are_refused(tmp_path, facts, change, message):
    head, path = LatentHead(6, 12, 5), tmp_path / "matcher.safetensors"
    save_matcher(path, head, facts)
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["ridgecode.matcher"])
    save_file(head.state_dict(), path, metadata={"ridgecode.matcher": json.dumps(about | change)})
    with pytest.raises(BadInput, match=message):
        load_matcher(path)
