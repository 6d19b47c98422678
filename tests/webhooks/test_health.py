"""What an endpoint's answers say of its health: rests, sparing, notices, the end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.health import (
    FAILING_TAKES,
    FIRST_REST,
    LONGEST_REST,
    RESTS_AFTER,
    SLOW_FOR,
    Health,
    Result,
    Turn,
    at_once,
    judge,
)

NOW = datetime(2026, 6, 10, 11, tzinfo=UTC)


def _failures(count: int, at: datetime = NOW, status: int = 500) -> list[Result]:
    return [Result(at + timedelta(milliseconds=n), ok=False, status=status) for n in range(count)]


def test_an_endpoint_rests_after_five_failures_in_a_row_and_twice_as_long_after_each_trial() -> None:
    health, _ = judge(Health(), _failures(RESTS_AFTER - 1))
    assert health.paused_until is None
    assert at_once(health, 8, NOW) == 8

    rests, at = [], NOW
    for _ in range(8):
        at += timedelta(hours=1)
        health, _ = judge(health, _failures(1, at))
        assert health.paused_until is not None
        rests.append(health.paused_until - at)

    assert rests == [FIRST_REST * 2**n for n in range(5)] + [LONGEST_REST] * 3
    assert at_once(health, 8, at + timedelta(hours=1)) == 1


def test_failures_while_it_rests_do_not_make_it_rest_longer() -> None:
    health, _ = judge(Health(), _failures(50))

    assert health.paused_until is not None
    assert health.paused_until - NOW < FIRST_REST + timedelta(seconds=1)
    assert health.openings == 1


def test_one_success_ends_everything() -> None:
    health, turn = judge(Health(), [*_failures(9), Result(NOW + timedelta(seconds=1), ok=True, status=204)])

    assert (health, turn) == (Health(), None)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, None])
def test_an_overloaded_endpoint_has_one_at_a_time_for_a_minute(status: int | None) -> None:
    health, _ = judge(Health(), [Result(NOW, ok=False, status=status, timed_out=status is None)])

    assert health.slow_until == NOW + SLOW_FOR
    assert health.paused_until is None
    assert [at_once(health, 8, at) for at in (NOW, NOW + SLOW_FOR)] == [1, 8]


@pytest.mark.parametrize(
    ("status", "asked", "rest"), [(429, 20, 20), (503, 86_400, 900), (500, 20, None), (429, None, None)]
)
def test_what_a_retry_after_asks_for_holds_for_the_endpoint_when_it_is_overloaded(
    status: int, asked: int | None, rest: int | None
) -> None:
    wish = None if asked is None else timedelta(seconds=asked)
    health, _ = judge(Health(), [Result(NOW, ok=False, status=status, asked=wish)])

    assert health.paused_until == (None if rest is None else NOW + timedelta(seconds=rest))


def test_its_owner_is_told_after_a_day_and_after_three_and_it_is_disabled_after_five() -> None:
    health, _ = judge(Health(), _failures(FAILING_TAKES))
    told: list[tuple[float, Turn]] = []
    for hour in range(1, 24 * 6):
        at = NOW + timedelta(hours=hour)
        health, turn = judge(health, _failures(1, at))
        if turn is not None:
            told.append((hour / 24, turn))

    assert told[:3] == [(1, Turn.FAILING), (3, Turn.FAILING), (5, Turn.DISABLED)]


def test_failures_far_apart_disable_nothing() -> None:
    health = Health()
    for day in range(FAILING_TAKES - 1):
        health, turn = judge(health, _failures(1, NOW + timedelta(days=day)))
        assert turn is None


def test_who_was_told_of_failing_hears_that_it_is_well_again() -> None:
    health, _ = judge(Health(), _failures(FAILING_TAKES))
    health, first = judge(health, _failures(1, NOW + timedelta(days=1)))
    health, second = judge(health, [Result(NOW + timedelta(days=2), ok=True)])

    assert (first, second, health) == (Turn.FAILING, Turn.RECOVERED, Health())


def test_gone_is_gone_at_once() -> None:
    _, turn = judge(Health(), [Result(NOW, ok=False, status=410)])

    assert turn is Turn.GONE


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([204, 410, 429, 500, 503, None])), max_size=60))
def test_judging_one_by_one_or_together_is_the_same(given_results: list[tuple[int, int | None]]) -> None:
    results = sorted(
        (
            Result(NOW + timedelta(seconds=second), ok=status == 204, status=status, timed_out=status is None)
            for second, status in dict(given_results).items()
        ),
        key=lambda one: one.at,
    )
    one_by_one, turns = Health(), set()
    for result in results:
        one_by_one, turn = judge(one_by_one, [result])
        turns.add(turn)
    together, turn = judge(Health(), results)

    assert (together.failures, together.failing_since) == (one_by_one.failures, one_by_one.failing_since)
    assert (together.paused_until, together.slow_until) == (one_by_one.paused_until, one_by_one.slow_until)
    assert turn is None or turn in turns
