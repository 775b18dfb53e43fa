"""Rooms import only from the rooms above them, and only `study` knows Lightning and W&B."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
ROOMS = ("prints", "autoencoders", "codec", "matching", "study", "cli")
"""In the order the data flows: each may import from itself and from those before it."""
FOR_ALL = ("errors", "files")
"""Modules beside the rooms that every room may import; they import from no room."""
FRONT_DOOR = ("__init__", "__main__")
"""What users enter by; it may import from every room, and no room imports from it."""
ONLY_IN_STUDY = {"lightning", "lightning_fabric", "pytorch_lightning", "sweeps", "torchmetrics", "wandb"}
MODULES = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in sorted(SOURCE.rglob("*.py"))}


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
    room = room_of(module)
    found = []
    for name in sorted(imported(module, source)):
        parts = name.split(".")
        if parts[0] in ONLY_IN_STUDY and room != "study":
            found.append(f"{module} imports {name}, which only study knows")
        if parts[0] == "ridgecode" and not may_import(room, room_of(name)):
            found.append(f"{module} imports {name}, which is not above it")
    return found


def room_of(name: str) -> str:
    """The part after `ridgecode`: a room, or a module beside the rooms; `ridgecode` alone is its __init__."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in (*ROOMS, *FOR_ALL, "__main__") else "__init__"


def may_import(room: str, other: str) -> bool:
    if room in FRONT_DOOR or other == room or other in FOR_ALL:
        return True
    return room in ROOMS and other in ROOMS and ROOMS.index(other) < ROOMS.index(room)


def test_every_module_has_its_place() -> None:
    """A new room or a module beside the rooms is put into the lists above on purpose."""
    places = {name.split(".")[1] for name in MODULES}
    assert places <= {*ROOMS, *FOR_ALL, *FRONT_DOOR}
    assert set(ROOMS) <= places


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_upward(module: str) -> None:
    assert breaches(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source", "count"),
    [
        ("ridgecode.prints.store", "from ridgecode.errors import BadInput", 0),
        ("ridgecode.prints.store", "from ridgecode.autoencoders.pca import PCA", 1),
        ("ridgecode.prints.store", "import ridgecode.matching.heads", 1),
        ("ridgecode.prints.store", "from ..matching import heads", 1),
        ("ridgecode.prints.store", "from . import labels", 0),
        ("ridgecode.prints.synthetic.ridges", "from .. import store", 0),
        ("ridgecode.prints.synthetic.ridges", "from ... import study", 1),
        ("ridgecode.prints.store", "from ridgecode import study", 1),
        ("ridgecode.prints.store", "from ridgecode import Autoencoder", 1),
        ("ridgecode.matching.heads", "def f():\n    import wandb", 1),
        ("ridgecode.matching.heads", "from pytorch_lightning.callbacks import Callback", 1),
        ("ridgecode.study.tracking", "import wandb\nfrom ridgecode.codec.quantise import UniformQuantiser", 0),
        ("ridgecode.study.report", "from ridgecode.cli import main", 1),
        ("ridgecode.errors", "from ridgecode.prints.store import PrintStore", 1),
        ("ridgecode.__main__", "from ridgecode.cli import main", 0),
    ],
)
def test_the_rule_finds_a_breach(module: str, source: str, count: int) -> None:
    assert len(breaches(module, source)) == count
