"""Pure: the paid months of a purchase.

Month *k* begins *k* calendar months after the start, at the same local time in the purchase's zone, on the month's
last day where it has no such day. A local time that is skipped is the first instant after the gap; of one that comes
twice the earlier is meant, unless it is the start itself.
"""

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta

from app.sla.instants import instant_at
from app.sla.localtime import instant_of, zone_named

_FOREVER = datetime.max.replace(tzinfo=UTC)
_LAST_MONTH = datetime(MAXYEAR, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Month:
    """A paid month: from an instant, inclusive, to another, exclusive."""

    starts_at: datetime
    ends_at: datetime


def month_start(start: datetime, time_zone: str, k: int) -> datetime:
    """Return the instant at which month ``k`` begins; month 0 begins at the start."""
    if k == 0:
        return start
    if start >= _LAST_MONTH:
        return _FOREVER
    zone = zone_named(time_zone)
    local = start.astimezone(zone)
    years, month0 = divmod(local.month - 1 + k, 12)
    year, month = local.year + years, month0 + 1
    if (year, month) >= (MAXYEAR, 12):
        return _FOREVER
    day = min(local.day, calendar.monthrange(year, month)[1])
    since = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    midnight = datetime.combine(date(year, month, day), time())
    return instant_at(instant_of(zone, midnight, since, later=False))


def month_of(start: datetime, time_zone: str, at: datetime) -> Month:
    """Return the paid month that an instant lies in; the instant is not before the start."""
    k = max((at.year - start.year) * 12 + at.month - start.month - 1, 1)
    while (ends_at := month_start(start, time_zone, k)) <= at < _FOREVER:
        k += 1
    return Month(month_start(start, time_zone, k - 1), ends_at)


def period_end(start: datetime, time_zone: str, now: datetime) -> datetime:
    """Return the end of the paid month that an instant lies in."""
    return month_of(start, time_zone, now).ends_at
