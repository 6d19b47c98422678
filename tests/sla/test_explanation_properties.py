"""Whatever a clock went through, its explanation has no gap and adds up to its deadline, to the microsecond."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla import Calendar, State
from app.sla.explanation import Time, explained, split
from app.sla.narrative import Told
from tests.sla.desk import LONDON
from tests.sla.drawn import places
from tests.sla.lives import DAYS, Life, lives
from tests.sla.reference import MINUTE, NOTHING, Grid


@settings(max_examples=200, deadline=None)
@given(lives())
def test_the_segments_tile_the_time_without_a_gap(life: Life) -> None:
    told = explained(life.ledger, life.end)

    edges = [life.clock.started_at, *(segment.ends_at for segment in told.segments)]
    assert [segment.starts_at for segment in told.segments] == edges[:-1]
    assert edges[-1] == told.until or not told.segments
    assert all(segment.starts_at < segment.ends_at for segment in told.segments)


@settings(max_examples=200, deadline=None)
@given(lives())
def test_what_is_counted_adds_up_to_what_the_clock_has_counted(life: Life) -> None:
    told = explained(life.ledger, life.end)

    counted = sum((segment.counted for segment in told.segments), NOTHING)
    assert counted == life.clock.counted_at(told.until)
    for segment, following in pairwise(told.segments):
        assert following.total == segment.total + following.counted
    if told.segments:
        assert told.segments[-1].total == counted


@settings(max_examples=300, deadline=None)
@given(lives())
def test_nothing_remains_at_the_deadline(life: Life) -> None:
    told, clock = explained(life.ledger, life.end), life.clock

    remaining = told.segments[-1].remaining if told.segments else clock.remaining
    if clock.state is State.running:
        assert (told.until, remaining) == (clock.due_at, NOTHING)
    elif clock.state is State.breached:
        assert (told.until, remaining) == (life.end, clock.remaining_at(life.end))
    elif clock.state is State.paused:
        assert (told.until, remaining) == (life.end, clock.remaining)
    if clock.breached_at is not None and clock.breached_at > clock.started_at:
        at_deadline = [segment.remaining for segment in told.segments if segment.ends_at == clock.breached_at]
        assert at_deadline == [NOTHING]


@settings(max_examples=150, deadline=None)
@given(lives())
def test_what_is_open_counts_whole_and_what_is_closed_counts_nothing(life: Life) -> None:
    for segment in explained(life.ledger, life.end).segments:
        grid = Grid(segment.line.terms.calendar, life.origin, DAYS + 20)
        if segment.ends_at > grid.end:
            continue  # the walk over minutes goes no further
        counted = grid.elapsed(segment.starts_at, segment.ends_at)
        if segment.time in {Time.open, Time.overrun}:
            assert segment.counted == counted
            assert segment.time is Time.overrun or counted == segment.ends_at - segment.starts_at
        else:
            assert segment.counted == NOTHING
            assert segment.time is not Time.closed or counted == NOTHING


@settings(max_examples=150, deadline=None)
@given(lives())
def test_every_life_can_be_told(life: Life) -> None:
    told = Told(LONDON, lambda _: "as agreed", lambda line: f"there was {line.why}")

    text = told.paragraph(life.clock.metric, explained(life.ledger, life.end))

    assert text.endswith(".")
    assert ".." not in text
    assert "None" not in text


@settings(max_examples=150, deadline=None)
@given(places(), st.lists(st.integers(0, 6 * 1440), max_size=8, unique=True))
def test_windows_take_their_time_and_leave_the_rest_as_it_was(
    place: tuple[Calendar, datetime], cuts: list[int]
) -> None:
    calendar, start = place
    end = start + timedelta(days=5)
    points = [start + MINUTE * cut for cut in sorted(cuts)]
    windows = [(begins, ends, "new cards") for begins, ends in zip(points[::2], points[1::2], strict=False)]

    pieces = list(split(calendar.segments(start, end), windows))

    assert [piece[0] for piece in pieces] == [start, *(piece[1] for piece in pieces[:-1])]
    assert pieces[-1][1] == end
    grid = Grid(calendar, start, 6)
    for begins, ends, time, reason in pieces:
        middle = begins + (ends - begins) / 2
        assert (time is Time.maintenance) == _covered(middle, windows) == (reason == "new cards")
        assert time is Time.maintenance or grid.is_open(middle) == (time is Time.open)
    assert all(before[2:] != after[2:] for before, after in pairwise(pieces))


def _covered(instant: datetime, windows: list[tuple[datetime, datetime, str]]) -> bool:
    return any(begins <= instant < ends for begins, ends, _ in windows)
