"""A support calendar: when the desk is open, and the two operations on it that undo each other.

``advance(instant, span)`` is the deadline, ``elapsed(start, end)`` is what was counted; ``retreat`` mirrors
``advance``. All arithmetic is in UTC microseconds (``timetable``); local time exists only where a date's openings
become instants (``localtime``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Self

from app.sla.calendar_data import calendar_as_dict, read_calendar
from app.sla.calendar_faults import DAYS, WEEK, calendar_faults, open_time
from app.sla.errors import BadCalendar
from app.sla.instants import NOTHING, in_utc, instant_at, shifted
from app.sla.localtime import END_OF_TIME, zone_named
from app.sla.opening import FULL_DAY, MIDNIGHT, Opening
from app.sla.timetable import Timetable

_LAST_TICK = END_OF_TIME - 1
_NO_EXCEPTIONS: Mapping[date, Sequence[Opening]] = MappingProxyType({})

Weekly = tuple[tuple[Opening, ...], ...]
Exceptions = tuple[tuple[date, tuple[Opening, ...]], ...]


@dataclass(frozen=True, slots=True, init=False)
class Calendar:
    """When the desk is open; equal to every calendar of the same definition.

    Args (of the constructor):
        time_zone: An IANA name, as ``Europe/London``.
        weekly: The openings that begin on each day of the week, 0 being Monday.
        exceptions: Dates whose openings replace those of the week; none at all means closed.

    Attributes:
        weekly: Seven tuples, Monday's first, each in order.
        exceptions: (date, openings) in order.

    Raises:
        BadCalendar: With every reason for which it is refused.
    """

    time_zone: str
    weekly: Weekly
    exceptions: Exceptions
    _never_closes: bool = field(compare=False, repr=False)
    _timetable: Timetable = field(compare=False, repr=False)

    def __init__(
        self,
        time_zone: str,
        weekly: Mapping[int, Sequence[Opening]],
        exceptions: Mapping[date, Sequence[Opening]] = _NO_EXCEPTIONS,
    ) -> None:
        faults = calendar_faults(time_zone, weekly, exceptions)
        if faults:
            raise BadCalendar(faults)
        week = tuple(tuple(sorted(weekly.get(day, ()))) for day in range(len(DAYS)))
        dated = tuple((day, tuple(sorted(openings))) for day, openings in sorted(exceptions.items()))
        object.__setattr__(self, "time_zone", time_zone)
        object.__setattr__(self, "weekly", week)
        object.__setattr__(self, "exceptions", dated)
        # Openings that fill the week and are apart touch all around it, whatever the clocks are put to.
        object.__setattr__(self, "_never_closes", not dated and open_time(weekly) == WEEK)
        object.__setattr__(self, "_timetable", _timetable_of(time_zone, week, dated))

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Reads ``{"time_zone": ..., "weekly": {"mon": [["08:00", "18:00"]]}, "exceptions": {"2026-12-25": []}}``.

        Raises:
            BadCalendar: With every reason, malformed data among them, each with its place.
        """
        return cls(*read_calendar(data))

    def as_dict(self) -> dict[str, object]:
        """The calendar as ``from_dict`` reads it."""
        return calendar_as_dict(self.time_zone, self.weekly, self.exceptions)

    def advance(self, instant: datetime, span: timedelta) -> datetime:
        """The first instant at which the open time since ``instant`` reaches ``span``.

        Reached exactly at a closing, it is that closing; a span of nothing is reached at the instant itself.

        Raises:
            OutOfRange: It lies after year 9999.
            ValueError: The span is negative.
        """
        at = _checked(instant, span)
        if not span:
            return at
        return shifted(at, span) if self._never_closes else self._timetable.advance(at, span)

    def retreat(self, instant: datetime, span: timedelta) -> datetime:
        """The last instant from which the open time until ``instant`` reaches ``span``: ``advance`` mirrored.

        Raises:
            OutOfRange: It lies before year 1.
            ValueError: The span is negative.
        """
        at = _checked(instant, span)
        if not span:
            return at
        return shifted(at, -span) if self._never_closes else self._timetable.retreat(at, span)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants; nothing where the end is not after the start."""
        begin, finish = in_utc(start), in_utc(end)
        if finish <= begin:
            return NOTHING
        return finish - begin if self._never_closes else self._timetable.elapsed(begin, finish)

    def is_open(self, instant: datetime) -> bool:
        """Whether the desk is open at the instant; it is at an opening, and is not at a closing."""
        return self._never_closes or self._timetable.is_open(in_utc(instant))

    def segments(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
        """The time between two instants, in order, as (from, to, open); what meets and is alike is one segment."""
        at, finish = in_utc(start), in_utc(end)
        if self._never_closes and at < finish:
            yield at, finish, True
            return
        for opens, closes in self._timetable.openings(at, finish):
            begin, stop = max(at, instant_at(opens)), min(finish, _closing(closes))
            if begin >= stop:
                continue
            if at < begin:
                yield at, begin, False
            yield begin, stop, True
            at = stop
        if at < finish:
            yield at, finish, False


def _closing(since: int) -> datetime:
    """A closing as an instant; the end of year 9999 is one tick too late for any."""
    return instant_at(min(since, _LAST_TICK))


def _checked(instant: datetime, span: timedelta) -> datetime:
    if span < NOTHING:
        raise ValueError(f"a span is counted, and cannot be negative: {span}")
    return in_utc(instant)


@lru_cache(maxsize=512)
def _timetable_of(time_zone: str, weekly: Weekly, exceptions: Exceptions) -> Timetable:
    """One timetable for all calendars of the same definition, however often they are read from a row."""
    return Timetable(zone_named(time_zone), weekly, dict(exceptions))


ALWAYS = Calendar("UTC", dict.fromkeys(range(len(DAYS)), (Opening(MIDNIGHT, FULL_DAY),)))
