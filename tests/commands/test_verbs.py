"""The table of verbs: what it names is there."""

from dataclasses import MISSING, fields, is_dataclass
from inspect import signature

import pytest

from ridgecode.commands.verbs import GROUPS, VERBS


@pytest.mark.parametrize("name", VERBS)
def test_settings_and_function(name: str) -> None:
    verb = VERBS[name]
    settings = verb.settings_class()
    assert is_dataclass(settings)
    assert settings.__dataclass_params__.frozen
    (parameter,) = signature(verb.load()).parameters.values()
    assert parameter.annotation in (settings, settings.__name__)
    assert set(verb.positionals) <= {field.name for field in fields(settings)}
    for field in fields(settings):
        if field.name in verb.positionals:
            assert field.default is field.default_factory is MISSING


def test_groups_are_the_first_words_of_names_of_two() -> None:
    assert list(GROUPS) == list(dict.fromkeys(name.split()[0] for name in VERBS if " " in name))
    assert not set(GROUPS) & set(VERBS)
