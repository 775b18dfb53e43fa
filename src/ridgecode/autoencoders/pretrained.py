"""The pretrained models that come with ridgecode, and how a model is named: by its run, its file, or one's name.

A pretrained model is `NAME.safetensors`, with 16-bit weights and its card in the header, and `NAME.md`, the same card
to read. `ridgecode models --keep` writes both.
"""

import difflib
from pathlib import Path

from ridgecode.errors import BadInput

PRETRAINED = Path(__file__).with_name("pretrained")
"""The folder that holds them."""
MAX_BYTES = 5_000_000
"""What a pretrained model's file may have: each lies in the repository, and in every wheel."""


def pretrained_names() -> list[str]:
    """The names of the pretrained models, sorted; empty where this copy of ridgecode comes with none."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors") if not path.name.startswith("."))


def pretrained_path(name: str) -> Path:
    """The file of a pretrained model. Raises BadInput for another name, telling the one that is closest to it."""
    if name not in pretrained_names():
        raise BadInput(f"there is no pretrained model {name!r}{nearest_name(name)}; `ridgecode models` lists them")
    return PRETRAINED / f"{name}.safetensors"


def is_pretrained(model: Path | str) -> bool:
    """Whether `model` stands for a pretrained model: one's name, with no file or folder of that name in the way."""
    return str(model) in pretrained_names() and not Path(model).exists()


def model_file(model: Path | str) -> Path:
    """The file of a model that is given as the folder of a run, as a file, or as a pretrained model's name.

    A path that exists wins over a name. Raises BadInput where there is none of them, telling the name that is closest.
    """
    path = Path(model)
    if is_pretrained(model):
        return pretrained_path(str(model))
    file = path / "model.safetensors" if path.is_dir() else path
    if file.is_file():
        return file
    if path.is_dir():
        raise BadInput(f"{file} does not exist; give the folder of a finished train-autoencoder run or its model file")
    raise BadInput(
        f"{path} does not exist and is no pretrained model{nearest_name(str(model))}; give the folder of a finished "
        "train-autoencoder run, its model file, or a name that `ridgecode models` lists"
    )


def nearest_name(name: str) -> str:
    """A question that offers the pretrained model whose name is closest, or nothing where none is close."""
    near = difflib.get_close_matches(name, pretrained_names(), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
