"""The verbs, in the order the data flows."""

import difflib
import errno
import os
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from jsonargparse import ArgumentParser, Namespace

from ridgecode.errors import BadInput


class Verb(NamedTuple):
    """A verb's room, its configuration's name there, its function, what it does, and what is given without a flag.

    A module is imported when its verb is used: torch and W&B take seconds to load.
    """

    module: str
    config: str
    function: str
    summary: str
    positionals: tuple[str, ...] = ()


VERBS = {
    "prepare": Verb("prepare_store", "Prepare", "prepare_store", "reads images once into a prepared store"),
    "synthesise": Verb("synthesise", "Synthesise", "synthesise_prints", "makes synthetic prints in SOCOFing's layout"),
    "train-autoencoder": Verb("train_autoencoder", "TrainAutoencoder", "train_autoencoder", "trains one autoencoder"),
    "models": Verb("models_command", "Models", "models_command", "pretrained models, their cards, ONNX", ("model",)),
    "encode": Verb("encode", "Encode", "encode_store", "prints to latent vectors or a coded file", ("store",)),
    "decode": Verb("decode", "Decode", "decode_latents", "latent vectors or coded files back to images", ("codes",)),
    "train-matcher": Verb("train_matcher", "TrainMatcher", "train_matcher", "trains a Siamese head on latent vectors"),
    "evaluate": Verb("evaluate", "Evaluate", "evaluate_command", "reconstruction and matching figures of a run"),
    "verify": Verb("verify", "Verify", "verify_pair", "compares two images", ("run", "probe", "reference")),
    "sweep": Verb("sweep", "Sweep", "sweep_command", "runs a sweep file here, with no account", ("file",)),
    "report": Verb("report_command", "Report", "report_command", "runs to a latent-size report", ("runs",)),
    "demo": Verb("demo", "Demo", "demo", "all of it on synthetic prints, in minutes, ending in a report"),
}


ALIASES = {"protocols": "--protocol"}
"""A second spelling of a flag, where people will type it."""


class Parser(ArgumentParser):
    """Answers a mistake with one sentence and exit code 2; every flag stands in `--help`."""

    def __init__(self, **named: Any) -> None:
        # No abbreviations: `--subject` would quietly mean `--subjects`, and a new flag could change what it means.
        super().__init__(allow_abbrev=False, **named)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        raise BadInput(_one_sentence(message, self))


def build_parser(only: str | None = None) -> ArgumentParser:
    """The whole command line, or that of one verb, which loads only what this verb needs."""
    parser = Parser(
        prog="ridgecode",
        version=_version(),
        description="Fingerprints to short latent vectors that decode back to the print and match without it.",
        epilog="`ridgecode VERB --help` tells each flag with its unit.",
    )
    commands = parser.add_subcommands(dest="verb", metavar="VERB")
    for name, verb in VERBS.items():
        sub = Parser(description=verb.summary) if only not in (None, name) else _verb_parser(verb)
        commands.add_subcommand(name, sub, help=verb.summary)
    return parser


def _version() -> str:
    try:
        return metadata.version("ridgecode")
    except metadata.PackageNotFoundError:  # run from the sources
        return "unknown"


def _verb_parser(verb: Verb) -> ArgumentParser:
    config = _load(verb, verb.config)
    doc = (config.__doc__ or "").split("Args:")[0].strip()
    parser = Parser(description=doc)
    types = {field.name: field.type for field in fields(config)}
    helps = _argument_docs(config)
    for name in verb.positionals:
        many = {"nargs": "+"} if "list" in str(types[name]) else {"nargs": "?"} if "None" in str(types[name]) else {}
        parser.add_argument(name, type=Path, help=helps.get(name, ""), **many)  # type: ignore[arg-type]
    parser.add_class_arguments(config, skip=set(verb.positionals))
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
    """Runs a verb; returns the exit code: 0, 1 where part of the work failed, 2 for bad input, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Pillow's remarks on damaged files, beside which our own sentence would be the second.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    try:
        if not arguments:
            build_parser("").print_help()
            return 2
        # `--help` alone lists the verbs and a misspelt one is refused, both without loading any.
        parser = build_parser(arguments[0] if arguments[0] in VERBS else "")
        if not arguments[0].startswith("-") and arguments[0] not in VERBS:
            raise BadInput(
                f"there is no verb {arguments[0]!r}{_nearest(arguments[0], list(VERBS))}; see ridgecode --help"
            )
        return run(parser.parse_args(arguments))
    except BadInput as error:
        print(f"ridgecode: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # `ridgecode ... | head` has read enough. What Python still holds must not fail again when it is flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as a shell says of a command that a closed pipe ended
    except OSError as error:
        # A full disk, a place without rights: nothing that a traceback would help with.
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"ridgecode: {error.filename or 'the disk'} can't be used ({error.strerror})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ridgecode: stopped; the same command goes on where it was", file=sys.stderr)
        return 130


def run(parsed: Namespace) -> int:
    """Carries out a parsed command line. A verb that returns an int has told its own exit code."""
    verb = VERBS[parsed.verb]
    config = _load(verb, verb.config)(**vars(parsed[parsed.verb]))
    code = _load(verb, verb.function)(config)
    return code if isinstance(code, int) else 0


def _load(verb: Verb, name: str) -> Any:
    return getattr(import_module(f"ridgecode.study.{verb.module}"), name)


def _argument_docs(config: type) -> dict[str, str]:
    """The `Args:` part of a docstring, one line an argument."""
    lines = (config.__doc__ or "").partition("Args:")[2].splitlines()
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
                return f"{flag} is no flag of this verb{_nearest(flag, flags)}; see --help"
    # jsonargparse: `Parser key "latent_dim": Expected a <class 'int'>. Got value: abc`
    if found := re.fullmatch(r'Parser key "([\w.]+)": Expected an? (.+)\. Got value: (.*)', text):
        flag, kind, value = found.groups()
        choices = re.search(r"Literal\[(.*)\]", kind)
        wanted = (
            f"one of {choices[1]}".replace("'", "") if choices else re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", kind)
        )
        return f"--{flag.rpartition('.')[2]} takes {wanted}, not {value}; see --help"
    # A missing positional: `Parser key "verify.reference" is required`, in the words of this version or another.
    return re.sub(rf"\b(?:{'|'.join(VERBS)})\.(\w+)", r"\1", text)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
