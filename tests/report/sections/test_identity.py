"""The report's section on one code for both, held against the numbers that the runs were made of."""

import json
from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.read_runs import read_runs
from ridgecode.report.section import Section
from ridgecode.report.sections.identity import identity_sections
from ridgecode.report.study import study_of
from ridgecode.report.write import write_report


def coded(size: float, mse: float, **more: Any) -> dict[str, Any]:
    part = {"payload_bytes": size, "mse": mse, "mse_low": 0.9 * mse, "mse_high": 1.1 * mse, **more}
    return {"coded": part}


def weights(rate: float, identity: float) -> dict[str, Any]:
    return {"rate_weight": rate, "identity_weight": identity}


def with_eer(run: Path, eer: float) -> Path:
    """The same run, its own system's EER on every protocol another."""
    evaluation = json.loads((run / "evaluation.json").read_text())
    for row in evaluation["matching"]:
        if row["system"] == "cosine on z":
            row["eer"] = eer
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    return run


@pytest.fixture
def fake_runs(fake_runs: Any) -> Any:
    fake_runs.protocols = ("aligned", "moved")
    return fake_runs


@pytest.fixture
def runs(fake_runs: Any) -> list[Path]:
    """`beaten` loses to `plain` in bytes, MSE and EER; the other three are each best at something."""
    made = [
        ("plain", weights(0.05, 0.0), coded(35.0, 0.040), 0.30),
        ("both", weights(0.05, 0.01), coded(36.0, 0.042, archive_bytes=41.5), 0.12),
        ("small", weights(0.2, 0.01), coded(20.0, 0.050), 0.15),
        ("beaten", weights(0.05, 0.0001), coded(37.0, 0.041), 0.31),
    ]
    return [
        with_eer(fake_runs.autoencoder(name, settings=settings, figures=figures), eer)
        for name, settings, figures, eer in made
    ]


def section(runs: list[Path]) -> Section:
    (found,) = identity_sections(study_of(read_runs(runs)))
    return found


def test_the_table_has_bytes_mse_and_eer_and_who_is_on_the_front(runs: list[Path]) -> None:
    (table,) = section(runs).tables
    rows = {row.cells[0].small: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["plain"][1:] == ["cosine on z", "0.05", "0", "35.0", "0.04000", "30.00", "30.00", "aligned and moved"]
    assert rows["both"][2:6] == ["0.05", "0.01", "41.5", "0.04200"]
    assert rows["small"][-1] == "aligned and moved"
    assert rows["beaten"][-1] == "none"
    assert len(table.columns) == len(rows["plain"])
    marked = {row.cells[0].small: row.cells[6].best for row in table.rows}
    assert marked == {"plain": True, "both": True, "small": True, "beaten": False}


def test_a_figure_a_protocol_says_every_point(runs: list[Path]) -> None:
    figures = section(runs).figures
    assert [figure.name for figure in figures] == ["identity_aligned", "identity_moved"]
    assert "identity weight 0.01: 42 B, MSE 0.04200, EER 12.00 %" in figures[1].alt
    assert "identity weight 0.0001: 37 B, MSE 0.04100, EER 31.00 %, beaten" in figures[1].alt
    assert "20 B" in figures[0].drawing.svg


def test_a_figure_says_where_no_comparison_was_decided_wrongly(runs: list[Path]) -> None:
    with_eer(runs[1], 0.0)
    alt = section(runs).figures[0].alt
    assert "identity weight 0.01: 42 B, MSE 0.04200, no error in the EER" in alt and "EER 0.00" not in alt


def test_it_stands_on_the_page_alike_each_time(runs: list[Path], tmp_path: Path) -> None:
    one, other = write_report(runs, tmp_path / "one"), write_report(runs, tmp_path / "other")
    assert one.html.read_bytes() == other.html.read_bytes()
    assert "One code for both" in one.html.read_text()


def test_views_are_no_rivals(fake_runs: Any, runs: list[Path]) -> None:
    whole = fake_runs.autoencoder("whole", view="whole", settings=weights(0.05, 0.01), figures=coded(10.0, 0.01))
    found = section([*runs, with_eer(whole, 0.01)])
    assert len(found.figures) == 4
    on = {row.cells[0].small: row.cells[-1].text for row in found.tables[0].rows}
    assert on["plain"] == on["whole"] == "aligned and moved"


def test_a_run_without_a_codec_counts_its_latent_vector(fake_runs: Any) -> None:
    run = fake_runs.autoencoder("uncoded", settings=weights(0.0, 0.01), figures={"bytes": 128, "mse_at_depth": 0.03})
    (row,) = section([run]).tables[0].rows
    assert [cell.text for cell in row.cells[2:6]] == ["0", "0.01", "128.0", "0.03000"]


def test_no_section_without_a_weight_or_several_codes(fake_runs: Any, latent_study: list[Path]) -> None:
    assert identity_sections(study_of(read_runs(latent_study))) == []
    one = fake_runs.autoencoder("one", settings=weights(0.05, 0.0), figures=coded(35.0, 0.04))
    assert identity_sections(study_of(read_runs([one]))) == []
