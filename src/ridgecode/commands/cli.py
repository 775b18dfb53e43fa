"""The command line: reads a verb's settings, carries it out, and answers mistakes in one sentence."""

import os
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from jsonargparse import ArgumentParser, Namespace

from ridgecode.commands.border_errors import sentence_of
from ridgecode.commands.locales import check_utf8, restart_in_utf8, write_every_character
from ridgecode.commands.old_names import OLD_VERBS, in_todays_words
from ridgecode.commands.places import check_places
from ridgecode.commands.verbs import GROUPS, VERBS
from ridgecode.errors import BadInput, did_you_mean
from ridgecode.runs.interrupts import interrupt_on_sigterm

ALIASES = {"protocols": "--protocol"}
"""Second spellings of flags: `--protocol` is accepted for `--protocols`."""


class Parser(ArgumentParser):
    """Answers a mistake with one sentence and exit code 2; every flag stands in `--help`."""

    def __init__(self, **named: Any) -> None:
        # No abbreviations: `--subject` would quietly mean `--subjects`, and a new flag could change what it means.
        super().__init__(allow_abbrev=False, **named)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        raise BadInput(_one_sentence(message, self))


def build_parser(only: str | None = None) -> ArgumentParser:
    """The whole command line, or that of one verb, which loads the settings of this verb alone."""
    parser = Parser(
        prog="ridgecode",
        version=_version(),
        description="Fingerprints to short latent vectors that decode back to the print and match without it.",
        epilog="`ridgecode VERB --help` explains each flag with its unit.",
    )
    verbs = parser.add_subcommands(dest="verb", metavar="VERB")
    for name in dict.fromkeys(name.partition(" ")[0] for name in VERBS):
        if name not in GROUPS:
            verbs.add_subcommand(name, _verb_parser(name, only), help=VERBS[name].summary)
            continue
        group = Parser(description=GROUPS[name])
        verbs.add_subcommand(name, group, help=GROUPS[name])  # before its own verbs: jsonargparse wants level by level
        inner = group.add_subcommands(dest="verb", metavar="VERB")
        for whole in (whole for whole in VERBS if whole.startswith(f"{name} ")):
            inner.add_subcommand(whole.partition(" ")[2], _verb_parser(whole, only), help=VERBS[whole].summary)
    return parser


def _version() -> str:
    try:
        return metadata.version("ridgecode")
    except metadata.PackageNotFoundError:  # run from the sources
        return "unknown"


def _verb_parser(name: str, only: str | None) -> ArgumentParser:
    verb = VERBS[name]
    if only not in (None, name):
        return Parser(description=verb.summary)
    settings = verb.settings_class()
    doc = (settings.__doc__ or "").split("Args:")[0].strip()
    parser = Parser(description=doc)
    types = {field.name: field.type for field in fields(settings)}
    helps = _argument_docs(settings)
    for name in verb.positionals:
        many = {"nargs": "+"} if "list" in str(types[name]) else {"nargs": "?"} if "None" in str(types[name]) else {}
        parser.add_argument(name, type=Path, help=helps.get(name, ""), **many)  # type: ignore[arg-type]
    parser.add_class_arguments(settings, skip=set(verb.positionals))
    for action in parser._actions:
        # A switch needs no value, as people type it; a sweep's `--movement=False` gives one. Dashes are underscores.
        if types.get(action.dest) in (bool, "bool"):
            action.nargs, action.const = "?", True
            if "_" in action.dest:
                _add_alias(parser, action, f"--{action.dest.replace('_', '-')}")
        if action.dest in ALIASES:
            _add_alias(parser, action, ALIASES[action.dest])
    return parser


def _add_alias(parser: ArgumentParser, action: Any, alias: str) -> None:
    action.option_strings = [*action.option_strings, alias]
    parser._option_string_actions[alias] = action


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a verb; returns the exit code: 0, 1 where part of the work failed, 2 for bad input or a machine that can't
    do it, 130 after Ctrl-C, 143 after SIGTERM."""
    if arguments is None:
        restart_in_utf8()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    write_every_character()
    # Pillow's remarks on damaged files, beside which our own sentence would be the second.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    chosen = Chosen("", {}, ())
    with interrupt_on_sigterm() as terminated:
        try:
            try:
                check_utf8(arguments)
                if not arguments:
                    build_parser("").print_help()
                    return 2
                _check_verb(arguments[0])
                parsed = _parsed(arguments)
                chosen = _chosen(parsed)
                check_places(chosen.verb, chosen.settings)
                code = run(parsed)
            finally:
                _flush()
            return code
        except BadInput as error:
            return _refuse(str(error))
        except BrokenPipeError:
            # `ridgecode ... | head` has read enough. What Python still holds must not fail again when it is flushed.
            _leave_stdout()
            return 141  # as a shell says of a command that a closed pipe ended
        except KeyboardInterrupt:
            print("ridgecode: stopped; the same command goes on where it was", file=sys.stderr)
            return 128 + terminated[0] if terminated else 130
        except Exception as error:
            # A full disk, a place without rights, no memory: nothing that a traceback would help with.
            sentence = sentence_of(error, chosen.settings, chosen.positionals)
            if sentence is None:
                raise
            return _refuse(sentence)


class Chosen(NamedTuple):
    """What the command line has chosen: a verb, its settings by name, and which of them have no flag."""

    verb: str
    settings: dict[str, Any]
    positionals: tuple[str, ...]


def _chosen(parsed: Namespace) -> Chosen:
    name, given = _verb_and_settings(parsed)
    return Chosen(name, vars(given), VERBS[name].positionals)


def _check_verb(name: str) -> None:
    """Raises BadInput for a word that is no verb."""
    known = {name.partition(" ")[0] for name in VERBS}
    if not name.startswith("-") and name not in (*known, *OLD_VERBS):
        near = did_you_mean(name, [*known, *OLD_VERBS])
        raise BadInput(f"there is no verb {name!r}{near}; see ridgecode --help")


def _refuse(sentence: str) -> int:
    print(f"ridgecode: {sentence}", file=sys.stderr)
    return 2


def _flush() -> None:
    """Writes what Python still holds of standard output, so that a disk which is too full for it is found here."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _leave_stdout()
        raise


def _leave_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parsed(arguments: Sequence[str]) -> Namespace:
    """The settings that a command line gives. Raises BadInput; a refusal names today's verb where another was typed."""
    todays = in_todays_words(arguments)
    verb = _verb_name(todays)
    try:
        # `--help` alone lists the verbs and loads none of them.
        return build_parser(verb).parse_args(todays)
    except BadInput as error:
        if verb == _verb_name(arguments):
            raise
        raise BadInput(str(error).replace("see --help", f"see ridgecode {verb} --help")) from None


def run(parsed: Namespace) -> int:
    """Carries out a parsed command line. A verb that returns an int has chosen its own exit code."""
    name, given = _verb_and_settings(parsed)
    verb = VERBS[name]
    code = verb.load()(verb.settings_class()(**vars(given)))
    return code if isinstance(code, int) else 0


def _verb_and_settings(parsed: Namespace) -> tuple[str, Namespace]:
    name, given = parsed.verb, parsed[parsed.verb]
    return (f"{name} {given.verb}", given[given.verb]) if name in GROUPS else (name, given)


def _verb_name(arguments: Sequence[str]) -> str:
    """The verb that a command line names, or "" where it names none."""
    for words in (2, 1):
        if (name := " ".join(arguments[:words])) in VERBS:
            return name
    return ""


def _argument_docs(settings: type) -> dict[str, str]:
    """The `Args:` part of a docstring, one line an argument."""
    lines = (settings.__doc__ or "").partition("Args:")[2].splitlines()
    pairs = (line.strip().partition(": ") for line in lines if ": " in line)
    return {name: text for name, _, text in pairs}


def _one_sentence(message: str, parser: ArgumentParser) -> str:
    """The parser's own words without its inner names and line breaks; a misspelt flag gets the nearest one."""
    text = " ".join(message.split())
    flags = sorted({flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")})
    for word in text.split():
        if word.startswith("--"):
            flag = word.partition("=")[0].strip(",:;\"'")
            if flag not in flags:
                return f"{flag} is no flag of this verb{did_you_mean(flag, flags)}; see --help"
    if found := re.fullmatch(r"the following arguments are required: (.+)", text):
        missing = [_as_typed(key, flags) for key in found[1].split(", ")]
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; see --help"
    # jsonargparse: `Parser key "latent_dim": Expected a <class 'int'>. Got value: abc`
    if found := re.fullmatch(r'Parser key "([\w.]+)": Expected an? (.+)\. Got value: (.*)', text):
        flag, kind, value = found.groups()
        choices = re.search(r"Literal\[(.*)\]", kind)
        wanted = (
            f"one of {choices[1]}".replace("'", "") if choices else re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", kind)
        )
        return f"--{flag.rpartition('.')[2]} takes {wanted}, not {value}; see --help"
    # What is missing: `Parser key "verify.reference" is required`, in the words of this version or another.
    words = "|".join({word for name in VERBS for word in name.split()})
    return re.sub(rf"\b(?:(?:{words})\.)+(\w+)", r"\1", text)


def _as_typed(key: str, flags: Sequence[str]) -> str:
    """jsonargparse's `run` or, of a verb of two words, `models.keep.run` -> `--run`, or `RUN` without a flag."""
    *verb, name = key.split(".")
    if (known := VERBS.get(" ".join(verb))) is not None:
        return name.upper() if name in known.positionals else f"--{name}"
    return f"--{name}" if f"--{name}" in flags else name.upper()
