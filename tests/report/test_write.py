"""A report is written whole, alike each time, and without torch or W&B."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput
from ridgecode.report.write import ReportFiles, write_report


def all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_second_report_is_the_same_bytes_and_leaves_other_files_alone(fake_runs: Any, tmp_path: Path) -> None:
    runs = [fake_runs.autoencoder(latent_dim=size) for size in (8, 16)]
    out = tmp_path / "out"
    first = {path: path.read_bytes() for path in all_files(write_report(runs, out).html.parent)}
    (out / "README.md").write_text("mine")
    assert {path: path.read_bytes() for path in all_files(write_report(runs, out).html.parent)} == {
        **first,
        out / "README.md": b"mine",
    }
    write_report([fake_runs.autoencoder(latent_dim=8, name="poor", leave_out=("evaluation.json", "curves.npz"))], out)
    assert not (out / "figures" / "roc_moved.png").exists() and not (out / "figures" / "roc_moved.svg").exists()
    assert (out / "README.md").read_text() == "mine"


def test_a_report_that_fails_leaves_the_old_one(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    out = tmp_path / "out"
    write_report([run], out)
    before = {path: path.read_bytes() for path in all_files(out)}
    (run / "evaluation.json").write_text("{")
    with pytest.raises(BadInput, match=r"evaluation\.json can't be read as JSON"):
        write_report([run], out)
    assert {path: path.read_bytes() for path in all_files(out)} == before


def test_bad_input_is_told_in_one_sentence(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    cases = {
        "no runs were given": ([], tmp_path / "out"),
        "there is no run folder": ([tmp_path / "nowhere"], tmp_path / "out"),
        "has no config.yaml": ([run, tmp_path / "empty"], tmp_path / "out"),
        "is a file, not a run folder": ([tmp_path / "file"], tmp_path / "out"),
        "holds runs but is no run itself": ([run.parent], tmp_path / "out"),
        "--out .* is a file": ([run], tmp_path / "file"),
        "--out .* is a run folder": ([run], run),
    }
    for message, (runs, out) in cases.items():
        with pytest.raises(BadInput, match=message):
            write_report(runs, out)
    assert not (tmp_path / "out").exists()


def test_markdown_links_every_figure_that_lies_beside_it(report: ReportFiles) -> None:
    text = report.markdown.read_text()
    linked = set(re.findall(r"\]\((figures/[^)]+\.png)\)", text))
    lying = {f"figures/{path.name}" for path in (report.markdown.parent / "figures").glob("*.png")}
    assert linked == lying and {path for path in report.figures if path.suffix == ".png"}
    assert all(path.is_file() for path in report.figures)
    tables = [block for block in text.split("\n\n") if block.startswith("| ") and block.count("\n") > 2]
    assert len(tables) >= 5
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table[:200]


def test_a_report_loads_neither_torch_nor_lightning_nor_wandb(fake_runs: Any, tmp_path: Path) -> None:
    code = (
        "import sys; from ridgecode.report.write import write_report; "
        f"write_report([{str(fake_runs.autoencoder())!r}], {str(tmp_path / 'out')!r}); "
        "print(*({'torch', 'lightning', 'pytorch_lightning', 'wandb'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert (tmp_path / "out" / "report.html").is_file()
