"""Spans in words, and as ISO 8601 durations of days, hours, minutes and seconds: ``PT8H``, ``PT30M``, ``P2D``.

A day is 24 hours. Weeks, months and years are refused, the last two because their length is not fixed.
"""

import re
from datetime import timedelta

from app.sla.instants import SECOND, micros

_DURATION = re.compile(
    r"P(?!$)(?:([0-9]{1,9})D)?(?:T(?=[0-9])(?:([0-9]{1,12})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})(?:\.([0-9]{1,6}))?S)?)?",
    re.ASCII,
)
_UNITS = (("hour", 3600), ("minute", 60), ("second", 1))


def parse_duration(text: str) -> timedelta:
    """The span that a duration means, to the microsecond.

    Raises:
        ValueError: The text is no such duration, or too long for a ``timedelta``.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration of days, hours, minutes and seconds, as PT8H")
    days, hours, minutes, seconds, fraction = found.groups(default="0")
    try:
        return timedelta(int(days), int(seconds), int(fraction.ljust(6, "0")), 0, int(minutes), int(hours))
    except OverflowError:
        raise ValueError(f"{text!r} is too long") from None


def format_duration(span: timedelta) -> str:
    """The duration that means the span, in hours: 48 hours are ``PT48H``, since ``P2D`` may be read as two dates.

    Raises:
        ValueError: The span is negative.
    """
    if span < timedelta(0):
        raise ValueError(f"a duration cannot be negative: {span}")
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{span.microseconds:06}".rstrip("0") if span.microseconds else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    time += f"{seconds}{fraction}S" if seconds or fraction else ""
    return f"PT{time or '0S'}"


def span(length: timedelta) -> str:
    """A span in words: ``7 hours 40 minutes``."""
    seconds, fraction = divmod(micros(length), SECOND)
    said = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        part = f".{fraction:06}".rstrip("0") if size == 1 and fraction else ""
        if count or part:
            said.append(f"{count}{part} {unit}{'' if count == 1 and not part else 's'}")
    return " ".join(said) or "no time"
