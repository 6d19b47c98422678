"""Where a deadline comes from: the time of a clock, cut where anything about it changes, adding up to the microsecond.

A clock's ledger tells what it stood at right after each change. Between two lines time was of one kind or another:

    open         counted, before the deadline       met          the ticket lay resolved (only before a reopening)
    closed       the desk was closed                cancelled    nothing was promised
    paused       the status held the clock up       overrun      after the deadline, what counted and what did not
    maintenance  a window covered it                several      the middle of more than can be told one by one

The explanation of a running clock goes as far as its deadline, where nothing remains; that of a paused or breached one
goes to the present, that of a met or cancelled one to its end.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.sla.facts import State
from app.sla.instants import NOTHING, in_utc
from app.sla.terms import Terms

Window = tuple[datetime, datetime, str]
"""Time that never counts, and the reason that was given for it."""

_ENDED = frozenset({State.met, State.met_late, State.cancelled})
_MET = frozenset({State.met, State.met_late})
_LATE = frozenset({State.breached, State.met_late})
_ABOUT_CALLS = frozenset({"acknowledged"})  # withholds the ladder's calls, and is nothing to the deadline


class Time(StrEnum):
    """What a stretch of time was to a clock."""

    open = "open"
    closed = "closed"
    paused = "paused"
    maintenance = "maintenance"
    met = "met"
    cancelled = "cancelled"
    overrun = "overrun"
    several = "several"  # many stretches told as one


class Turn(StrEnum):
    """What a change made of a clock."""

    started = "started"
    paused = "paused"
    resumed = "resumed"
    met = "met"
    reopened = "reopened"
    cancelled = "cancelled"
    regained = "regained"
    breached = "breached"
    changed = "changed"
    kept = "kept"  # the old terms, since the new ones would have ended later


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a clock's ledger: what the clock stood at right after something happened to it.

    Attributes:
        at: When that was.
        why: What happened, as the ledger calls it.
        terms: The target, the counting and the calendar from then on.
        state: What the clock was from then on.
        paused: Whether its status held it up, a breached one included.
        counted: All time counted so far.
        remaining: What was left of the target.
        due_at: The deadline, if there was one.
        windows: The maintenance windows known from then on, in order and apart, with their reasons.
    """

    at: datetime
    why: str
    terms: Terms
    state: State
    paused: bool
    counted: timedelta
    remaining: timedelta
    due_at: datetime | None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time of one kind under one line; ``total`` and ``remaining`` are those at its end."""

    line: Line
    starts_at: datetime
    ends_at: datetime
    time: Time
    counted: timedelta
    total: timedelta
    remaining: timedelta
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at an instant, and what stood before and after; ``before`` is None at the start."""

    turn: Turn
    before: Line | None
    after: Line
    remaining_before: timedelta

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.after.at


@dataclass(frozen=True, slots=True)
class Explanation:
    """The changes of a clock and the time between them, in order, from its start until ``until``."""

    parts: tuple[Segment | Change, ...]
    last: Line
    until: datetime

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The time alone; it has no gaps."""
        return tuple(part for part in self.parts if isinstance(part, Segment))

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes alone."""
        return tuple(part for part in self.parts if isinstance(part, Change))


def explained(lines: Sequence[Line], now: datetime) -> Explanation:
    """Explains a clock from its ledger, settled up to ``now``.

    Args:
        lines: Every line of the ledger, in order.
        now: The present, until which a paused or a breached clock is explained.
    """
    told = [line for line in lines if line.why not in _ABOUT_CALLS]
    until = _until(told[-1], in_utc(now))
    ends = [*(line.at for line in told[1:]), until]
    parts: list[Segment | Change] = []
    before: Line | None = None
    total, remaining = told[0].counted, told[0].remaining
    for line, end in zip(told, ends, strict=True):
        parts.append(Change(_turn(before, line), before, line, remaining))
        remaining = line.remaining
        for begin, stop, time, reason in _stretch(line, end):
            counted = _counted(line, begin, stop, time)
            total, remaining = total + counted, remaining - counted
            parts.append(Segment(line, begin, stop, time, counted, total, remaining, reason))
        before = line
    return Explanation(tuple(parts), told[-1], until)


def bounded(segments: Sequence[Segment], most: int) -> Sequence[Segment]:
    """Tells the middle of more than so many segments as one, so that all of them still have no gap and add up."""
    if len(segments) <= most:
        return segments
    first, last = segments[: most // 2], segments[len(segments) - (most - most // 2 - 1) :]
    middle = segments[len(first) : len(segments) - len(last)]
    folded = replace(
        middle[-1],
        starts_at=middle[0].starts_at,
        time=Time.several,
        counted=sum((segment.counted for segment in middle), NOTHING),
        reason=f"{len(middle)} segments are told as one",
    )
    return (*first, folded, *last)


Piece = tuple[datetime, datetime, Time, str | None]


def split(segments: Iterable[tuple[datetime, datetime, bool]], windows: Sequence[Window]) -> Iterator[Piece]:
    """Cuts the open and closed time of a calendar by maintenance windows, which cover either.

    Args:
        segments: Time as (from, to, open), as ``Calendar.segments`` tells it.
        windows: Maintenance windows, in order and apart.

    Yields:
        The same time as (from, to, kind, reason of the window); what meets and is alike is one piece.
    """
    held: Piece | None = None
    for piece in _cut(segments, windows):
        if held is not None and held[1] == piece[0] and held[2:] == piece[2:]:
            held = (held[0], piece[1], piece[2], piece[3])
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _cut(segments: Iterable[tuple[datetime, datetime, bool]], windows: Sequence[Window]) -> Iterator[Piece]:
    for start, end, is_open in segments:
        at, kind = start, Time.open if is_open else Time.closed
        for begins, ends, reason in windows:
            low, high = max(in_utc(begins), at), min(in_utc(ends), end)
            if low >= high:
                continue
            if at < low:
                yield at, low, kind, None
            yield low, high, Time.maintenance, reason
            at = high
        if at < end:
            yield at, end, kind, None


def _until(last: Line, now: datetime) -> datetime:
    if last.state in _ENDED:
        return last.at
    if last.state is State.running and last.due_at is not None:
        return last.due_at
    return max(last.at, now)


def _stretch(line: Line, end: datetime) -> Iterable[Piece]:
    """The time from a line to the next, or to the end."""
    if line.at >= end:
        return ()
    if line.state is State.cancelled:
        return ((line.at, end, Time.cancelled, None),)
    if line.state in _MET:
        return ((line.at, end, Time.met, None),)
    if line.paused:
        return ((line.at, end, Time.paused, None),)
    if line.state is State.breached:
        return ((line.at, end, Time.overrun, None),)
    return split(line.terms.calendar.segments(line.at, end), line.windows)


def _counted(line: Line, start: datetime, end: datetime, time: Time) -> timedelta:
    if time is Time.open:
        return end - start
    if time is not Time.overrun:
        return NOTHING
    if not line.windows:
        return line.terms.calendar.elapsed(start, end)
    pieces = split(line.terms.calendar.segments(start, end), line.windows)
    return sum((stop - begin for begin, stop, kind, _ in pieces if kind is Time.open), NOTHING)


def _turn(before: Line | None, after: Line) -> Turn:
    if before is None:
        return Turn.started
    if after.state is not before.state and (turn := _turn_of_state(before.state, after.state)) is not None:
        return turn
    if after.paused is not before.paused:
        return Turn.paused if after.paused else Turn.resumed
    return Turn.kept if after.terms == before.terms and after.windows == before.windows else Turn.changed


def _turn_of_state(before: State, after: State) -> Turn | None:
    """What a change of state is called; a pause and its end are told from the pause itself."""
    if after is State.cancelled:
        return Turn.cancelled
    if after in _MET:
        return Turn.met
    if before in _MET:
        return Turn.reopened
    if before is State.cancelled:
        return Turn.regained
    return Turn.breached if after is State.breached else None
