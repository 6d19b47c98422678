"""One opening of a support calendar, in local time.

An opening is measured from local midnight of the date on which it begins; one that closes after midnight closes at
more than 24 hours. Which instants that means on a given date is the business of ``localtime``.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from app.sla.errors import BadCalendar

FULL_DAY = timedelta(hours=24)
MIDNIGHT = timedelta(0)

_TIME = re.compile(r"([0-9]{2}):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """Open from ``opens`` to ``closes``, both spans in whole seconds since local midnight.

    Raises:
        BadCalendar: It does not begin on its own date, does not close after it opens, or lasts more than 24 hours.
    """

    opens: timedelta
    closes: timedelta

    def __post_init__(self) -> None:
        faults = list(_faults(self.opens, self.closes))
        if faults:
            raise BadCalendar(faults)

    @classmethod
    def parse(cls, opens: str, closes: str) -> Self:
        """Reads ``HH:MM`` or ``HH:MM:SS``; a closing earlier than the opening is the next day's.

        ``24:00`` is the midnight that ends the day; later closings may be written past it, as ``30:00``.

        Raises:
            BadCalendar: A text is no time, or the opening is empty or too long.
        """
        start, end = _parse_time(opens), _parse_time(closes)
        return cls(start, end + FULL_DAY if end < start else end)

    def as_pair(self) -> list[str]:
        """The opening as ``parse`` reads it."""
        # An opening of exactly 24 hours begun after midnight has no shorter spelling: its times would be equal.
        over = FULL_DAY if FULL_DAY < self.closes < self.opens + FULL_DAY else MIDNIGHT
        return [_format_time(self.opens), _format_time(self.closes - over)]

    def __str__(self) -> str:
        return "-".join(self.as_pair())


def _faults(opens: timedelta, closes: timedelta) -> list[str]:
    faults = []
    if not MIDNIGHT <= opens < FULL_DAY:
        faults.append(f"an opening begins between 00:00 and 24:00 of its date, not at {opens}")
    if opens == closes:
        faults.append(f"opens and closes at the same time, {opens}")
    elif closes < opens:
        faults.append(f"closes at {closes}, before it opens at {opens}")
    elif closes > opens + FULL_DAY:
        faults.append(f"lasts more than 24 hours, from {opens} to {closes}")
    if opens.microseconds or closes.microseconds:
        faults.append("an opening is told in whole seconds")
    return faults


def _parse_time(text: str) -> timedelta:
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadCalendar([f"{text!r} is no time of day (HH:MM or HH:MM:SS)"])
    hours, minutes, seconds = found.groups(default="0")
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))


def _format_time(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
