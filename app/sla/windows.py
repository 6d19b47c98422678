"""Maintenance windows: spans of time that count for no clock, whatever the desk's hours.

A window is a pair of instants, the first in it, the second not. Those of a clock are kept in order and apart.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.sla.calendar import Calendar
from app.sla.instants import NOTHING, in_utc

Window = tuple[datetime, datetime]
Windows = tuple[Window, ...]


def joined(windows: Iterable[Window]) -> Windows:
    """The same time in order and apart: windows that touch or overlap are one, empty ones are none."""
    found: list[Window] = []
    for begins, ends in sorted((in_utc(begins), in_utc(ends)) for begins, ends in windows):
        if begins >= ends:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return tuple(found)


def advance(calendar: Calendar, windows: Windows, instant: datetime, span: timedelta) -> datetime:
    """``Calendar.advance`` over time outside the windows; reached exactly as a window begins, it is that instant.

    Raises:
        OutOfRange: It lies after year 9999.
        ValueError: The span is negative.
    """
    at, left = in_utc(instant), span
    for begins, ends in windows:
        if ends <= at:
            continue
        before = calendar.elapsed(at, begins)
        if left <= before:
            break
        at, left = ends, left - before
    return calendar.advance(at, left)


def elapsed(calendar: Calendar, windows: Windows, start: datetime, end: datetime) -> timedelta:
    """``Calendar.elapsed`` of the time outside the windows."""
    covered = (calendar.elapsed(max(start, begins), min(end, ends)) for begins, ends in windows)
    return calendar.elapsed(start, end) - sum(covered, NOTHING)
