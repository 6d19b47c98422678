"""Which instant a local time means.

A local time that does not exist is the first instant after the gap; an ambiguous one is the earlier instant for an
opening and the later one for a closing. The zone data is the pinned ``tzdata`` package, never the host's: a deadline
may not depend on the machine that computes it.
"""

from bisect import bisect_left
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.sla.instants import DAY, EPOCH, EPOCH_ORDINAL, SECOND, TICK, micros

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
END_OF_TIME = (date.max.toordinal() + 1 - EPOCH_ORDINAL) * DAY


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The names of all IANA zones in the pinned data."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name, from the pinned data.

    Raises:
        ZoneInfoNotFoundError: There is none.
    """
    if name not in zone_names():
        raise ZoneInfoNotFoundError(f"no time zone is named {name!r}")
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def instant_of(zone: ZoneInfo, midnight: datetime, since: timedelta, *, later: bool) -> int:
    """The instant at which the clocks of a zone show a local time.

    Args:
        zone: The zone whose clocks are meant.
        midnight: Naive midnight of a local date.
        since: The wall time since that midnight, in whole seconds.
        later: Which of two instants an ambiguous time means.

    Returns:
        Microseconds since the epoch; the end of year 9999 where the local time lies after it.
    """
    try:
        wall = midnight + since
    except OverflowError:
        return END_OF_TIME
    before = zone.utcoffset(wall)
    after = zone.utcoffset(wall.replace(fold=1))
    assert before is not None  # a zone always has an offset
    assert after is not None
    if before < after:
        return _end_of_gap(zone, wall, _reading(wall) - micros(after), _reading(wall) - micros(before))
    return _reading(wall) - micros(after if later else before)


def _end_of_gap(zone: ZoneInfo, wall: datetime, low: int, high: int) -> int:
    """The first instant in (low, high] whose local reading is past a local time that is skipped."""
    seconds = range(low // SECOND, high // SECOND)
    past = bisect_left(seconds, wall, key=lambda second: _shown(zone, second))
    return (seconds.start + past) * SECOND


def _shown(zone: ZoneInfo, second: int) -> datetime:
    return (EPOCH + timedelta(seconds=second)).astimezone(zone).replace(tzinfo=None)


def _reading(wall: datetime) -> int:
    """A local time as if it were UTC."""
    return (wall - _NAIVE_EPOCH) // TICK
