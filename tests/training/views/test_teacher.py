"""A teacher's embeddings, in the bank and in a head's loss."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.commands.cli import main
from ridgecode.errors import BadInput
from ridgecode.matching.siamese.ridge import RidgeNetwork
from ridgecode.matching.siamese.saved import SiameseFacts, save_siamese
from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.training.views.teacher import Teacher


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of random weights."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("teacher") / "model.safetensors"
    spec = SiameseSpec("ridge", "ours", 160, 160, 1, 1, 128)
    save_siamese(path, RidgeNetwork().eval(), spec, SiameseFacts(0.5, 0.0, True))
    return path


def test_it_sees_a_view_in_the_middle_of_a_white_frame(teacher_file: Path) -> None:
    teacher, views = Teacher(str(teacher_file), 128, bf16=False), torch.rand(3, 97, 90)
    frames = np.ones((3, 1, 160, 160), np.float32)
    frames[:, 0, 31 : 31 + 97, 35 : 35 + 90] = views.numpy()
    with torch.inference_mode():
        expected = teacher.net.embed(torch.from_numpy(frames)).numpy()
    np.testing.assert_allclose(teacher(views).numpy(), expected, atol=1e-5)


def test_a_teacher_of_other_dims_is_refused(teacher_file: Path) -> None:
    with pytest.raises(BadInput, match="--template_dim"):
        Teacher(str(teacher_file), 64, bf16=False)


def _command(run: Path, model: Path, store: Path, *flags: object) -> list[str]:
    fixed = ["train-head", "--head", "places", "--model", str(model), "--data", str(store), "--run_dir", str(run)]
    fixed += ["--batch_size", "8", "--bank_views", "2", "--renewals", "4", "--threads", "1", "--device", "cpu"]
    return [*fixed, "--tracker", "none", "--evaluate", "false", *(str(flag) for flag in flags)]


def test_a_taught_head_comes_nearer_to_its_teacher(tmp_path: Path, teacher_file: Path, matching_store: Path) -> None:
    flags = ("--teacher", teacher_file, "--teacher_weight", 5, "--max_steps", 40, "--precision", "32")
    assert main(_command(tmp_path / "taught", Path("ridge-whole-1024"), matching_store, *flags)) == 0
    (row,) = [json.loads(line) for line in (tmp_path / "taught" / "metrics.jsonl").read_text().splitlines()]
    terms = {name: row[f"train_{name}"] for name in ("loss", "infonce_probe", "infonce_reference", "teacher")}
    parts = terms["infonce_probe"] + terms["infonce_reference"] + 5 * terms["teacher"]
    assert terms["loss"] == pytest.approx(parts, rel=1e-4)
    assert terms["teacher"] < 0.8  # 1 where templates have nothing to do with the teacher's


def test_a_weight_without_a_teacher_is_refused(
    tmp_path: Path, autoencoder_run: Path, matching_store: Path, refused: Callable[..., str]
) -> None:
    said = refused(*_command(tmp_path / "run", autoencoder_run, matching_store, "--teacher_weight", 2))
    assert "--teacher_weight 2 is for --teacher" in said
    said = refused(*_command(tmp_path / "run", autoencoder_run, matching_store, "--teacher", autoencoder_run))
    assert str(autoencoder_run) in said and not (tmp_path / "run").exists()
