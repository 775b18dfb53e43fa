"""The report of made-up runs, held against the numbers that they were made of."""

import csv
import html.parser
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.study.published import PUBLISHED_BCE, PUBLISHED_MSE
from ridgecode.study.report import ReportFiles, write_report

SIZES = (8, 16, 32, 64, 128, 256, 512)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(html.parser.HTMLParser):
    """Parses a page strictly: every element closed in order; keeps elements and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def report(latent_study: list[Path], tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(latent_study, tmp_path_factory.mktemp("report") / "out", title="Study <of> sizes & losses")


@pytest.fixture(scope="module")
def page(report: ReportFiles) -> Page:
    return Page(report.html.read_text())


def rows_of(files: ReportFiles) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.latent_sizes.read_text())))


def evaluation_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "evaluation.json").read_text()))


def test_csv_has_a_row_a_run_with_its_own_numbers(report: ReportFiles, latent_study: list[Path]) -> None:
    start = "latent_dim,backbone,distortion,bytes,bpp,mse,psnr_db,ssim,"
    assert report.latent_sizes.read_text().startswith(start)
    rows = {row["run"]: row for row in rows_of(report)}
    assert rows.keys() == {run.name for run in latent_study}
    for run in latent_study:
        row, evaluation = rows[run.name], evaluation_of(run)
        for key in ("mse", "mse_low", "mse_high", "psnr_db", "ssim", "bpp", "bytes", "mse_at_depth", "latent_dim"):
            assert float(row[key]) == evaluation[key], key
        assert float(row["pca_mse"]) == evaluation["pca"]["mse"]
        assert float(row["published_mse"]) == PUBLISHED_MSE[evaluation["latent_dim"]]
        assert float(row["encode_per_second"]) == evaluation["encode_per_second"]
        assert float(row["train_seconds"]) == 303.4 and row["epochs"] == "20" and row["seed"] == "0"
        of_moved = [
            entry
            for entry in evaluation["matching"]
            if (entry["system"], entry["protocol"], entry["level"], entry["alteration"])
            == ("cosine on z", "moved", "all", "all")
        ]
        assert float(row["eer_moved"]) == of_moved[0]["eer"] and float(row["eer_moved_low"]) == of_moved[0]["eer_low"]
        bce = evaluation["bce"]
        assert row["bce"] == ("" if bce is None else str(bce))
        assert row["published_bce"] == ("" if bce is None else str(PUBLISHED_BCE[evaluation["latent_dim"]]))


def test_page_is_well_formed_and_loads_nothing(report: ReportFiles, page: Page) -> None:
    for attributes in (attributes for _, attributes in page.elements):
        for key in ("src", "href", "xlink:href", "srcset", "data"):
            value = attributes.get(key) or ""
            assert value == "" or value.startswith(("#", "data:image/png;base64,")), value
    assert not page.all("script", "link", "iframe", "object")
    styles = re.findall(r"<style>(.*?)</style>", report.html.read_text(), flags=re.DOTALL)
    assert len(styles) == 1 and "url(" not in styles[0] and "@import" not in styles[0]
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert "Study <of> sizes & losses" in page.text


def test_every_picture_says_what_it_shows_with_its_numbers(page: Page, latent_study: list[Path]) -> None:
    said = [attributes.get("alt") for attributes in page.all("img")]
    said += [attributes.get("aria-label") for attributes in page.all("svg")]
    assert len(said) >= 2 + 2 + 2 + 4 + 2
    assert all(text and len(text) > 60 and re.search(r"\d", text) for text in said)
    mse = next(text for text in said if text and text.startswith("MSE against latent size"))
    for run in latent_study:
        evaluation = evaluation_of(run)
        assert f"{evaluation['mse']:#.4g} at {evaluation['latent_dim']}" in mse
    assert "0.04673 at 128" in mse and "PCA: " in mse


def test_tables_name_their_rows_and_columns(page: Page) -> None:
    heads = page.all("th")
    assert heads and all(head.get("scope") in ("col", "row", "rowgroup") for head in heads)


def test_page_shows_rounded_numbers_with_their_units(page: Page, latent_study: list[Path]) -> None:
    evaluation = evaluation_of(latent_study[4])
    assert f"{evaluation['mse']:#.4g}" in page.text
    assert f"{evaluation['mse_low']:#.4g}–{evaluation['mse_high']:#.4g}" in page.text
    assert f"{evaluation['psnr_db']:.2f}" in page.text
    for entry in evaluation["matching"]:
        assert f"{100 * entry['eer']:.2f}" in page.text
        assert f"{100 * entry['eer_low']:.2f}–{100 * entry['eer_high']:.2f}" in page.text
    for words in ("bits per pixel", "at 8 bits a dim", "nats", "arXiv:1807.10609", "biometric data", "images/s"):
        assert words in page.text, words


def test_findings_are_true(page: Page, latent_study: list[Path]) -> None:
    found = page.text[
        page.text.index("Findings ridge, mse") : page.text.index("Latent sizes", page.text.index("Matching, moved"))
    ]
    by_mse = {evaluation_of(run)["latent_dim"]: evaluation_of(run) for run in latent_study[:7]}
    assert f"MSE {by_mse[512]['mse']:#.4g}" in found and "Lowest with 512 dims" in found
    assert "Every doubling from 8 to 512 dims lowered it." in found
    wins = [size for size in SIZES if by_mse[size]["mse"] < by_mse[size]["pca"]["mse"]]
    assert wins == [16, 32, 64, 128, 256] and "below PCA's at 16 to 256 dims" in found
    assert f"{by_mse[512]['mse']:#.4g} against {by_mse[512]['pca']['mse']:#.4g} at 512" in found
    published = [size for size in SIZES if by_mse[size]["mse"] < PUBLISHED_MSE[size]]
    assert published == [128, 256, 512] and "below the published one at 128 to 512 dims" in found
    assert "Its BCE is below the published one at all 7 sizes" in found


def test_bce_is_never_ranked_against_mse(report: ReportFiles, page: Page) -> None:
    labels = [attributes["aria-label"] or "" for attributes in page.all("svg")]
    bce = next(label for label in labels if label.startswith("BCE against"))
    assert "ridge, mse" not in bce and "0.4773 at 128" in bce and "entropy floor" in bce
    assert "ridge, bce (its MSE)" in next(label for label in labels if label.startswith("MSE against"))
    assert (report.html.parent / "figures" / "bce.svg").is_file()


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


def test_no_machine_paths_are_told(report: ReportFiles, latent_study: list[Path]) -> None:
    for path in (report.html, report.markdown, report.latent_sizes):
        assert str(latent_study[0].parent) not in path.read_text()


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


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.yaml", b"- a list", "can't be read as YAML"),
        ("evaluation.json", b'{"schema": 2}', "schema 2"),
        ("environment.json", b"\xff\xfe", "can't be read as JSON"),
        ("metrics.jsonl", b"nothing\nhere\n", "one JSON object a line"),
        ("curves.npz", b"PK\x03\x04 not an archive", "can't be read as NumPy arrays"),
        ("sheets/validation.npz", b"", "can't be read as NumPy arrays"),
    ],
)
def test_broken_files_are_named(fake_runs: Any, tmp_path: Path, file: str, content: bytes, message: str) -> None:
    run = fake_runs.autoencoder()
    (run / file).write_bytes(content)
    with pytest.raises(BadInput, match=message) as error:
        write_report([run], tmp_path / "out")
    assert file in str(error.value) and "\n" not in str(error.value)


def test_a_folder_of_another_verb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "config.yaml").write_text("verb: prepare")
    with pytest.raises(BadInput, match="no verb that can be reported"):
        write_report([tmp_path / "store"], tmp_path / "out")


def test_pickled_arrays_are_refused(fake_runs: Any, tmp_path: Path) -> None:
    run = fake_runs.autoencoder()
    np.savez(run / "curves.npz", **{"a|aligned|fmr": np.array([{}], dtype=object)})
    with pytest.raises(BadInput, match="NumPy arrays"):
        write_report([run], tmp_path / "out")


def all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
