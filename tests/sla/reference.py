"""A second reading of the calendar's rules, slow and by other means, to hold the first against.

Time is a grid of minutes, and a minute is open by what the clocks on the wall show around it: an opening has begun once
a reading at or past it has been shown, and has not ended while a reading before its closing, or the closing itself once
more, is still to come.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate

from app.sla import Calendar, Opening
from app.sla.localtime import zone_named

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NOTHING = timedelta(0)
MARGIN = 2 * 1440 + 720  # an opening may have begun or may end so many minutes outside


class Grid:
    """The minutes of a stretch of time, open or closed, for one calendar."""

    def __init__(self, calendar: Calendar, start: datetime, days: int) -> None:
        self.start = start
        past, to_come = _shown(calendar.time_zone, start, days)
        spans = _spans(calendar, past[0].date() - 2 * DAY, to_come[-1].date() + 2 * DAY)
        self.cells = [False] * (days * 1440)
        for opens, closes in spans:
            begun = bisect_left(past, opens) - MARGIN
            # A closing that is shown twice is the later one, even where the first ends no reading before it.
            ended = max(bisect_left(to_come, closes), bisect_right(to_come, closes) - 1) - MARGIN
            for index in range(max(0, begun), min(len(self.cells), ended)):
                self.cells[index] = True

    @property
    def end(self) -> datetime:
        return self.start + MINUTE * len(self.cells)

    def is_open(self, instant: datetime) -> bool:
        return self.cells[(instant - self.start) // MINUTE]

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        counted, at = NOTHING, start
        while at < end:
            stop = min(end, self._next(at))
            counted += stop - at if self.is_open(at) else NOTHING
            at = stop
        return counted

    def advance(self, instant: datetime, span: timedelta) -> datetime | None:
        """None when the grid ends before the span is reached."""
        left, at = span, instant
        while left and at < self.end:
            stop = self._next(at)
            if self.is_open(at):
                stop = min(stop, at + left)
                left -= stop - at
            at = stop
        return None if left else at

    def retreat(self, instant: datetime, span: timedelta) -> datetime | None:
        left, at = span, instant
        while left and at > self.start:
            stop = self.start + MINUTE * -((self.start - at) // MINUTE + 1)
            if self.is_open(stop):
                stop = max(stop, at - left)
                left -= at - stop
            at = stop
        return None if left else at

    def _next(self, at: datetime) -> datetime:
        return self.start + MINUTE * ((at - self.start) // MINUTE + 1)


@cache
def _shown(zone_name: str, start: datetime, days: int) -> tuple[list[datetime], list[datetime]]:
    """At each minute, the latest reading that the wall's clocks have shown, and the earliest still to come."""
    zone = zone_named(zone_name)
    minutes = range(-MARGIN, days * 1440 + MARGIN)
    shown = [(start + MINUTE * index).astimezone(zone).replace(tzinfo=None) for index in minutes]
    return list(accumulate(shown, max)), list(accumulate(reversed(shown), min))[::-1]


def _spans(calendar: Calendar, first: date, last: date) -> Sequence[tuple[datetime, datetime]]:
    exceptions = dict(calendar.exceptions)
    spans: list[tuple[datetime, datetime]] = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        midnight = datetime.combine(day, datetime.min.time())
        openings: Sequence[Opening] = exceptions.get(day, calendar.weekly[day.weekday()])
        spans.extend((midnight + each.opens, midnight + each.closes) for each in openings)
    return spans


def utc(text: str) -> datetime:
    """An instant written without its zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
