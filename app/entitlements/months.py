"""Pure: the paid months of a purchase.

Month *k* begins *k* calendar months after the start, at the same local time in the reseller's zone, on the
month's last day where it has no such day, and at the first instant after a gap where the clocks skip that time.
"""

import calendar
from datetime import datetime, timedelta

from app.sla.instants import EPOCH
from app.sla.localtime import instant_of, zone_named


def month_start(start: datetime, time_zone: str, k: int) -> datetime:
    """Return the instant at which month ``k`` begins; month 0 begins at the start."""
    zone = zone_named(time_zone)
    local = start.astimezone(zone)
    years, month0 = divmod(local.month - 1 + k, 12)
    year, month = local.year + years, month0 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    midnight = datetime(year, month, day)  # noqa: DTZ001 - a local date
    since = local.replace(tzinfo=None) - local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Of a local time that comes twice the earlier is meant, unless the purchase itself began at the later.
    return EPOCH + timedelta(microseconds=instant_of(zone, midnight, since, later=bool(local.fold)))


def period_end(start: datetime, time_zone: str, now: datetime) -> datetime:
    """Return the end of the paid month that an instant lies in."""
    k = max((now.year - start.year) * 12 + now.month - start.month - 1, 1)
    while month_start(start, time_zone, k) <= now:
        k += 1
    return month_start(start, time_zone, k)
