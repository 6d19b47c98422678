"""Pure: the paid months of a purchase.

Month *k* begins *k* calendar months after the start, at the same local time in the reseller's zone, on the
month's last day where it has no such day.
"""

import calendar
from datetime import UTC, datetime

from app.sla.localtime import zone_named


def month_start(start: datetime, time_zone: str, k: int) -> datetime:
    """Return the instant at which month ``k`` begins; month 0 begins at the start."""
    local = start.astimezone(zone_named(time_zone))
    years, month0 = divmod(local.month - 1 + k, 12)
    year, month = local.year + years, month0 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    # Of a local time that comes twice the earlier is meant, unless the purchase itself began at the later.
    return local.replace(year=year, month=month, day=day).astimezone(UTC)


def period_end(start: datetime, time_zone: str, now: datetime) -> datetime:
    """Return the end of the paid month that an instant lies in."""
    k = max((now.year - start.year) * 12 + now.month - start.month - 1, 1)
    while month_start(start, time_zone, k) <= now:
        k += 1
    return month_start(start, time_zone, k)
