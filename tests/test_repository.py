"""The repository's own files agree with each other (versions, pins, verbs, links) and stay small."""

import ast
import importlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ridgecode.commands.cli import VERBS

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("results/**/*.md")])
SCRIPTS = sorted([*ROOT.glob("benchmarks/*.py"), *ROOT.glob("results/**/*.py")])
PNG_LIMIT = 300_000  # bytes
TREE_LIMIT = 25_000_000  # bytes, without the shipped models
README_WORDS = 1000


def tracked_files() -> list[Path]:
    """The files that git tracks; without git or its history, the files on disk in the repository's folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        folders = ("src", "tests", "docs", "results", "sweeps", "benchmarks")
        found = [*ROOT.iterdir(), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def test_changelog_begins_with_the_version() -> None:
    found = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert found[1] == PROJECT["project"]["version"]


def test_citation_has_the_version_and_the_data_set() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert "arXiv:1807.10609" in [one["value"] for paper in citation["references"] for one in paper["identifiers"]]


def test_every_python_of_the_range_is_declared_and_tested() -> None:
    """The range of requires-python, the classifiers and the matrix of the workflow name the same versions."""
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in allowed]
    classifiers = [text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if ":: Python ::" in text]
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    assert classifiers == versions == workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


@pytest.mark.parametrize("workflow", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda path: path.stem)
def test_workflows_run_targets_of_the_makefile(workflow: Path) -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    called = re.findall(r"run: make PYTHON=python (.+)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)
    assert {target for line in called for target in line.split()} <= set(targets)


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize(
    "text",
    [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ],
)
def test_what_is_installed_is_pinned_within_its_range(text: str) -> None:
    requirement = Requirement(text)
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def test_pins_have_no_local_suffix() -> None:
    """`torch==2.13.0+cpu` would be found on no index; without the suffix every build of 2.13.0 fits."""
    assert [name for name, version in pins().items() if "+" in version] == []


@pytest.mark.parametrize("verb", VERBS)
def test_readme_shows_every_verb(verb: str) -> None:
    first, _, second = verb.partition(" ")
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ridgecode {first} " in page or f"ridgecode {first}`" in page
    assert not second or f"`{second}`" in page or f"ridgecode {verb}" in page


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= README_WORDS


def test_results_hold_no_pages_or_drawings_that_a_report_makes_again() -> None:
    results = [path for path in tracked_files() if path.is_relative_to(ROOT / "results")]
    assert len(results) > 100
    assert [path for path in results if path.suffix in (".html", ".svg")] == []


def test_pictures_are_small() -> None:
    pictures = [path for path in tracked_files() if path.suffix == ".png"]
    assert len(pictures) > 100
    assert [path for path in pictures if path.stat().st_size > PNG_LIMIT] == []


def test_tree_without_models_is_small() -> None:
    files = [path for path in tracked_files() if path.suffix != ".safetensors"]
    assert sum(path.stat().st_size for path in files) < TREE_LIMIT


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_import_what_is_there(script: Path) -> None:
    """No test runs the benchmarks and the scripts of results, so that a module that moves would leave them behind."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ridgecode"):
            module = importlib.import_module(node.module or "")
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    for target in targets:
        file, _, anchor = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
