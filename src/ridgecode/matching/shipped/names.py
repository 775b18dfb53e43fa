"""The matchers that come with ridgecode, and the file that a run, a path or such a matcher's name stands for.

A shipped matcher is `NAME.safetensors`, with 8-bit weights and its card in the header, and `NAME.md`, the same card as
a page. `ridgecode models keep` writes both.
"""

from pathlib import Path

from ridgecode.autoencoders.pretrained import pretrained_names
from ridgecode.errors import BadInput, did_you_mean

SHIPPED = Path(__file__).with_name("files")
"""The folder that holds them."""
DEFAULT_MATCHER = Path("ridge-match")
"""The matcher of images that `ridgecode verify` takes where none is named."""


def shipped_names() -> list[str]:
    """The names of the shipped matchers, sorted; empty where this copy of ridgecode comes with none."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors") if not path.name.startswith("."))


def shipped_path(name: str) -> Path:
    """The file of a shipped matcher. Raises BadInput for another name, and suggests the closest one."""
    if name not in shipped_names():
        raise BadInput(f"there is no shipped matcher {name!r}{nearest_name(name)}; `ridgecode models list` lists them")
    return SHIPPED / f"{name}.safetensors"


def is_shipped(matcher: Path | str) -> bool:
    """Whether `matcher` is the name of a shipped matcher, and no file or folder has that name."""
    return str(matcher) in shipped_names() and not Path(matcher).exists()


def matcher_file(matcher: Path | str) -> Path:
    """The file of a matcher that is given as the folder of a run, as a file, or as the name of a shipped matcher.

    A path that exists goes before a name. Raises BadInput where `matcher` is none of these, and suggests the closest
    name.
    """
    path = Path(matcher)
    if is_shipped(matcher):
        return shipped_path(str(matcher))
    file = path / "model.safetensors" if path.is_dir() else path
    if file.is_file():
        return file
    if path.is_dir():
        raise BadInput(f"{file} does not exist; give the folder of a finished train-head or train-siamese run")
    raise no_matcher(matcher)


def no_matcher(matcher: Path | str) -> BadInput:
    """The error for what is no run, no file and no name of a matcher."""
    return BadInput(
        f"{matcher} is not a run, a matcher's file or a shipped matcher{nearest_name(str(matcher))}; give the folder "
        "of a train-head or train-siamese run, or a name that `ridgecode models list` shows"
    )


def nearest_name(name: str) -> str:
    """ " (did you mean NAME?)" with the shipped matcher or pretrained model whose name is closest; "" where none is."""
    return did_you_mean(name, [*shipped_names(), *pretrained_names()])
