"""Reads the parameters of a sweep file: each one's definition becomes its distribution, or is refused by name."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.errors import BadInput, did_you_mean
from ridgecode.sweep.distributions import Continuous, Distribution, Listed, Shape, Value, WholeNumbers

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER_AS_TEXT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
# exp(709) is about the largest float; beyond the margin a value would overflow, or be 0, whose logarithm is none.
_LARGEST_EXPONENT = 700.0
# The normal's quantiles end 8.2 standard deviations from its mean.
_NORMAL_REACH = 8.3
_LARGEST_WHOLE_NUMBER = 2**53
"""Up to here a float holds every whole number; Optuna computes with floats."""
_MOST_GRID_POINTS = 1_000_000


class _Form(NamedTuple):
    """What a distribution's definition holds beside `distribution`, and an example of it."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    example: str


_BOUNDED, _MU_SIGMA, _A_B = ("min", "max"), ("mu", "sigma"), ("a", "b")
_FORMS = {
    "constant": _Form(("value",), (), "value: 128"),
    "categorical": _Form(("values",), (), "values: [8, 16]"),
    "categorical_w_probabilities": _Form(
        ("values", "probabilities"), (), "values: [8, 16], probabilities: [0.25, 0.75]"
    ),
    "int_uniform": _Form(_BOUNDED, (), "min: 1, max: 8"),
    "uniform": _Form(_BOUNDED, (), "min: 0.1, max: 0.9"),
    "q_uniform": _Form(_BOUNDED, ("q",), "distribution: q_uniform, min: 8, max: 64, q: 8"),
    "log_uniform": _Form(_BOUNDED, (), "distribution: log_uniform, min: -9.2, max: -2.3"),
    "log_uniform_values": _Form(_BOUNDED, (), "distribution: log_uniform_values, min: 0.0001, max: 0.1"),
    "q_log_uniform": _Form(_BOUNDED, ("q",), "distribution: q_log_uniform, min: 2.0, max: 6.2, q: 8"),
    "q_log_uniform_values": _Form(_BOUNDED, ("q",), "distribution: q_log_uniform_values, min: 8, max: 512, q: 8"),
    "inv_log_uniform": _Form(_BOUNDED, (), "distribution: inv_log_uniform, min: 2.3, max: 9.2"),
    "inv_log_uniform_values": _Form(_BOUNDED, (), "distribution: inv_log_uniform_values, min: 0.0001, max: 0.1"),
    "normal": _Form((), _MU_SIGMA, "distribution: normal, mu: 0.0, sigma: 1.0"),
    "q_normal": _Form((), (*_MU_SIGMA, "q"), "distribution: q_normal, mu: 64, sigma: 16, q: 8"),
    "log_normal": _Form((), _MU_SIGMA, "distribution: log_normal, mu: -6.0, sigma: 1.0"),
    "q_log_normal": _Form((), (*_MU_SIGMA, "q"), "distribution: q_log_normal, mu: 4.0, sigma: 1.0, q: 8"),
    "beta": _Form((), _A_B, "distribution: beta, a: 2, b: 5"),
    "q_beta": _Form((), (*_A_B, "q"), "distribution: q_beta, a: 2, b: 5, q: 0.1"),
}
_KEYS = ("distribution", "value", "values", "probabilities", "min", "max", "mu", "sigma", "a", "b", "q")
_DEFAULTS = {"mu": 0.0, "sigma": 1.0, "a": 1.0, "b": 1.0, "q": 1}
_NO_GRID = "which a grid can't list; give values, whole min and max, or a q_uniform, or use method random or bayes"


def read_parameters(path: Path, method: str, parameters: Any) -> dict[str, Distribution]:
    """Each parameter's distribution by its name, in the file's order.

    Args:
        path: the sweep file, named in refusals.
        method: grid, random or bayes; a grid refuses what it can't list.
        parameters: the file's `parameters`, as YAML gives them.

    Raises BadInput, naming the parameter, for what is no definition by W&B's rules or what no flag could take.
    """
    if not isinstance(parameters, dict) or not parameters:
        raise BadInput(
            f"{path}: parameters is missing or empty; give at least one, such as latent_dim: {{values: [8, 16]}}"
        )
    read = {}
    for name, definition in parameters.items():
        where = f"{path}: parameter {name}"
        _check_name(where, name)
        if not isinstance(definition, dict):
            raise BadInput(f"{where} is {definition!r}; write {name}: {{value: ...}} or {{values: [...]}}")
        if "parameters" in definition:
            raise BadInput(_nested(where, definition["parameters"]))
        read[name] = _distribution(where, definition)
        if method == "grid" and "probabilities" in definition:
            raise BadInput(f"{where} has probabilities, which a grid does not use; remove them, or use method random")
        if method == "grid":
            _check_grid(where, read[name])
    return read


def _check_grid(where: str, distribution: Distribution) -> None:
    if isinstance(distribution, Listed):
        return
    if isinstance(distribution, WholeNumbers):
        count: int | None = distribution.high - distribution.low + 1
    else:
        count = distribution.grid_points()
    if count is None:
        raise BadInput(f"{where} is a continuous distribution, {_NO_GRID}")
    if count > _MOST_GRID_POINTS:
        raise BadInput(f"{where} has {count:,} values, too many for a grid; give fewer, or use method random or bayes")


def _check_name(where: str, name: Any) -> None:
    if isinstance(name, str) and "." in name:
        part = name.rpartition(".")[2]
        raise BadInput(
            f"{where} has a dotted name, and the flags of a verb are flat; write the flag's own name, such as {part}"
        )
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        near = re.sub(r"\W", "_", str(name)).lower()
        way = f"; write {near}" if _NAME.fullmatch(near) else ""
        raise BadInput(f"{where} is no flag's name, which has lower-case letters, digits and _{way}")
    if name in ("data", "run_dir"):
        raise BadInput(f"{where} is given by the engine (--data or RIDGECODE_DATA; the trial's own folder): remove it")


def _nested(where: str, inner: Any) -> str:
    names = ", ".join(f"{name}: {{...}}" for name in inner) if isinstance(inner, dict) and inner else "NAME: {...}"
    return f"{where} is nested, and the flags of a verb are flat; write its parts as parameters of their own: {names}"


def _distribution(where: str, definition: Mapping[Any, Any]) -> Distribution:
    """The distribution of one definition: its form is checked here, its values in the functions below."""
    for key in definition:
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            raise BadInput(f"{where} has the key {key}, which is not known{near}; a parameter has {', '.join(_KEYS)}")
    kind = definition.get("distribution", _kind_without_a_name(definition))
    if kind is None:
        raise BadInput(f"{where} is {dict(definition)}; write a value, values, or min and max")
    if not isinstance(kind, str) or kind not in _FORMS:
        near = did_you_mean(kind, _FORMS)
        raise BadInput(f"{where}: the distribution {kind} is not known{near}; it is one of {', '.join(_FORMS)}")
    form = _FORMS[kind]
    for key in form.required:
        if key not in definition:
            raise BadInput(f"{where} is {kind} and lacks {key}; write {{{form.example}}}")
    for key in definition:
        if key not in ("distribution", *form.required, *form.optional):
            raise BadInput(f"{where} is {kind}, which takes no {key}; write {{{form.example}}}")
    if "value" in definition:
        return Listed((_value(where, definition["value"]),))
    if "values" in definition:
        return _listed(where, definition)
    numbers = {key: _number(where, key, definition[key]) for key in definition if key != "distribution"}
    read = _numeric(where, kind, {key: numbers.get(key, _DEFAULTS.get(key)) for key in _KEYS})
    if isinstance(read, Continuous) and read.shape != "beta":
        try:
            fits = all(math.isfinite(read.at(quantile)) for quantile in (0.0, 0.5, 1.0))
        except OverflowError:
            fits = False
        if not fits:
            raise BadInput(f"{where} is {kind} of numbers that are too large to compute with; give smaller ones")
    return read


def _kind_without_a_name(definition: Mapping[Any, Any]) -> str | None:
    """The distribution that W&B takes where none is named."""
    if "value" in definition:
        return "constant"
    if "values" in definition:
        return "categorical_w_probabilities" if "probabilities" in definition else "categorical"
    if "min" in definition or "max" in definition:
        whole = all(type(definition.get(key, 0)) is int for key in _BOUNDED)
        return "int_uniform" if whole else "uniform"
    return None


def _numeric(where: str, kind: str, given: Mapping[str, Any]) -> Distribution:
    """The distribution `kind` of numbers, whose definition has the right keys."""
    step = given["q"] if kind.startswith("q_") else None
    if step is not None and step <= 0:
        raise BadInput(f"{where}: q is {step}; it must be above 0")
    shape = kind.removeprefix("q_")
    if shape == "beta":
        return Continuous("beta", _above_0(where, "a", given["a"]), _above_0(where, "b", given["b"]), step=step)
    if shape in ("normal", "log_normal"):
        mu, sigma = given["mu"], _above_0(where, "sigma", given["sigma"])
        reach = abs(mu) + _NORMAL_REACH * sigma if shape == "log_normal" else 0.0
        return _exponential(where, kind, "normal", (mu, sigma), reach, step)
    low, high = given["min"], given["max"]
    if low >= high:
        raise BadInput(f"{where}: min {low} is not below max {high}; write a value where there is only one")
    if kind == "int_uniform":
        if type(low) is not int or type(high) is not int:
            raise BadInput(f"{where} is int_uniform, so min and max must be whole numbers, not {low} and {high}")
        if max(abs(low), abs(high)) > _LARGEST_WHOLE_NUMBER:
            raise BadInput(f"{where} has min {low} and max {high}; whole numbers go up to 2^53")
        return WholeNumbers(low, high)
    if shape == "uniform":
        return Continuous("uniform", low, high, step=step)
    if shape.endswith("_values"):
        if low <= 0:
            raise BadInput(f"{where} is {kind}, so min must be above 0, not {low}")
        return Continuous("uniform", math.log(low), math.log(high), exponential=True, step=step)
    if shape == "inv_log_uniform":  # log(1 / X) is uniform from min to max, so log(X) is from -max to -min
        low, high = -high, -low
    return _exponential(where, kind, "uniform", (low, high), max(abs(low), abs(high)), step)


def _exponential(
    where: str, kind: str, shape: Shape, numbers: tuple[float, float], reach: float, step: int | float | None
) -> Continuous:
    """exp(X) for the kinds that have "log" in their name, else X; `reach` is the largest exponent."""
    if reach > _LARGEST_EXPONENT:
        way = f" ({kind}_values takes the values themselves)" if kind.endswith("log_uniform") else ""
        raise BadInput(f"{where} is {kind}, whose numbers are exponents of e, and exp({reach:g}) is too large{way}")
    return Continuous(shape, *numbers, exponential="log" in kind, step=step)


def _listed(where: str, definition: Mapping[Any, Any]) -> Listed:
    values = definition["values"]
    if not isinstance(values, list) or not values:
        raise BadInput(f"{where}: values is {values!r}; give a list with at least one value")
    read = tuple(_value(where, value) for value in values)
    if "probabilities" not in definition:
        return Listed(read)
    given = definition["probabilities"]
    if not isinstance(given, list) or len(given) != len(values):
        raise BadInput(f"{where}: probabilities must be a list of {len(values)} numbers, one for each of the values")
    probabilities = tuple(float(_number(where, "probabilities", one)) for one in given)
    if min(probabilities) < 0 or not math.isclose(math.fsum(probabilities), 1.0, rel_tol=1e-5):
        raise BadInput(f"{where}: probabilities {given} must be 0 or more and add up to 1")
    return Listed(read, probabilities)


def _value(where: str, value: Any) -> Value:
    if not isinstance(value, bool | int | float | str):
        raise BadInput(f"{where} holds {value!r}; a flag takes a number, a text or true/false")
    _refuse_number_as_text(where, value)
    return value


def _number(where: str, key: str, value: Any) -> int | float:
    _refuse_number_as_text(where, value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{where}: {key} is {value!r}; it must be a number")
    return value


def _refuse_number_as_text(where: str, value: Any) -> None:
    if isinstance(value, str) and _NUMBER_AS_TEXT.fullmatch(value):
        raise BadInput(f"{where} holds {value}, which YAML reads as text; write it with a point and a sign, as 1.0e-3")


def _above_0(where: str, key: str, value: float) -> float:
    if value <= 0:
        raise BadInput(f"{where}: {key} is {value}; it must be above 0")
    return value
