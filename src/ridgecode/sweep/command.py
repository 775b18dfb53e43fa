"""The command of a sweep file: which verb a trial runs, and in which form it gets the parameters.

What `wandb agent` makes of a command (wandb 0.31, wandb/wandb_agent.py `Agent._command_run` and
wandb/sdk/launch/sweeps/utils.py): there is no shell, so nothing is quoted; a macro is replaced by its arguments, and
each parameter is written by Python's own `str`: booleans as `True` and `False`, floats as `1e-05`.

    ${env}                     /usr/bin/env
    ${interpreter}             python
    ${program}                 the file's key `program`
    ${args}                    --latent_dim=8 --flip=True
    ${args_no_boolean_flags}   --latent_dim=8 --flip, and nothing for a false one
    ${args_no_equals}          --latent_dim 8 --flip True
    ${envvar:NAME}             the environment variable NAME, inside an argument or as one

The other macros write the parameters as no verb of ridgecode reads them, and are refused.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.errors import BadInput, did_you_mean
from ridgecode.sweep.distributions import Value

_FORM = "write command: [ridgecode, VERB, ${args}]"
_ARGUMENT_MACROS = ("${args}", "${args_no_boolean_flags}", "${args_no_equals}")
_REFUSED_MACROS = {
    "${args_no_hyphens}": "name=value without hyphens",
    "${args_json}": "JSON",
    "${args_json_file}": "a JSON file",
    "${args_dict}": "a dictionary",
    "${args_append_hydra}": "+name=value",
    "${args_override_hydra}": "++name=value",
}
_PROGRAM_MACROS = ("${env}", "${interpreter}", "${program}")
_KNOWN_MACROS = (*_ARGUMENT_MACROS, *_REFUSED_MACROS, *_PROGRAM_MACROS, "${envvar:NAME}")
_MACRO = re.compile(r"\$\{[^}]*\}?")
_ENVIRONMENT_VARIABLE = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")
_FIXED = re.compile(r"--([a-z][a-z0-9_]*)=[^$]*")


class TrialCommand(NamedTuple):
    """A trial's command: its verb, and the verb's arguments in their order, one of them the parameters' macro."""

    verb: str
    arguments: tuple[str, ...]

    @property
    def macro(self) -> str:
        """The macro that stands for the parameters."""
        return next(part for part in self.arguments if part in _ARGUMENT_MACROS)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The arguments that every trial gets alike, each as --name=value."""
        return tuple(part for part in self.arguments if part not in _ARGUMENT_MACROS)

    @property
    def fixed_names(self) -> tuple[str, ...]:
        """The flags that `fixed` sets, without their hyphens."""
        return tuple(part[2:].partition("=")[0] for part in self.fixed)

    def filled(self, parameters: Mapping[str, Value]) -> list[str]:
        """The verb and its arguments, with the parameters in place of the macro."""
        written = [self.verb]
        for part in self.arguments:
            written += _written(part, parameters) if part in _ARGUMENT_MACROS else [part]
        return written


def argument(name: str, value: Value) -> str:
    """One parameter as a command-line argument, character for character as `wandb agent` writes it."""
    return f"--{name}={value}"


def read_command(path: Path, command: Any, program: Any) -> TrialCommand:
    """Reads a sweep file's `command`.

    Args:
        path: the sweep file, named in refusals.
        command: the file's `command`, as YAML gives it.
        program: the file's `program`, for ${program}.

    Raises BadInput for a command that does not run a verb of ridgecode with the trial's parameters.
    """
    if not isinstance(command, list) or not all(isinstance(part, str) for part in command):
        raise BadInput(f"{path}: command is {'missing' if command is None else 'not a list of words'}; {_FORM}")
    for part in command:
        _check_macros(path, part)
    parts = _after_the_program([_with_environment(path, part) for part in command], program)
    if parts is None or len(parts) < 2 or parts[0].startswith(("-", "$")):
        raise BadInput(f"{path}: command is {' '.join(command)}, which runs no verb of ridgecode; {_FORM}")
    verb, *arguments = parts
    for part in arguments:
        if part not in _ARGUMENT_MACROS and not _FIXED.fullmatch(part):
            raise BadInput(
                f"{path}: command holds {part}; beside ${{args}} only --name=value is possible, in one argument"
            )
    if sum(part in _ARGUMENT_MACROS for part in arguments) != 1:
        raise BadInput(f"{path}: command is {' '.join(command)}; it needs ${{args}} once, for the parameters; {_FORM}")
    return TrialCommand(verb, tuple(arguments))


def _check_macros(path: Path, part: str) -> None:
    for macro in _MACRO.findall(part):
        if macro in _REFUSED_MACROS:
            raise BadInput(
                f"{path}: command holds {macro}, which writes the parameters as {_REFUSED_MACROS[macro]}, and no verb "
                "reads them so; write ${args}, which gives --name=value"
            )
        if macro not in _KNOWN_MACROS and not _ENVIRONMENT_VARIABLE.fullmatch(macro):
            near = did_you_mean(macro, _KNOWN_MACROS)
            raise BadInput(f"{path}: command holds {macro}, which is no macro{near}; use {', '.join(_ARGUMENT_MACROS)}")


def _with_environment(path: Path, part: str) -> str:
    """`part` with the values of its environment variables.

    W&B puts the variable's name where it is not set, which nobody wants.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise BadInput(
                f"{path}: command holds {found[0]}, and {found[1] or 'no variable'} is not set; set it first"
            )
        return os.environ[found[1]]

    return _ENVIRONMENT_VARIABLE.sub(value, part)


def _after_the_program(parts: list[str], program: Any) -> list[str] | None:
    """What follows `ridgecode`, or `python -m ridgecode`, each with or without `env` before it; None for others."""
    if parts[:1] in (["${env}"], ["/usr/bin/env"]):
        parts = parts[1:]
    if parts[:1] in (["${interpreter}"], ["python"], ["python3"]):
        if parts[1:2] != ["-m"]:
            return None
        parts = parts[2:]
    runs_ridgecode = parts[:1] == ["ridgecode"] or (parts[:1] == ["${program}"] and program == "ridgecode")
    return parts[1:] if runs_ridgecode else None


def _written(macro: str, parameters: Mapping[str, Value]) -> list[str]:
    if macro == "${args_no_equals}":
        return [part for name, value in parameters.items() for part in (f"--{name}", str(value))]
    if macro == "${args_no_boolean_flags}":
        shown = {name: value for name, value in parameters.items() if value is not False}
        return [f"--{name}" if value is True else argument(name, value) for name, value in shown.items()]
    return [argument(name, value) for name, value in parameters.items()]
