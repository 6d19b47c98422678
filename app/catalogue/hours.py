"""Pure: a calendar in words, made from the calendar itself so that the two cannot differ."""

from datetime import timedelta
from itertools import groupby

from app.sla.calendar import Calendar
from app.sla.opening import Opening

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)


def hours_of(calendar: Calendar) -> str:
    """Return a calendar's hours, such as ``Mon-Sun 08:00-18:00 Europe/London``."""
    if all(day == (Opening(timedelta(0), _DAY),) for day in calendar.weekly) and not calendar.exceptions:
        return "24/7"
    runs = [
        (openings, [day for day, _ in group])
        for openings, group in groupby(enumerate(calendar.weekly), key=lambda day: day[1])
        if openings
    ]
    said = [f"{_days(days)} {', '.join(_span(opening) for opening in openings)}" for openings, days in runs]
    dated = f", {len(calendar.exceptions)} dated exceptions" if calendar.exceptions else ""
    return f"{'; '.join(said)} {calendar.time_zone}{dated}"


def _days(days: list[int]) -> str:
    return _DAYS[days[0]] if len(days) == 1 else f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"


def _span(opening: Opening) -> str:
    closes = opening.closes if opening.closes <= _DAY else opening.closes - _DAY
    return f"{_time(opening.opens)}-{_time(closes)}"


def _time(since_midnight: timedelta) -> str:
    hours, minutes = divmod(since_midnight // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"
