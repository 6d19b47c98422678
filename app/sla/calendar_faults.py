"""Why a calendar is refused: it has no zone, never opens, or its openings overlap.

All faults are told at once, so that whoever writes a calendar mends it once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from app.sla.localtime import zone_names
from app.sla.opening import FULL_DAY, Opening

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = len(DAYS) * FULL_DAY

Weekly = Mapping[int, Sequence[Opening]]
Exceptions = Mapping[date, Sequence[Opening]]


def calendar_faults(time_zone: str, weekly: Weekly, exceptions: Exceptions) -> list[str]:
    """Every reason for which this calendar cannot be kept; none when it can."""
    return [*_zone_faults(time_zone), *_weekly_faults(weekly), *_exception_faults(exceptions)]


def open_time(weekly: Weekly) -> timedelta:
    """The open wall time of a week without exceptions, its openings being apart."""
    return sum((each.closes - each.opens for openings in weekly.values() for each in openings), timedelta(0))


def _zone_faults(time_zone: str) -> Iterator[str]:
    if time_zone not in zone_names():
        yield f"time_zone: no time zone is named {time_zone!r}"


def _weekly_faults(weekly: Weekly) -> Iterator[str]:
    unknown = [day for day in weekly if day not in range(len(DAYS))]
    yield from (f"weekly: {day!r} is no day of the week (0 is Monday, 6 is Sunday)" for day in unknown)
    known = {day: openings for day, openings in weekly.items() if day not in unknown}
    spans = sorted(_in_week(known))
    if not spans and not unknown:
        yield "weekly: the calendar has no open time"
        return
    # Sunday's last opening may run into Monday's first of the week after.
    following = [(opens + WEEK, closes + WEEK, name) for opens, closes, name in spans[:1]]
    for (_, closes, name), (opens, _, other) in pairwise([*spans, *following]):
        if opens < closes:
            yield f"weekly: {name} overlaps {other}"


def _in_week(weekly: Weekly) -> Iterator[tuple[timedelta, timedelta, str]]:
    for day, openings in weekly.items():
        for each in openings:
            yield day * FULL_DAY + each.opens, day * FULL_DAY + each.closes, f"{DAYS[day]} {each}"


def _exception_faults(exceptions: Exceptions) -> Iterable[str]:
    for day, openings in sorted(exceptions.items()):
        for one, other in pairwise(sorted(openings)):
            if other.opens < one.closes:
                yield f"exceptions.{day.isoformat()}: {one} overlaps {other}"
