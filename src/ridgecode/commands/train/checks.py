"""Checks of numbers that several verbs' settings share."""

from collections.abc import Iterable

from ridgecode.errors import BadInput


def check_at_least(settings: object, least: int, names: Iterable[str]) -> None:
    """Raises BadInput where a setting is below `least`."""
    for name in names:
        if (value := getattr(settings, name)) < least:
            raise BadInput(f"--{name} is {value}; give {least} or more")
