"""Pure: when a failed delivery is tried again.

By the standard profile at once, then after 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h: about 76
hours in all. Up to a fifth is added by chance, so that a receiver that comes back is not met by everything at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

Profile = Literal["standard", "brief", "patient"]

_HOUR = 3600
_SECONDS: Mapping[str, Sequence[int]] = {
    "standard": (5, 30, 300, 1800, *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24))),
    "brief": (5, 30, 300, 1800, 2 * _HOUR),
    "patient": (60, 600, *(hours * _HOUR for hours in (1, 4, 12)), *(24 * _HOUR for _ in range(6))),
}
PROFILES: Mapping[str, Sequence[timedelta]] = {
    name: tuple(timedelta(seconds=one) for one in seconds) for name, seconds in _SECONDS.items()
}
LONGEST = timedelta(hours=24)
JITTER = 0.2


def next_delay(
    attempts: int,
    asked: timedelta | None = None,
    *,
    profile: str = "standard",
    chance: float = 0.0,
    scale: float = 1.0,
) -> timedelta | None:
    """Return how long to wait after so many attempts, or None when there is no further one.

    Args:
        attempts: How many were made, at least one.
        asked: What the receiver asked for in ``Retry-After``; heard between once and twice the step.
        profile: Which steps the endpoint has chosen.
        chance: From 0 to 1; how much of the jitter is added.
        scale: Shortens every step; for demonstrations.
    """
    steps = PROFILES[profile]
    if attempts > len(steps):
        return None
    step = steps[attempts - 1]
    if asked is not None:
        step = min(max(asked, step), 2 * step, LONGEST)
    return step * scale * (1 + JITTER * chance)


def read_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return what a ``Retry-After`` asks for (RFC 9110, section 10.2.3): seconds or a date; None for anything else."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10 * 86_400))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter comes from numbers that no clock holds
        return None
    return max(at - now, timedelta(0)) if at.tzinfo is not None else None
