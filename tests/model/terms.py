"""The terms that a clock counts under, and counting itself."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.model.calendar import DAY, NOTHING, Calendar, Interval, without

_FAR = 20 * 366


@dataclass(frozen=True)
class Terms:
    """ "A clock's *terms* are its target, counting and calendar", and the maintenance windows that it knows of."""

    target: timedelta
    elapsed: bool
    calendar: Calendar
    windows: tuple[Interval, ...] = ()

    def knowing(self, windows: tuple[Interval, ...]) -> "Terms":
        """The same terms, with the windows that are declared now."""
        return replace(self, windows=windows)

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """The time between two instants that counts."""
        return sum((closes - opens for opens, closes in self._counting(start, end)), NOTHING)

    def reached(self, start: datetime, span: timedelta) -> datetime:
        """ "The first instant at which the counted time reaches" a span; at once where nothing is left of it."""
        left, day = span, start
        if left <= NOTHING:
            return start
        for _ in range(_FAR):
            for opens, closes in self._counting(day, day + DAY):
                if closes - opens >= left:
                    return opens + left
                left -= closes - opens
            day += DAY
        raise AssertionError("the desk of these terms does not open for twenty years")

    def _counting(self, start: datetime, end: datetime) -> list[Interval]:
        # "support_hours counts physical time while the calendar is open; elapsed counts physical time."
        counting = [(start, end)] if self.elapsed else self.calendar.open_between(start, end)
        for window in self.windows:  # "A window's time counts for no clock [...] (whatever its counting)"
            counting = without(counting, window)
        return counting
