"""The terms of a clock: how much time it has, and which time counts.

``support_hours`` counts physical time while the calendar is open, ``elapsed`` counts physical time; neither counts
the time of a maintenance window.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.sla import windows as outside
from app.sla.calendar import ALWAYS, Calendar
from app.sla.instants import NOTHING
from app.sla.windows import Windows


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
    """A target, the counting, the calendar and the windows; for ``elapsed`` the calendar is always ``ALWAYS``.

    The windows are those known so far, in order and apart (``windows.joined``).

    Raises:
        ValueError: The target is not positive.
    """

    target: timedelta
    counting: Counting
    calendar: Calendar
    windows: Windows = ()

    def __post_init__(self) -> None:
        if self.target <= NOTHING:
            raise ValueError(f"a target is positive, not {self.target}")
        if self.counting is Counting.elapsed:
            object.__setattr__(self, "calendar", ALWAYS)

    def apart_from(self, windows: Windows) -> "Terms":
        """The same terms with other windows."""
        return self if windows == self.windows else replace(self, windows=windows)

    def advance(self, instant: datetime, span: timedelta) -> datetime:
        """The first instant at which the time counted since ``instant`` reaches ``span``."""
        if not self.windows:
            return self.calendar.advance(instant, span)
        return outside.advance(self.calendar, self.windows, instant, span)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The time counted between two instants; nothing where the end is not after the start."""
        if not self.windows:
            return self.calendar.elapsed(start, end)
        return outside.elapsed(self.calendar, self.windows, start, end)
