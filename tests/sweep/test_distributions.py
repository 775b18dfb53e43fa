"""Draws from every distribution, compared with scipy's and with the formulas of W&B's documentation."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ridgecode.sweep.distributions import Continuous, Listed, WholeNumbers, multiple
from ridgecode.sweep.file import SweepFile
from ridgecode.sweep.suggestions import Tried, suggest

N = 2000
LOG = {"distribution": "log_uniform_values", "min": 0.001, "max": 10.0}
# Each definition, the law of what it gives before rounding, and its step.
LAWS: list[tuple[dict[str, Any], Any, float | None]] = [
    ({"min": -2.0, "max": 5.0}, stats.uniform(-2, 7), None),
    ({"distribution": "uniform", "min": 1, "max": 4}, stats.uniform(1, 3), None),
    ({"distribution": "q_uniform", "min": 8, "max": 64, "q": 8}, stats.uniform(8, 56), 8),
    ({"distribution": "q_uniform", "min": 0, "max": 30}, stats.uniform(0, 30), 1),
    ({"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1}, stats.uniform(0, 1), 0.1),
    ({"distribution": "log_uniform", "min": -6.0, "max": 2.0}, stats.loguniform(np.exp(-6), np.exp(2)), None),
    (LOG, stats.loguniform(0.001, 10), None),
    ({"distribution": "q_log_uniform", "min": 1.0, "max": 5.0, "q": 2}, stats.loguniform(np.e, np.exp(5)), 2),
    ({"distribution": "q_log_uniform_values", "min": 8, "max": 512, "q": 8}, stats.loguniform(8, 512), 8),
    ({"distribution": "q_log_uniform_values", "min": 8, "max": 512}, stats.loguniform(8, 512), 1),
    ({"distribution": "inv_log_uniform", "min": -2.0, "max": 6.0}, stats.loguniform(np.exp(-6), np.exp(2)), None),
    (LOG | {"distribution": "inv_log_uniform_values"}, stats.loguniform(0.001, 10), None),
    ({"distribution": "normal"}, stats.norm(), None),
    ({"distribution": "normal", "mu": 3, "sigma": 0.5}, stats.norm(3, 0.5), None),
    ({"distribution": "q_normal", "mu": 64, "sigma": 16, "q": 4}, stats.norm(64, 16), 4),
    ({"distribution": "log_normal", "mu": -3.0, "sigma": 2.0}, stats.lognorm(2, scale=np.exp(-3)), None),
    ({"distribution": "q_log_normal", "mu": 3.0, "q": 5}, stats.lognorm(1, scale=np.exp(3)), 5),
    ({"distribution": "beta", "a": 2, "b": 5}, stats.beta(2, 5), None),
    ({"distribution": "beta"}, stats.uniform(), None),
    ({"distribution": "q_beta", "a": 0.5, "b": 0.5, "q": 0.05}, stats.beta(0.5, 0.5), 0.05),
]
NAMES = [f"{i}-{law[0].get('distribution', 'uniform')}" for i, law in enumerate(LAWS)]


def draws(sweep: SweepFile, seeds: int = N) -> list[Any]:
    """What the first trial of `seeds` random sweeps gets: their seeds differ, so the draws are independent."""
    found = [suggest(sweep, [], seed) for seed in range(seeds)]
    return [point["x"] for point in found if point is not None]


@pytest.mark.parametrize(("definition", "law", "step"), LAWS, ids=NAMES)
def test_random_search_draws_the_distribution(
    definition: dict[str, Any], law: Any, step: float | None, sweep_of: Callable[..., SweepFile]
) -> None:
    values = draws(sweep_of(method="random", parameters={"x": definition}))
    assert len(values) == N
    if step is None:
        assert all(type(value) is float for value in values)
        assert min(values) >= law.support()[0] and max(values) <= law.support()[1]
        # One time in ten thousand a true sample is as far off; the seeds are fixed.
        assert stats.kstest(values, law.cdf).pvalue > 1e-4
        return
    assert all(type(value) is type(step) for value in values)
    counts = Counter(round(value / step) for value in values)
    assert all(value == pytest.approx(round(value / step) * step, abs=1e-12) for value in values)
    # Of what is rounded to k times the step, at least 5 are expected in each cell; the rest is put together.
    chances = {k: law.cdf((k + 0.5) * step) - law.cdf((k - 0.5) * step) for k in range(-1000, 1001)}
    assert all(chances[k] > 0 for k in counts)
    cells = [k for k, chance in chances.items() if chance * N >= 5]
    seen = [counts[k] for k in cells]
    expected = np.array([chances[k] for k in cells]) * N
    rest = N - expected.sum()
    if rest > 5:
        seen, expected = [*seen, N - sum(seen)], np.append(expected, rest)
    else:
        expected *= sum(seen) / expected.sum()
    assert stats.chisquare(seen, expected).pvalue > 1e-4


@pytest.mark.parametrize(("definition", "law", "step"), LAWS, ids=NAMES)
def test_quantiles_are_those_of_the_law(
    definition: dict[str, Any], law: Any, step: float | None, sweep_of: Callable[..., SweepFile]
) -> None:
    distribution = sweep_of(method="random", parameters={"x": definition}).space["x"]
    for quantile in (1e-6, 0.01, 0.3, 0.5, 0.9, 1 - 1e-6):
        exact = law.ppf(quantile)
        value = distribution.at(quantile)
        assert value == pytest.approx(exact if step is None else np.round(exact / step) * step, rel=1e-6, abs=1e-12)
        # Bayes search finds the place of a past value again, but for the rounding.
        assert distribution.quantile(value) == pytest.approx(float(law.cdf(value)), abs=1e-9)
        assert distribution.at(distribution.quantile(value)) == pytest.approx(value, rel=1e-6, abs=1e-12)
    ends = [distribution.at(0.0), distribution.at(1.0)]
    assert all(np.isfinite(ends)) and 0 <= distribution.quantile(ends[0]) < distribution.quantile(ends[1]) <= 1


def test_bounds_are_exact() -> None:
    assert (WholeNumbers(3, 5).at(0.0), WholeNumbers(3, 5).at(1.0)) == (3, 5)
    assert (Continuous("uniform", 0.1, 0.9).at(0.0), Continuous("uniform", 0.1, 0.9).at(1.0)) == (0.1, 0.9)
    # W&B rounds to multiples of q wherever min and max lie, so a value may lie outside them.
    assert (Continuous("uniform", 1, 10, step=3).at(0.0), Continuous("uniform", 1, 10, step=3).at(1.0)) == (0, 9)


def test_whole_numbers_are_equally_likely_and_include_both_ends(sweep_of: Callable[..., SweepFile]) -> None:
    for definition in ({"min": 2, "max": 6}, {"distribution": "int_uniform", "min": 2, "max": 6}):
        counts = Counter(draws(sweep_of(method="random", parameters={"x": definition})))
        assert sorted(counts) == [2, 3, 4, 5, 6] and all(type(value) is int for value in counts)
        assert stats.chisquare([*counts.values()]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("definition", "chances"),
    [
        ({"values": ["a", "b", True, 1]}, [0.25] * 4),
        ({"distribution": "categorical", "values": ["a", "b", True, 1]}, [0.25] * 4),
        ({"values": ["a", "b", True, 1], "probabilities": [0.1, 0.2, 0.3, 0.4]}, [0.1, 0.2, 0.3, 0.4]),
        (
            {
                "distribution": "categorical_w_probabilities",
                "values": ["a", "b", True, 1],
                "probabilities": [0.5, 0, 0.5, 0],
            },
            [0.5, 0, 0.5, 0],
        ),
    ],
)
def test_listed_values_come_as_often_as_they_should(
    definition: dict[str, Any], chances: list[float], sweep_of: Callable[..., SweepFile]
) -> None:
    counts = Counter(map(repr, draws(sweep_of(method="random", parameters={"x": definition}))))
    seen = [counts[text] for text in ("'a'", "'b'", "True", "1")]
    assert sum(seen) == N
    assert all(count == 0 for count, chance in zip(seen, chances, strict=True) if chance == 0)
    kept = [(count, chance * N) for count, chance in zip(seen, chances, strict=True) if chance]
    assert stats.chisquare(*map(list, zip(*kept, strict=True))).pvalue > 1e-4


def test_a_constant_stays(sweep_of: Callable[..., SweepFile]) -> None:
    parameters = {"x": {"distribution": "constant", "value": "ridge"}, "y": {"min": 0.0, "max": 1.0}}
    assert set(draws(sweep_of(method="random", parameters=parameters), 20)) == {"ridge"}


def test_places_of_listed_values() -> None:
    listed = Listed((1, True, "1", 2.0), (0.1, 0.2, 0.3, 0.4))
    assert [listed.place(value) for value in (1.0, True, "1", 2)] == [0, 1, 2, 3]
    assert [listed.at(listed.quantile(value)) for value in listed.values] == [1, True, "1", 2.0]
    assert listed.at(1.0) == 2.0 and Listed((1, 2), (1.0, 0.0)).at(1.0) == 1
    assert list(Listed((2, 1, 2, 1.0, True)).grid()) == [2, 1, True]


def test_multiples_of_a_float_are_not_a_hair_off() -> None:
    assert [multiple(k, 0.1) for k in range(4)] == [0.0, 0.1, 0.2, 0.3]
    assert multiple(3, 8) == 24 and type(multiple(3, 8)) is int


def test_bayes_search_draws_every_distribution(sweep_of: Callable[..., SweepFile]) -> None:
    parameters = {f"x{i}": definition for i, (definition, _, _) in enumerate(LAWS)}
    parameters |= {"n": {"min": 1, "max": 5}, "c": {"values": ["a", "b"]}}
    parameters |= {"p": {"values": [1, 2, 3], "probabilities": [0.2, 0.3, 0.5]}}
    sweep = sweep_of(method="bayes", parameters=parameters)
    tried: list[Tried] = []
    for number in range(12):
        point = suggest(sweep, tried)
        assert point is not None and list(point) == list(parameters)
        tried.append(Tried(point, "finished", [float(number)]))
    for i, (_, law, step) in enumerate(LAWS):
        low, high = law.support()
        assert all(low - (step or 0) <= trial.parameters[f"x{i}"] <= high + (step or 0) for trial in tried)
