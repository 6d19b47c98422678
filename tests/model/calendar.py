"""The support calendar of the model, read the slow way: every opening is looked up local date by local date.

"Support calendar: an IANA time zone, weekly openings in local time (an opening may run over midnight), and dated
exceptions (closed, or other hours). An opening is the physical time between its two local times."
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

Interval = tuple[datetime, datetime]
Hours = tuple[tuple[str, str], ...]

NOTHING = timedelta(0)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """A week of openings and the dates that differ; ``week`` begins on Monday."""

    zone: str
    week: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
    exceptions: tuple[tuple[date, Hours], ...] = ()

    def open_between(self, start: datetime, end: datetime) -> list[Interval]:
        """The open time within a stretch; "time that two openings cover counts once"."""
        zone = ZoneInfo(self.zone)
        day, last = start.astimezone(zone).date() - 2 * DAY, end.astimezone(zone).date() + DAY
        found: list[Interval] = []
        while day <= last:
            found += openings_on(self, day)
            day += DAY
        return within(union(found), start, end)


@cache
def openings_on(calendar: Calendar, day: date) -> list[Interval]:
    """The openings that begin on a local date; "an exception replaces the openings that begin on its local date"."""
    hours = dict(calendar.exceptions).get(day, calendar.week[day.weekday()])
    return [_opening(calendar.zone, day, opens, closes) for opens, closes in hours]


def _opening(zone: str, day: date, opens: str, closes: str) -> Interval:
    begins, ends = _local(day, opens), _local(day, closes)
    if ends <= begins:
        ends += DAY  # "an opening may run over midnight"
    return instants_of(zone, begins)[0], instants_of(zone, ends)[-1]


def _local(day: date, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=int(hours), minutes=int(minutes))


def instants_of(zone: str, local: datetime) -> list[datetime]:
    """Every instant at which the wall's clock shows a local time, earliest first.

    "A local time that does not exist is the first instant after the gap; an ambiguous one is the earlier instant for
    an opening and the later one for a closing."
    """
    read = ZoneInfo(zone)
    tried = {local.replace(tzinfo=read, fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = [instant for instant in tried if instant.astimezone(read).replace(tzinfo=None) == local]
    if shown:
        return sorted(shown)
    instant = min(tried).replace(second=0, microsecond=0) - timedelta(hours=4)
    while instant.astimezone(read).replace(tzinfo=None) < local:
        instant += MINUTE
    return [instant]


def union(intervals: list[Interval]) -> list[Interval]:
    """The same time without overlaps, in order."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def within(intervals: list[Interval], start: datetime, end: datetime) -> list[Interval]:
    """What of these intervals lies in a stretch."""
    cut = [(max(opens, start), min(closes, end)) for opens, closes in intervals]
    return [(opens, closes) for opens, closes in cut if opens < closes]


def without(intervals: list[Interval], removed: Interval) -> list[Interval]:
    """What of these intervals lies outside another."""
    left = []
    for opens, closes in intervals:
        left += [(opens, min(closes, removed[0])), (max(opens, removed[1]), closes)]
    return [(opens, closes) for opens, closes in left if opens < closes]
