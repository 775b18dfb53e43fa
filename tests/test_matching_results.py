"""The scripts of results/matching: their tables and DET curves, from small files of known figures."""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).parent.parent / "results" / "matching"
FEW = {"eer": 0.25, "eer_low": 0.2, "eer_high": 0.3, "n_mated": 6, "n_non_mated": 30}
MANY = {**FEW, "fnmr_at_fmr_1": 0.5, "fnmr_at_fmr_0_1": 0.75, "n_mated": 40, "n_non_mated": 6000}


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(FOLDER)
    yield SimpleNamespace(table=import_module("table"), det=import_module("det"))
    for name in ("table", "det"):
        del sys.modules[name]


def row(system: str, protocol: str, bytes: int, **figures: Any) -> dict[str, Any]:
    return {"system": system, "protocol": protocol, "level": "all", "alteration": "all", "bytes": bytes, **figures}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"matching": rows}))
    return path


def lines(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A run's own evaluation, one of a matcher on two sets, and those of a minutiae matcher."""
    none = {"fnmr_at_fmr_1": None, "fnmr_at_fmr_0_1": None}
    left = {**MANY, "n_mated": 39, "n_non_mated": 5900, "n_prints": 70, "n_failed_to_enrol": 1}
    sets = {"FVC2002_DB1_B": {**FEW, **none}, "FCJ2020": {**MANY, "eer": 0.125, "fnmr_at_fmr_0_1": None}}
    run = written(
        tmp_path / "runs" / "mine" / "evaluation.json",
        row("head", "moved", 64, **left),
        row("head", "moved", 64, **{**left, "eer": 0.9}) | {"level": "Hard"},
        row("head at 99 % precision", "moved", 64, **{**left, "eer": 0.9}),
        row("pixels", "moved", 97 * 90, **MANY),
        row("pca16", "moved", 64, **{**MANY, "eer": 0.0625}),
    )
    on_sets = row("head", "impressions-all", 64, **MANY, per_set=sets)
    baselines = (
        row("pca16", "impressions-all", 64, **MANY, per_set=sets),
        row("pixels", "impressions-all", 160 * 160, **MANY, per_set=sets),
    )
    return [
        run,
        written(tmp_path / "mine-sets.json", on_sets, *baselines),
        written(tmp_path / "orb-sets.json", row("orb", "impressions-all", 1180, **MANY, per_set=sets)),
        written(tmp_path / "orb-moved.json", row("orb", "moved", 1100, **MANY)),
    ]


def test_the_tables(scripts: SimpleNamespace, files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    scripts.table.main([*map(str, files), str(files[0])])
    head, _, *eers = lines(capsys.readouterr().out)
    second = next(i for i, line in enumerate(eers) if line[0].startswith("FNMR"))
    eers, (note,), fnmrs = eers[: second - 1], eers[second - 1], eers[second:]
    assert head == ["EER, %", "bytes", "moved", "FCJ2020", "FVC2002_DB1_B"]
    assert eers == [
        ["mine", "64", "25.00 (20.0-30.0) ¹", "12.50 (20.0-30.0)", "25.00 (20.0-30.0)"],
        ["orb", "1,100-1,180", "25.00 (20.0-30.0)", "12.50 (20.0-30.0)", "25.00 (20.0-30.0)"],
        ["pca16 (97x90)", "64", "6.25 (20.0-30.0)", "-", "-"],
        ["pca16 (160x160)", "64", "-", "12.50 (20.0-30.0)", "25.00 (20.0-30.0)"],
        ["pixels (97x90)", "8,730", "25.00 (20.0-30.0)", "-", "-"],
        ["pixels (160x160)", "25,600", "-", "12.50 (20.0-30.0)", "25.00 (20.0-30.0)"],
        ["mated / non-mated", "", "40 / 6,000", "40 / 6,000", "6 / 30"],
    ]
    assert note == "¹ 39 / 5,900 comparisons: 1 of 70 prints failed to enrol."
    assert fnmrs[0] == ["FNMR at FMR 1 % / 0.1 %, %", "moved", "FCJ2020", "FVC2002_DB1_B"]
    assert fnmrs[2] == ["mine", "50.0 / 75.0", "50.0 / -", "-"]
    assert [line[0] for line in fnmrs[2:]] == [line[0] for line in eers[:-1]]


def test_det_curves_end_where_a_list_shows_no_lower_fmr(
    scripts: SimpleNamespace, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, on_sets, orb_on_sets, _ = files
    random, drawn = np.random.default_rng(0), []
    fmr, fnmr = np.array([1, 0.5, 0.1, 0.0006, 0.0005, 0]), np.array([0, 0.1, 0.2, 0.3, 0.4, 1])
    np.savez(run.with_name("curves.npz"), **{f"{s}|moved|{r}": v for s in ("head", "pixels", "pca16") for r, v in
             (("fmr", fmr), ("fnmr", fnmr))})  # fmt: skip
    # 30 and 6,000 non-mated comparisons
    sets = np.repeat(["FVC2002_DB1_B", "FCJ2020"], (36, 6040))
    mated = np.r_[np.arange(36) < 6, np.arange(6040) < 40]
    scores = np.rint(random.normal(size=6076) * 50 + 100 * mated)
    pairs = pa.table({"mated": mated, "set": sets, "score": scores})
    pq.write_table(pairs, orb_on_sets.with_name("orb-sets-comparisons.parquet"))
    monkeypatch.setattr(scripts.det, "det_panels", lambda panels: drawn.append(panels) or b"")
    scripts.det.main(str(run.with_name("det.png")), [str(run), str(orb_on_sets)])
    (panels,) = drawn
    assert {name: list(of) for name, of in panels.items()} == {
        "moved": ["mine", "pixels (97x90)", "pca16 (97x90)"],
        "FVC2002_DB1_B": ["orb"],
        "FCJ2020": ["orb"],
    }
    np.testing.assert_array_equal(panels["moved"]["mine"].fnmr, fnmr[:4])  # 5,900 show 0.06 %, and not 0.05 %
    assert panels["moved"]["pca16 (97x90)"].reference and not panels["moved"]["mine"].reference
    for name, least in (("FVC2002_DB1_B", 3 / 30), ("FCJ2020", 3 / 6000)):
        curve, here = panels[name]["orb"], sets == name
        assert len(curve.fmr) > 3 and (curve.fmr >= least).all()
        measured = [
            (np.mean(scores[here & ~mated] >= threshold), np.mean(scores[here & mated] < threshold))
            for threshold in np.unique(scores[here])
        ]
        for point in zip(curve.fmr, curve.fnmr, strict=True):
            assert np.abs(np.array(measured) - point).sum(axis=1).min() < 1e-12
    with pytest.raises(SystemExit, match=r"mine-sets.json: neither .*curves.npz nor .*parquet lies beside it"):
        scripts.det.main(str(run.with_name("det.png")), [str(on_sets)])
    on_sets.with_name("mine-sets-files").mkdir()
    np.savez(on_sets.with_name("mine-sets-files") / "curves.npz", **{"head|impressions-all|fmr": fmr})
    with pytest.raises(SystemExit, match=r"mine-sets.json: no error curve of mine on FVC2002_DB1_B beside it"):
        scripts.det.main(str(run.with_name("det.png")), [str(on_sets)])


def test_det_curves_are_drawn(scripts: SimpleNamespace) -> None:
    curve = scripts.det.ErrorCurve
    rates = np.geomspace(1, 0.001, 20)
    panels = {
        name: {"mine": curve("mine", rates, 1 - rates), "pixels (97x90)": curve("pixels (97x90)", rates, rates, True)}
        for name in ("moved", "aligned", "FCJ2020", "UareU")
    }
    png = scripts.det.det_panels(panels)
    assert png.startswith(b"\x89PNG") and png == scripts.det.det_panels(panels)
    assert png != scripts.det.det_panels({name: of for name, of in panels.items() if name != "UareU"})
