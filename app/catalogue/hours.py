"""Pure: a calendar in words, made from the calendar itself so that the two cannot differ."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from app.sla.calendar import Calendar
from app.sla.opening import Opening

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_WHOLE_DAY = (Opening(timedelta(0), _DAY),)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Openings = Sequence[Opening]


def hours_of(calendar: Calendar) -> str:
    """Return a calendar's hours, such as ``Mon-Sun 08:00-18:00 Europe/London``."""
    if _around_the_clock(calendar) and not calendar.exceptions:
        return "24/7"
    said = [
        f"{_days(days, _DAYS, '-')} {', '.join(_span(opening) for opening in openings)}"
        for openings, days in _runs(calendar)
    ]
    dated = f", {len(calendar.exceptions)} dated exceptions" if calendar.exceptions else ""
    return f"{'; '.join(said)} {calendar.time_zone}{dated}"


def hours_in_words(calendar: Calendar) -> str:
    """Return a calendar's hours as a document has them, with every exception."""
    said = "around the clock, every day of the year"
    if not _around_the_clock(calendar):
        runs = [f"{_times(openings)}, {_days(days, _NAMES, ' to ')}" for openings, days in _runs(calendar)]
        said = f"{'; '.join(runs)} (local time in {calendar.time_zone})"
    if not calendar.exceptions:
        return said
    dated = [f"{_date(day)}: {_times(openings) if openings else 'closed'}" for day, openings in calendar.exceptions]
    zone = f" (local time in {calendar.time_zone})" if _around_the_clock(calendar) else ""
    return f"{said}; otherwise on these dates{zone}: {'; '.join(dated)}"


def _around_the_clock(calendar: Calendar) -> bool:
    return all(day == _WHOLE_DAY for day in calendar.weekly)


def _runs(calendar: Calendar) -> list[tuple[Openings, list[int]]]:
    return [
        (openings, [day for day, _ in group])
        for openings, group in groupby(enumerate(calendar.weekly), key=lambda day: day[1])
        if openings
    ]


def _days(days: list[int], names: Sequence[str], to: str) -> str:
    if names is _NAMES and len(days) == len(names):
        return "every day"
    return names[days[0]] if len(days) == 1 else f"{names[days[0]]}{to}{names[days[-1]]}"


def _times(openings: Openings) -> str:
    return " and ".join("all day" if (one,) == _WHOLE_DAY else _span(one).replace("-", " to ") for one in openings)


def _date(day: date) -> str:
    return f"{day.day} {day.strftime('%B %Y')}"


def _span(opening: Opening) -> str:
    closes = opening.closes if opening.closes <= _DAY else opening.closes - _DAY
    return f"{_time(opening.opens)}-{_time(closes)}"


def _time(since_midnight: timedelta) -> str:
    minutes, seconds = divmod(since_midnight // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}{f':{seconds:02}' if seconds else ''}"
