"""Command lines in the words of earlier versions, put into today's: what people type and have in scripts works on.

| earlier                                    | today                            |
|--------------------------------------------|----------------------------------|
| train-matcher [--system latent]            | train-head                       |
| train-matcher --system NAME                | train-siamese --system NAME      |
| evaluate --codec NAME                      | evaluate-codec --codec NAME      |
| evaluate --matcher NAME                    | evaluate-minutiae --matcher NAME |
| models                                     | models list                      |
| models MODEL                               | models show MODEL                |
| models MODEL --onnx --out FOLDER           | models export MODEL --out FOLDER |
| models MODEL --fit_codec --data S --out F  | models fit-codec MODEL ...       |
| models --keep RUN --name NAME              | models keep RUN --name NAME      |

A flag that the earlier verb had and today's lacks is dropped where its value is the earlier default.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ridgecode.autoencoders.pretrained import is_model
from ridgecode.commands.verbs import VERBS
from ridgecode.errors import BadInput, did_you_mean
from ridgecode.matching.names import SystemName

OLD_VERBS = {"train-matcher": ("train-head", "train-siamese")}
"""Earlier verbs, each with what it has become."""

_UNSET = {
    "train-matcher": {
        **{"system": "latent", "recipe": "ours", "source": "auto", "split_by": "auto", "n_pairs": "0"},
        **{"image_height": "0", "image_width": "0", "channels": "0", "autoencoder_minutes": "5.0"},
        **{"comparator": "cosine", "loss": "infonce", "pairs": "auto", "movement": "True", "hidden": "512"},
        **{"embedding_dim": "128"},
    },
    "evaluate": {
        **{"codec": "none", "matcher": "none", "view": "whole", "qualities": "", "levels": "all", "jobs": "0"},
        **{"max_prints": "100", "protocols": "auto", "protocol": "auto", "depth_bits": "8", "all_files": "False"},
        **{"window": "frame", "tracker": "none", "threads": "0"},
    },
}
"""Defaults of the flags that the earlier verb had for all its uses."""
_ALSO_UNSET = {"protocols": "none", "protocol": "none", "threads": "1"}
"""Further values that `evaluate --codec` took, and that changed nothing for an image codec."""


def in_todays_words(arguments: Sequence[str]) -> list[str]:
    """The same command line with today's verb. One that has no earlier word in it comes back as it is.

    Raises BadInput for a system that train-matcher never had, and for a misspelt verb behind `models`.
    """
    if not arguments:
        return []
    verb, rest = arguments[0], list(arguments[1:])
    if verb == "train-matcher":
        system = _value(rest, "system")
        is_head = "system" not in _flags(rest) or system == "latent"
        if not is_head and system is not None and system not in get_args(SystemName):
            known = ", ".join(("latent", *get_args(SystemName)))
            raise BadInput(f"--system takes one of {known}, not {system}; see --help")
        return _moved(verb, "train-head" if is_head else "train-siamese", rest)
    if verb == "evaluate":
        if _value(rest, "matcher") not in (None, "none"):
            return _moved(verb, "evaluate-minutiae", rest)
        if _value(rest, "codec") not in (None, "none"):
            return _moved(verb, "evaluate-codec", rest)
        return _moved(verb, verb, rest)
    if verb == "models":
        return _models(rest)
    return list(arguments)


def _models(rest: list[str]) -> list[str]:
    known = {name.split()[1] for name in VERBS if name.startswith("models ")}
    if rest and (rest[0] in known or rest[0] in ("-h", "--help")):
        return ["models", *rest]
    flags = _flags(rest)
    if "keep" in flags:
        return ["models", "keep", *_without(rest, "keep", as_positional=True)]
    for flag, verb in (("fit_codec", "fit-codec"), ("onnx", "export")):
        if flag in flags:
            return ["models", verb, *_without(rest, flag, switch=True)]
    # A misspelt verb looks like the name of a model: `models lst`, `models fit_codec`.
    word = next((one for one in rest if not one.startswith("-")), "")
    near = did_you_mean(word.replace("_", "-"), known) if word else ""
    if near and not is_model(Path(word)) and not Path(word).exists():
        raise BadInput(f"models has no verb {word!r}{near}; see ridgecode models --help")
    return ["models", "show", *rest] if rest else ["models", "list"]


def _moved(old: str, new: str, rest: list[str]) -> list[str]:
    """`rest` behind the verb `new`, without those flags of `old` that `new` lacks and that have their default."""
    known = set(VERBS[new].settings_class().__dataclass_fields__) | {"help"}
    if "protocols" in known:
        known.add("protocol")
    for flag in _flags(rest) - known:
        default = _UNSET[old].get(flag)
        value = _value(rest, flag)
        is_switch = default in ("True", "False")
        same = default is not None and (_same(value, default) or (is_switch and value is None and default == "True"))
        if same or (new == "evaluate-codec" and flag in _ALSO_UNSET and _same(value, _ALSO_UNSET[flag])):
            rest = _without(rest, flag, switch=is_switch and value is None)
    return [new, *rest]


def _same(value: str | None, default: str) -> bool:
    if value is None:
        return False
    try:
        return float(value) == float(default)
    except ValueError:
        return value.lower() == default.lower()


def _flags(arguments: Sequence[str]) -> set[str]:
    """The names of the flags in a command line, with underscores."""
    return {_name(one) for one in arguments if one.startswith("--")}


def _name(argument: str) -> str:
    return argument[2:].partition("=")[0].replace("-", "_")


def _value(arguments: Sequence[str], flag: str) -> str | None:
    """The value of a flag, the last one where it is given twice; None without the flag or without a value."""
    found = None
    for place, one in enumerate(arguments):
        if one.startswith("--") and _name(one) == flag:
            _, has_value, value = one.partition("=")
            found = value if has_value else _behind(arguments, place)
    return found


def _behind(arguments: Sequence[str], place: int) -> str | None:
    """The value that stands behind the flag at `place`; None where there is none."""
    behind = arguments[place + 1 : place + 2]
    return None if not behind or behind[0].startswith("--") else behind[0]


def _without(arguments: Sequence[str], flag: str, switch: bool = False, as_positional: bool = False) -> list[str]:
    """The arguments without a flag and its value. switch: it has no value of its own in the next argument;
    as_positional: its value stays, in front of all."""
    out, first, skip = list[str](), list[str](), False
    for place, one in enumerate(arguments):
        if skip:
            skip = False
        elif one.startswith("--") and _name(one) == flag:
            _, has_value, value = one.partition("=")
            behind = None if switch else _behind(arguments, place)
            if has_value:
                first.append(value)
            elif behind is not None:
                first.append(behind)
                skip = True
        else:
            out.append(one)
    return [*first, *out] if as_positional else out
