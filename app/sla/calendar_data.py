"""A calendar as JSON-like data, and back.

Malformed data is refused with what is wrong and where, all faults at once; what could be read is checked as well, so
that a typing error does not hide an overlap.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.sla.calendar_faults import DAYS, calendar_faults
from app.sla.errors import BadCalendar
from app.sla.opening import Opening

Read = tuple[str, dict[int, list[Opening]], dict[date, list[Opening]]]

_FIELDS = ("time_zone", "weekly", "exceptions")


def read_calendar(data: object) -> Read:
    """The constructor's arguments of a calendar, out of data.

    Raises:
        BadCalendar: With every reason.
    """
    if not isinstance(data, Mapping):
        raise BadCalendar([f"a calendar is an object with time_zone and weekly, not {data!r}"])
    faults = [f"{key}: no such field of a calendar" for key in data if key not in _FIELDS]
    time_zone = data.get("time_zone")
    if not isinstance(time_zone, str):
        faults.append(f"time_zone: the IANA name of a time zone is needed, not {time_zone!r}")
    weekly = {DAYS.index(day): openings for day, openings in _days(data, "weekly", DAYS, faults)}
    exceptions = {date.fromisoformat(day): openings for day, openings in _days(data, "exceptions", None, faults)}
    # A zone that is no text was told above; an empty week is told only where nothing in it was malformed.
    known = time_zone if isinstance(time_zone, str) else "UTC"
    if any(weekly.values()) or not any(fault.startswith("weekly") for fault in faults):
        faults.extend(calendar_faults(known, weekly, exceptions))
    if faults:
        raise BadCalendar(faults)
    return known, weekly, exceptions


def calendar_as_dict(
    time_zone: str,
    weekly: Sequence[Sequence[Opening]],
    exceptions: Iterable[tuple[date, Sequence[Opening]]],
) -> dict[str, object]:
    """The data that ``read_calendar`` reads; days without an opening are left out."""
    return {
        "time_zone": time_zone,
        "weekly": {DAYS[day]: [each.as_pair() for each in openings] for day, openings in enumerate(weekly) if openings},
        "exceptions": {day.isoformat(): [each.as_pair() for each in openings] for day, openings in exceptions},
    }


def _days(
    data: Mapping[object, object], name: str, allowed: Sequence[str] | None, faults: list[str]
) -> list[tuple[str, list[Opening]]]:
    """The days of one field with their openings; days are names where some are allowed, and dates otherwise."""
    days = data.get(name, {})
    if not isinstance(days, Mapping):
        faults.append(f"{name}: an object of days with lists of openings is needed, not {days!r}")
        return []
    found = []
    for day, openings in days.items():
        if not isinstance(day, str) or not (day in allowed if allowed else _is_date(day)):
            faults.append(f"{name}.{day}: " + (f"a day is one of {', '.join(allowed)}" if allowed else "no date"))
        else:
            found.append((day, _openings(openings, f"{name}.{day}", faults)))
    return found


def _openings(pairs: object, where: str, faults: list[str]) -> list[Opening]:
    if not isinstance(pairs, list | tuple):
        faults.append(f"{where}: a list of openings is needed, not {pairs!r}")
        return []
    openings = []
    for index, pair in enumerate(pairs):
        match pair:
            case [str(opens), str(closes)]:
                try:
                    openings.append(Opening.parse(opens, closes))
                except BadCalendar as refusal:
                    faults.extend(f"{where}[{index}]: {reason}" for reason in refusal.reasons)
            case _:
                faults.append(f"{where}[{index}]: an opening is two times, not {pair!r}")
    return openings


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
