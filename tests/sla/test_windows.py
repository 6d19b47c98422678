"""Maintenance windows: time that counts for no clock."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla import Calendar, Clock, Counting, Metric, State, Terms
from app.sla.windows import joined
from tests.sla.desk import LITE_HOURS, ROUND_THE_CLOCK, hours, uk
from tests.sla.drawn import places, spans
from tests.sla.reference import MINUTE, Grid

NIGHT = joined([(uk("2026-06-11 02:00"), uk("2026-06-11 04:00"))])
MORNING = joined([(uk("2026-06-11 07:00"), uk("2026-06-11 09:00"))])


@pytest.mark.parametrize(
    ("terms", "opened", "due"),
    [
        (hours(8), "2026-06-10 20:00", "2026-06-11 06:00"),  # two hours of the night count for nothing
        (hours(6), "2026-06-10 20:00", "2026-06-11 02:00"),  # reached as the window begins: that instant
        (hours(1), "2026-06-11 03:00", "2026-06-11 05:00"),  # opened in the window
        (hours(8), "2026-06-11 04:00", "2026-06-11 12:00"),  # opened as it ends
    ],
)
def test_the_time_of_a_window_is_left_out(terms: Terms, opened: str, due: str) -> None:
    clock = Clock.start(Metric.first_response, terms.apart_from(NIGHT), uk(opened))

    assert clock.due_at == uk(due)


def test_a_window_takes_of_an_opening_what_it_covers() -> None:
    terms = Terms(timedelta(hours=1), Counting.support_hours, LITE_HOURS, MORNING)

    assert Clock.start(Metric.first_response, terms, uk("2026-06-10 17:30")).due_at == uk("2026-06-11 09:30")


def test_a_window_stops_physical_time_too() -> None:
    terms = Terms(timedelta(hours=48), Counting.elapsed, LITE_HOURS, NIGHT)

    assert Clock.start(Metric.resolution, terms, uk("2026-06-10 12:00")).due_at == uk("2026-06-12 14:00")


def test_a_window_declared_under_way_moves_what_is_to_come_alone() -> None:
    clock = Clock.start(Metric.first_response, hours(8), uk("2026-06-10 22:00"))

    declared = clock.stand_still(joined([(uk("2026-06-11 03:00"), uk("2026-06-11 04:00"))]), uk("2026-06-11 03:00"))
    ended = declared.stand_still(joined([(uk("2026-06-11 03:00"), uk("2026-06-11 03:20"))]), uk("2026-06-11 03:20"))

    assert (declared.due_at, ended.due_at) == (uk("2026-06-11 07:00"), uk("2026-06-11 06:20"))
    assert ended.counted == timedelta(hours=5)


def test_a_window_moves_nothing_after_a_breach() -> None:
    clock = Clock.start(Metric.first_response, hours(1), uk("2026-06-10 22:00"))

    late = clock.at(uk("2026-06-10 23:30")).stand_still(NIGHT, uk("2026-06-10 23:30"))

    assert (late.state, late.due_at, late.terms.windows) == (State.breached, uk("2026-06-10 23:00"), ())


def test_old_terms_that_are_kept_stand_still_too() -> None:
    low = Clock.start(Metric.first_response, hours(48), uk("2026-06-09 04:30"))

    raised = low.change_terms(hours(1).apart_from(MORNING), uk("2026-06-11 04:00"))

    assert raised.terms.target == timedelta(hours=48)
    assert raised.due_at == uk("2026-06-11 04:30")
    assert raised.terms.windows == MORNING


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[timedelta, timedelta]]:
    edges = draw(st.lists(st.tuples(st.integers(0, 5 * 1440), st.integers(0, 1440)), max_size=4))
    return [(MINUTE * begins, MINUTE * (begins + lasts)) for begins, lasts in edges]


@settings(max_examples=80, deadline=None)
@given(places(), windows(), spans(), spans(), spans(3))
def test_windows_agree_with_a_walk_over_every_minute(
    place: tuple[Calendar, datetime],
    closed: list[tuple[timedelta, timedelta]],
    first: timedelta,
    second: timedelta,
    span: timedelta,
) -> None:
    calendar, origin = place
    known = joined([(origin + begins, origin + ends) for begins, ends in closed])
    grid = Grid(calendar, origin, 8)
    for index in range(len(grid.cells)):
        at = origin + MINUTE * index
        grid.cells[index] &= not any(begins <= at < ends for begins, ends in known)
    terms = Terms(timedelta(hours=1), Counting.support_hours, calendar, known)
    start, end = sorted((origin + first, origin + second))

    assert terms.elapsed(start, end) == grid.elapsed(start, end)
    due = grid.advance(start, span)
    if due is not None:
        assert terms.advance(start, span) == due


@given(windows())
def test_joined_windows_are_in_order_apart_and_of_the_same_time(closed: list[tuple[timedelta, timedelta]]) -> None:
    origin = uk("2026-06-01 00:00")
    spread = [(origin + begins, origin + ends) for begins, ends in closed]

    known = joined(spread)

    assert all(before[1] < after[0] for before, after in pairwise(known))
    minutes = [origin + MINUTE * index for index in range(0, 7 * 1440, 7)]
    assert [any(a <= at < b for a, b in known) for at in minutes] == [
        any(a <= at < b for a, b in spread) for at in minutes
    ]
    assert joined(known) == known


def test_no_window_is_no_change() -> None:
    clock = Clock.start(Metric.first_response, hours(8, ROUND_THE_CLOCK), uk("2026-06-10 22:00"))

    assert clock.stand_still((), uk("2026-06-10 23:00")) is clock
