"""What several tests of reports share."""

from pathlib import Path
from typing import Any

import pytest

from ridgecode.report.write import ReportFiles, write_report
from support.rate_files import JPEG_2000, codec_file, coded_runs
from support.report_files import Page


@pytest.fixture(scope="session")
def report(latent_study: list[Path], tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(latent_study, tmp_path_factory.mktemp("report") / "out", title="Study <of> sizes & losses")


@pytest.fixture(scope="session")
def page(report: ReportFiles) -> Page:
    return Page(report.html.read_text())


@pytest.fixture
def given(fake_runs: Any, tmp_path: Path) -> list[Path]:
    """JPEG 2000; AVIF with 0.8 times its bytes, where it can go; runs with 0.3 times its bytes."""
    return [
        *coded_runs(fake_runs, {0.3 * size: mse for size, mse in JPEG_2000.items()}),
        codec_file(tmp_path / "codecs" / "jpeg2000.json", "jpeg2000", JPEG_2000),
        codec_file(tmp_path / "codecs" / "avif.json", "avif", {0.8 * size: JPEG_2000[size] for size in (800, 1600)}),
    ]
