"""The open time of a calendar, laid out as integers, a UTC year at a time.

A year is built once, when first asked for: its openings as merged intervals of microseconds since the epoch, with the
open time that lies before each of them. Then a deadline is one bisection, and a whole year is skipped by its total.
Two threads that build the same year build the same value; the last one to store it wins, and nothing is lost.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.sla.errors import OutOfRange
from app.sla.instants import DAY, EPOCH_ORDINAL, instant_at, micros, since_epoch
from app.sla.localtime import instant_of
from app.sla.opening import Opening

_YEARS_KEPT = 64
# An opening ends within 48 hours of its local midnight, and a local midnight lies within a day of UTC's; a skipped
# date (Apia, 2011-12-30) adds one more.
_DAYS_BEFORE = 4
_DAYS_AFTER = 2


@dataclass(frozen=True, slots=True)
class Year:
    """The open intervals [starts[i], ends[i]) of one UTC year, the open time before each, and its total (the last)."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def counted(self, instant: int) -> int:
        """The open time between the start of the year and an instant in it."""
        last = bisect_right(self.starts, instant) - 1
        if last < 0:
            return 0
        closes = self.ends[last]
        return self.before[last] + (min(closes, instant)) - self.starts[last]

    def first_at(self, counted: int) -> int:
        """The first instant by which that much (0 < counted <= total) was open: a closing, not the next opening."""
        last = bisect_left(self.before, counted) - 1
        return self.starts[last] + counted - self.before[last]

    def last_at(self, counted: int) -> int:
        """The last instant by which that much (0 <= counted < total) was open: an opening, not the closing before."""
        last = bisect_right(self.before, counted) - 1
        return self.starts[last] + counted - self.before[last]


class Timetable:
    """The years of one calendar, built when they are asked for; the eldest-built go when too many are kept."""

    __slots__ = ("_exceptions", "_weekly", "_years", "_zone")

    def __init__(
        self, zone: ZoneInfo, weekly: Sequence[Sequence[Opening]], exceptions: Mapping[date, Sequence[Opening]]
    ) -> None:
        self._zone = zone
        self._weekly = weekly
        self._exceptions = exceptions
        self._years: dict[int, Year] = {}

    def advance(self, instant: datetime, span: timedelta) -> datetime:
        """The first instant at which the open time since ``instant`` reaches a positive span."""
        number, year = instant.year, self.year(instant.year)
        goal = year.counted(since_epoch(instant)) + micros(span)
        while goal > year.total:
            goal -= year.total
            number += 1
            year = self.year(number)
        return instant_at(year.first_at(goal))

    def retreat(self, instant: datetime, span: timedelta) -> datetime:
        """The last instant from which the open time until ``instant`` reaches a positive span."""
        number, year = instant.year, self.year(instant.year)
        goal = year.counted(since_epoch(instant)) - micros(span)
        while goal < 0:
            number -= 1
            year = self.year(number)
            goal += year.total
        return instant_at(year.last_at(goal))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants, the first not after the second."""
        counted = self.year(end.year).counted(since_epoch(end)) - self.year(start.year).counted(since_epoch(start))
        whole = sum(self.year(number).total for number in range(start.year, end.year))
        return timedelta(microseconds=whole + counted)

    def is_open(self, instant: datetime) -> bool:
        """Whether the instant lies in an opening; a closing does not."""
        year, at = self.year(instant.year), since_epoch(instant)
        last = bisect_right(year.starts, at) - 1
        return last >= 0 and at < year.ends[last]

    def openings(self, start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
        """The open intervals of the years from ``start`` to ``end``, those that meet at New Year joined."""
        held: tuple[int, int] | None = None
        for number in range(start.year, end.year + 1):
            year = self.year(number)
            for opens, closes in zip(year.starts, year.ends, strict=True):
                if held and held[1] == opens:
                    held = (held[0], closes)
                    continue
                if held:
                    yield held
                held = (opens, closes)
        if held:
            yield held

    def year(self, number: int) -> Year:
        """The table of one UTC year.

        Raises:
            OutOfRange: It is before year 1 or after year 9999.
        """
        found = self._years.get(number)
        if found is not None:
            return found
        if not date.min.year <= number <= date.max.year:
            raise OutOfRange("the deadline lies outside the years 1 to 9999")
        if len(self._years) >= _YEARS_KEPT:
            self._years.pop(next(iter(tuple(self._years))), None)
        return self._years.setdefault(number, self._build(number))

    def _build(self, number: int) -> Year:
        first, past = date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal() + 1
        begin, finish = (first - EPOCH_ORDINAL) * DAY, (past - EPOCH_ORDINAL) * DAY
        days = range(max(1, first - _DAYS_BEFORE), min(date.max.toordinal() + 1, past + _DAYS_AFTER))
        starts: list[int] = []
        ends: list[int] = []
        for opens, closes in sorted(interval for day in days for interval in self._intervals(day)):
            low, high = max(opens, begin), min(closes, finish)
            if low >= high:
                continue
            if ends and low <= ends[-1]:  # time that two openings cover counts once
                ends[-1] = max(ends[-1], high)
            else:
                starts.append(low)
                ends.append(high)
        before = _sums(starts, ends)
        return Year(starts, ends, before, before[-1])

    def _intervals(self, day: int) -> Iterator[tuple[int, int]]:
        on = date.fromordinal(day)
        openings = self._exceptions.get(on)
        midnight = datetime(on.year, on.month, on.day)  # noqa: DTZ001 - a wall reading; instant_of gives it its zone
        for opening in self._weekly[on.weekday()] if openings is None else openings:
            opens = instant_of(self._zone, midnight, opening.opens, later=False)
            yield opens, instant_of(self._zone, midnight, opening.closes, later=True)


def _sums(starts: Sequence[int], ends: Sequence[int]) -> list[int]:
    before = [0]
    for opens, closes in zip(starts, ends, strict=True):
        before.append(before[-1] + closes - opens)
    return before
