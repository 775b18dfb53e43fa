"""Downloading without a network: kagglehub is replaced or missing."""

import sys
import types

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.download import download_socofing, find_socofing


def fake_kagglehub(monkeypatch, dataset_download):
    module = types.ModuleType("kagglehub")
    module.dataset_download = dataset_download
    monkeypatch.setitem(sys.modules, "kagglehub", module)


def test_the_data_sets_folder_is_found_in_the_archive(monkeypatch, tmp_path):
    for copy in ("SOCOFing", "socofing/SOCOFing"):
        (tmp_path / copy / "Real").mkdir(parents=True)
    fake_kagglehub(monkeypatch, lambda slug: str(tmp_path) if slug == "ruizgara/socofing" else None)
    assert download_socofing() == tmp_path / "SOCOFing"


def test_the_copy_nearest_to_the_root_is_taken(tmp_path):
    (tmp_path / "archive/SOCOFing/Real").mkdir(parents=True)
    (tmp_path / "archive/SOCOFing/socofing/SOCOFing/Real").mkdir(parents=True)
    assert find_socofing(tmp_path) == tmp_path / "archive/SOCOFing"
    with pytest.raises(BadInput, match="holds no folder Real"):
        find_socofing(tmp_path / "archive/SOCOFing/Real")


def test_kagglehub_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(BadInput, match=r"ridgecode\[download\]"):
        download_socofing()


def test_no_network_or_no_account(monkeypatch):
    def offline(slug):
        raise ConnectionError("Max retries exceeded\nwith a long story")

    fake_kagglehub(monkeypatch, offline)
    with pytest.raises(BadInput, match="Max retries exceeded") as raised:
        download_socofing()
    assert "\n" not in str(raised.value)
    assert "--root" in str(raised.value)
