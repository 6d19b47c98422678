"""The terms of a clock: how much time it has, and which time counts (``domain.md``, "Clocks").

``support_hours`` counts physical time while the calendar is open, ``elapsed`` counts physical time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.sla.calendar import ALWAYS, Calendar
from app.sla.instants import NOTHING


class Counting(StrEnum):
    """Which time a clock counts."""

    support_hours = "support_hours"
    elapsed = "elapsed"


class Metric(StrEnum):
    """What a clock promises."""

    first_response = "first_response"
    next_response = "next_response"
    periodic_update = "periodic_update"
    resolution = "resolution"


@dataclass(frozen=True, slots=True)
class Terms:
    """A target, the counting and the calendar; for ``elapsed`` the calendar is always ``ALWAYS``.

    Raises:
        ValueError: The target is not positive.
    """

    target: timedelta
    counting: Counting
    calendar: Calendar

    def __post_init__(self) -> None:
        if self.target <= NOTHING:
            raise ValueError(f"a target is positive, not {self.target}")
        if self.counting is Counting.elapsed:
            object.__setattr__(self, "calendar", ALWAYS)

    def advance(self, instant: datetime, span: timedelta) -> datetime:
        """The first instant at which the time counted since ``instant`` reaches ``span``."""
        return self.calendar.advance(instant, span)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The time counted between two instants; nothing where the end is not after the start."""
        return self.calendar.elapsed(start, end)
