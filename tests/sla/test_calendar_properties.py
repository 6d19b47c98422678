"""Laws of the calendar, and its agreement with a second reading of its rules, on calendars drawn at random."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings

from app.sla import Calendar
from tests.sla.drawn import places, spans
from tests.sla.reference import NOTHING, Grid

Place = tuple[Calendar, datetime]


@settings(max_examples=80, deadline=None)
@given(places(), spans(), spans(), spans(3))
def test_the_calendar_agrees_with_a_walk_over_every_minute(
    place: Place, first: timedelta, second: timedelta, span: timedelta
) -> None:
    calendar, origin = place
    grid = Grid(calendar, origin, 6)
    start, end = sorted((origin + first, origin + second))
    assert calendar.elapsed(start, end) == grid.elapsed(start, end)
    assert calendar.is_open(start) == grid.is_open(start)
    due = grid.advance(start, span)
    if due is not None:
        assert calendar.advance(start, span) == due
    back = grid.retreat(end, span)
    if back is not None:
        assert calendar.retreat(end, span) == back


@settings(max_examples=150, deadline=None)
@given(places(), spans(), spans(40))
def test_advance_and_elapsed_undo_each_other(place: Place, offset: timedelta, span: timedelta) -> None:
    calendar, origin = place
    start = origin + offset
    due = calendar.advance(start, span)
    assert calendar.elapsed(start, due) == span
    assert due == start or calendar.elapsed(start, due - timedelta(microseconds=1)) < span
    assert calendar.advance(start, calendar.elapsed(start, start + span)) <= start + span


@settings(max_examples=150, deadline=None)
@given(places(), spans(), spans(40))
def test_retreat_mirrors_advance(place: Place, offset: timedelta, span: timedelta) -> None:
    calendar, origin = place
    end = origin + offset
    begin = calendar.retreat(end, span)
    assert calendar.elapsed(begin, end) == span
    assert begin == end or calendar.elapsed(begin + timedelta(microseconds=1), end) < span
    if calendar.is_open(end) and span:
        assert calendar.retreat(calendar.advance(end, span), span) == end


@settings(max_examples=150, deadline=None)
@given(places(), spans(400), spans(400), spans(400))
def test_what_elapsed_is_the_sum_of_its_parts(place: Place, a: timedelta, b: timedelta, c: timedelta) -> None:
    calendar, origin = place
    first, middle, last = sorted((origin + a, origin + b, origin + c))
    assert calendar.elapsed(first, middle) + calendar.elapsed(middle, last) == calendar.elapsed(first, last)
    assert calendar.elapsed(last, first) == NOTHING


@settings(max_examples=100, deadline=None)
@given(places(), spans(), spans(30), spans(30))
def test_a_deadline_reached_in_two_steps_is_the_one_reached_in_one(
    place: Place, offset: timedelta, first: timedelta, second: timedelta
) -> None:
    calendar, origin = place
    assume(second)
    start = origin + offset
    assert calendar.advance(calendar.advance(start, first), second) == calendar.advance(start, first + second)


@settings(max_examples=80, deadline=None)
@given(places(), spans(), spans(30))
def test_segments_tile_the_time_and_add_up_to_what_elapsed(place: Place, offset: timedelta, length: timedelta) -> None:
    calendar, origin = place
    start, end = origin + offset, origin + offset + length
    segments = list(calendar.segments(start, end))
    assert sum((to - since for since, to, is_open in segments if is_open), NOTHING) == calendar.elapsed(start, end)
    assert all(one[1] == other[0] and one[2] != other[2] for one, other in pairwise(segments))
    assert all(calendar.is_open(since) == is_open for since, _, is_open in segments)
    if length:
        assert (segments[0][0], segments[-1][1]) == (start, end)
    else:
        assert not segments


@settings(max_examples=80, deadline=None)
@given(places())
def test_a_calendar_survives_its_own_data(place: Place) -> None:
    calendar, _ = place
    read = Calendar.from_dict(calendar.as_dict())
    assert read == calendar
    assert hash(read) == hash(calendar)
