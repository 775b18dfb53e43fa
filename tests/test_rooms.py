"""The rooms of src/ridgecode: which may import which, how large they are, and that the tests lie as the sources do."""

import ast
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src"
MODULES = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in sorted(SOURCE.rglob("*.py"))}

ROOMS = (
    *("runs", "prints", "autoencoders", "codec", "matching", "figures", "training", "evaluation"),
    *("report", "sweep", "commands"),
)
"""In the order the data flows: each may import from itself and from those before it."""
APART = {"training", "evaluation"}
"""Rooms side by side: neither imports from the other."""
FOR_ALL = ("errors", "files")
"""Modules beside the rooms that every room may import; they import from no room."""
FRONT_DOOR = ("__init__", "__main__")
"""What users enter by: it may import from every room, and no room imports from it."""
ONLY_IN = {
    **dict.fromkeys(("lightning", "lightning_fabric", "pytorch_lightning", "torchmetrics"), ("training",)),
    "wandb": ("runs.tracking", "sweep"),
    "optuna": ("sweep",),
    "jsonargparse": ("commands",),
}
"""Packages that only these rooms or files know."""
MOST_FILES = 22
"""Python files in a folder of sources."""
MOST_LINES = 300

WITHOUT_SOURCE = {
    "test_rooms": "the sources as a whole",
    "test_repository": "the files of the repository",
    "test_committed_commands": "command lines and runs that are committed",
    "test_matching_results": "the scripts of results/matching",
    "test_pinned_bytes": "the bytes of all shipped models",
    "test_front_door": "ridgecode/__init__.py",
    "test_light_starts": "what the verbs load",
    "test_imports": "what the room runs/ loads",
    "test_places_head": "train-head with the head that sees places, from training to evaluation",
    "test_siamese_sizes": "image Siamese systems on images of many sizes, from training to verify",
    "test_old_runs": "runs of earlier versions under today's verbs",
    "test_committed_sweeps": "the files in sweeps/",
    "test_full_runs": "report/ of runs of the view full",
    "test_keep_full": "commands/models/keep.py with a model of the view full",
    "test_ridge_damage": "damaged files of codec/ridge_file.py",
    "test_full_disk": "what the verbs do where nothing more can be written",
}
"""Tests that are of no single source file, and what they are of."""


def imported(module: str, source: str) -> set[str]:
    """The dotted names that `module` imports anywhere: at its top, in functions, and for type checking alone.

    `from a import b` counts as `a.b`, since b may be a module.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package that holds the module: the name without its last part, `__init__` included.
            above = module.split(".")[: -node.level] if node.level else []
            names |= {".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names}
    return names


def breaches(module: str, source: str) -> list[str]:
    """What `module` imports against the rules, a sentence each."""
    room, inside = room_of(module), module.removeprefix("ridgecode.")
    found = []
    for name in sorted(imported(module, source)):
        package = name.split(".")[0]
        places = ONLY_IN.get(package, ())
        if places and not any(inside == place or inside.startswith(f"{place}.") for place in places):
            found.append(f"{module} imports {name}, which only {' and '.join(places)} may")
        if package == "ridgecode" and not may_import(room, room_of(name)):
            found.append(f"{module} imports {name}, which does not come before it")
    return found


def room_of(name: str) -> str:
    """The part after `ridgecode`: a room, or a module beside the rooms; `ridgecode` alone is its __init__."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in (*ROOMS, *FOR_ALL, "__main__") else "__init__"


def may_import(room: str, other: str) -> bool:
    if room in FRONT_DOOR or other == room or other in FOR_ALL:
        return True
    if {room, other} == APART:
        return False
    return room in ROOMS and other in ROOMS and ROOMS.index(other) < ROOMS.index(room)


def circles(sources: dict[str, str]) -> list[list[str]]:
    """The groups of modules that import each other, directly or by way of others; `sources` by module."""
    graph = {
        module: {found for name in imported(module, text) if (found := longest_module(name, sources)) != module}
        for module, text in sources.items()
    }
    reach = {module: reachable(module, graph) for module in graph}
    groups = {tuple(sorted({module} | {o for o in reach[module] if module in reach[o]})) for module in graph}
    return [list(group) for group in sorted(groups) if len(group) > 1]


def longest_module(name: str, sources: dict[str, str]) -> str:
    """The module that an imported name lies in; "" where it is none of `sources`."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if (found := ".".join(parts[:end])) in sources:
            return found
    return ""


def reachable(module: str, graph: dict[str, set[str]]) -> set[str]:
    seen, waiting = set[str](), [module]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def test_every_module_has_its_place() -> None:
    """A new room or a module beside the rooms is put into the lists above on purpose."""
    places = {name.split(".")[1] for name in MODULES}
    assert places <= {*ROOMS, *FOR_ALL, *FRONT_DOOR}
    assert set(ROOMS) <= places


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_from_those_before_it(module: str) -> None:
    assert breaches(module, MODULES[module].read_text(encoding="utf-8")) == []


def test_no_files_import_each_other() -> None:
    assert circles({module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}) == []


def test_folders_and_files_stay_small() -> None:
    sizes = Counter(path.parent.relative_to(SOURCE).as_posix() for path in MODULES.values())
    assert {folder: n for folder, n in sizes.items() if n > MOST_FILES} == {}
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: n for module, n in lines.items() if n > MOST_LINES} == {}


def test_tests_lie_as_their_sources_do() -> None:
    strange = []
    for path in sorted(TESTS.rglob("test_*.py")):
        place = path.relative_to(TESTS)
        source = SOURCE / "ridgecode" / place.parent / place.name.removeprefix("test_")
        if not source.is_file() and path.stem not in WITHOUT_SOURCE:
            strange.append(place.as_posix())
    assert strange == []


@pytest.mark.parametrize(
    ("module", "source", "count"),
    [
        ("ridgecode.prints.store", "from ridgecode.errors import BadInput", 0),
        ("ridgecode.prints.store", "from ridgecode.runs.progress import with_progress", 0),
        ("ridgecode.prints.store", "from ridgecode.autoencoders.pca import PCA", 1),
        ("ridgecode.prints.store", "import ridgecode.matching.heads", 1),
        ("ridgecode.prints.store", "from ..matching import heads", 1),
        ("ridgecode.prints.store", "from . import labels", 0),
        ("ridgecode.prints.synthetic.ridges", "from .. import store", 0),
        ("ridgecode.prints.synthetic.ridges", "from ... import report", 1),
        ("ridgecode.prints.store", "from ridgecode import report", 1),
        ("ridgecode.prints.store", "from ridgecode import Autoencoder", 1),
        ("ridgecode.matching.heads", "def f():\n    import wandb", 1),
        ("ridgecode.matching.heads", "from pytorch_lightning.callbacks import Callback", 1),
        (
            "ridgecode.training.fit",
            "import pytorch_lightning as pl\nfrom ridgecode.codec.quantise import UniformQuantiser",
            0,
        ),
        ("ridgecode.training.fit", "from ridgecode.evaluation.places import Places", 1),
        ("ridgecode.evaluation.places", "from ridgecode.training.fit import fit", 1),
        ("ridgecode.report.write", "from ridgecode.evaluation.names import folder_beside", 0),
        ("ridgecode.runs.tracking", "import wandb", 0),
        ("ridgecode.runs.run_folder", "import wandb", 1),
        ("ridgecode.sweep.suggestions", "import optuna", 0),
        ("ridgecode.commands.sweep", "import optuna", 1),
        ("ridgecode.sweep.run", "from ridgecode.commands.cli import main", 1),
        ("ridgecode.errors", "from ridgecode.prints.store import PrintStore", 1),
        ("ridgecode.__main__", "from ridgecode.commands.cli import main", 0),
    ],
)
def test_the_rule_finds_a_breach(module: str, source: str, count: int) -> None:
    assert len(breaches(module, source)) == count


def test_the_rule_finds_a_circle() -> None:
    sources = {
        "a.one": "from a.two import f",
        "a.two": "def f():\n    from a import three",
        "a.three": "import a.one",
        "a.four": "from a.one import g",
    }
    assert circles(sources) == [["a.one", "a.three", "a.two"]]
