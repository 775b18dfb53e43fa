"""The pretrained models that come with ridgecode, and the file that a run, a path or such a model's name stands for.

A pretrained model is `NAME.safetensors`, with 16-bit weights and its card in the header, and `NAME.md`, the same card
as a page. `ridgecode models keep` writes both.
"""

from pathlib import Path

from ridgecode.errors import BadInput, did_you_mean

PRETRAINED = Path(__file__).with_name("pretrained")
"""The folder that holds them."""
MAX_BYTES = 5_000_000
"""The largest size of a pretrained model's file, since all of them are in the repository and in every wheel."""


def pretrained_names() -> list[str]:
    """The names of the pretrained models, sorted; empty where this copy of ridgecode comes with none."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors") if not path.name.startswith("."))


def pretrained_path(name: str) -> Path:
    """The file of a pretrained model. Raises BadInput for another name, and suggests the closest one."""
    if name not in pretrained_names():
        raise BadInput(f"there is no pretrained model {name!r}{nearest_name(name)}; `ridgecode models` lists them")
    return PRETRAINED / f"{name}.safetensors"


def is_pretrained(model: Path | str) -> bool:
    """Whether `model` is the name of a pretrained model, and no file or folder has that name."""
    return str(model) in pretrained_names() and not Path(model).exists()


def is_model(path: Path) -> bool:
    """Whether `path` is a model without a run's folder: a model file, or the name of a pretrained model."""
    return path.is_file() or is_pretrained(path)


def model_file(model: Path | str) -> Path:
    """The file of a model that is given as the folder of a run, as a file, or as the name of a pretrained model.

    A path that exists goes before a name. Raises BadInput where `model` is none of these, and suggests the closest
    name."""
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
    """ " (did you mean NAME?)" with the pretrained model whose name is closest, or "" where none is close."""
    return did_you_mean(name, pretrained_names())
