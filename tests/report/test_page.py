"""The page of made-up runs: well-formed, complete, and with the numbers that the runs were made of."""

import re
from pathlib import Path

from ridgecode.report.write import ReportFiles
from support.report_files import Page, evaluation_of


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


def test_bce_is_never_ranked_against_mse(report: ReportFiles, page: Page) -> None:
    labels = [attributes["aria-label"] or "" for attributes in page.all("svg")]
    bce = next(label for label in labels if label.startswith("BCE against"))
    assert "ridge, mse" not in bce and "0.4773 at 128" in bce and "entropy floor" in bce
    assert "ridge, bce (its MSE)" in next(label for label in labels if label.startswith("MSE against"))
    assert (report.html.parent / "figures" / "bce.svg").is_file()


def test_no_machine_paths_are_told(report: ReportFiles, latent_study: list[Path]) -> None:
    for path in (report.html, report.markdown, report.latent_sizes):
        assert str(latent_study[0].parent) not in path.read_text()
