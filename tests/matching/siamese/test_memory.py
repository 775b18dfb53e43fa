"""The estimate of a training's memory, by hand and beside measured peaks; the refusal and its suggestion."""

import re

import pytest

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.memory import Work, check_training_memory, training_memory
from ridgecode.matching.siamese.systems import PAIR_SYSTEMS, SiameseSpec, build_siamese, siamese_spec
from ridgecode.runs.memory import FreeMemory


def spec(system: str, height: int, width: int, recipe: str = "ours") -> SiameseSpec:
    return siamese_spec(system, recipe, (height, width), height, width)  # type: ignore[arg-type]


@pytest.mark.parametrize("system", PAIR_SYSTEMS)
@pytest.mark.parametrize("recipe", ["published", "ours"])
def test_weights_are_those_of_the_real_network(system: str, recipe: str) -> None:
    small = spec(system, 60, 58, recipe)
    real = sum(p.numel() for p in build_siamese(small).parameters())
    assert training_memory(small, Work(2, 10)).weights == real


def test_the_estimate_of_a_network_of_dense_layers_by_hand() -> None:
    # Weights, gradients and Adam's two averages, and two copies while a checkpoint is written; then the images.
    weights = 1000 * 600 * 128 + 128 + 2 * (128 * 128 + 128)
    found = training_memory(spec("stripes", 1000, 600), Work(2, 24)).bytes
    assert found == pytest.approx(6 * 4 * weights + 24 * 1000 * 600 + 100e6, rel=0.01)


# Peaks of resident memory over that of a training of the smallest input, on 24 images.
PEAKS = [("contrastive", 300, 400, 128, 2454), ("l1", 140, 100, 16, 1649), ("subtract", 200, 200, 8, 700)]


@pytest.mark.parametrize(("system", "height", "width", "batch_size", "mebibytes"), PEAKS)
def test_the_estimate_beside_measured_peaks(
    system: str, height: int, width: int, batch_size: int, mebibytes: int
) -> None:
    found = training_memory(spec(system, height, width), Work(batch_size, 24, whole_batch=system == "subtract"))
    assert 0.97 < found.bytes / 2**20 / mebibytes < 1.3


def test_embeddings_and_pairs_count() -> None:
    small, work = spec("subtract-conv", 90, 90), Work(32, 1000)
    alone = training_memory(small, work).bytes
    # An embedding has 64 x 22 x 22 floats; validation copies its images twice.
    held = training_memory(small, work._replace(n_validated=500)).bytes - alone
    assert held == 500 * (4 * 64 * 22 * 22 + 2 * 90 * 90)
    assert training_memory(small, work._replace(n_pairs=10**9)).bytes - alone == 10**11


@pytest.mark.parametrize("system", PAIR_SYSTEMS)
@pytest.mark.parametrize("shape", [(600, 800), (4000, 3000), (1200, 90), (100, 9000)])
def test_the_suggestion_of_a_refusal_is_accepted(system: str, shape: tuple[int, int]) -> None:
    free, work = FreeMemory(2_000_000_000, "of this machine"), Work(128, 24)
    large = spec(system, *(max(side, 58) for side in shape))
    if training_memory(large, work).bytes <= free.bytes:
        pytest.skip("this network is small enough")
    with pytest.raises(BadInput) as raised:
        check_training_memory(large, work, free)
    said = str(raised.value)
    assert f"--system {system} with an input of {large.height} rows and {large.width} columns has" in said
    assert f"{training_memory(large, work).weights:,} weights" in said
    flags = re.search(r"give --image_height (\d+) --image_width (\d+)$", said)
    assert flags is not None, said
    check_training_memory(spec(system, int(flags[1]), int(flags[2])), work, free)


def test_where_a_smaller_input_does_not_help() -> None:
    free = FreeMemory(700_000_000, "of this machine")
    with pytest.raises(BadInput, match=r"give a smaller --batch_size, such as the recipe's 128$"):
        check_training_memory(spec("contrastive", 12, 10), Work(10**6, 24), free)
    with pytest.raises(BadInput, match=r"give fewer --n_pairs than 1000000000$"):
        check_training_memory(spec("contrastive", 12, 10), Work(128, 24, 10**9), free)
    with pytest.raises(BadInput, match="a machine with more memory"):
        check_training_memory(spec("contrastive", 12, 10), Work(128, 24), FreeMemory(1000, "of this machine"))


def test_a_merely_large_network_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    check_training_memory(spec("stripes", 160, 160), Work(128, 24), None, warn=True)
    check_training_memory(spec("l1", 100, 100, "published"), Work(16, 24), None, warn=True)
    assert capsys.readouterr().err == ""
    check_training_memory(spec("stripes", 1000, 600), Work(4, 24), None, warn=True)
    said = capsys.readouterr().err
    assert "1000 rows and 600 columns has 76,833,152 weights" in said
    assert "--image_height 160 --image_width 96 makes it smaller" in said
