"""Budget and learning rate against their formulas, with a clock that the test sets."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.training import schedule
from ridgecode.training.schedule import WARM_UP, Budget, Stopwatch, learning_rate_factor


class Clock:
    """Stands for time.monotonic."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(schedule, "time", clock)
    return clock


def test_stopwatch_goes_on_from_before(clock: Clock) -> None:
    watch = Stopwatch(before=30.0)
    clock.now += 12.5
    assert watch.seconds() == 42.5
    watch.before = 100.0
    assert watch.seconds() == 112.5


def test_budget_of_steps(clock: Clock) -> None:
    budget = Budget(200, 0.0, Stopwatch())
    clock.now += 1e9
    assert [budget.used(step) for step in (0, 50, 199, 200, 300)] == [0, 0.25, 199 / 200, 1, 1]
    assert not budget.out_of_time()


def test_budget_of_minutes(clock: Clock) -> None:
    budget = Budget(1000, 2.0, Stopwatch(before=30.0))
    assert budget.used(0) == 0.25  # 30 of 120 seconds
    assert budget.used(900) == 0.9  # the steps are further than the time
    clock.now += 89.0
    assert budget.used(0) == pytest.approx(119 / 120)
    assert not budget.out_of_time()
    clock.now += 1.0
    assert budget.out_of_time()
    clock.now += 60.0
    assert budget.used(0) == 1


def test_budget_without_steps() -> None:
    assert Budget(0, 0.0, Stopwatch()).used(0) == 0


@given(st.floats(0, 1))
def test_constant(used: float) -> None:
    assert learning_rate_factor("constant", used) == 1.0


@given(st.floats(WARM_UP, 1))
def test_cosine_after_warm_up(used: float) -> None:
    # cos^2(a/2) = (1 + cos a) / 2
    assert learning_rate_factor("cosine", used) == pytest.approx(math.cos(math.pi * used / 2) ** 2, abs=1e-12)


def test_warm_up_climbs_and_the_rest_falls() -> None:
    shares = [i / 5000 for i in range(5001)]
    factors = [learning_rate_factor("cosine", share) for share in shares]
    top = factors.index(max(factors))
    assert shares[top] == pytest.approx(WARM_UP, abs=2e-3)
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    # The first step already learns; the last learns nothing.
    assert 0 < factors[0] <= 0.05
    assert factors[-1] == pytest.approx(0, abs=1e-12)
    assert max(factors) <= 1
