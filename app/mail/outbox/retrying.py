"""Pure: when a mail is tried again that a mail server did not take for now.

After 1, 5 and 15 minutes, then after 1, 2, 4, 8, 12 and 20 hours: about two days in all. Up to a fifth is added by
chance. What a server refuses for good is not tried again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

_MINUTES: Sequence[int] = (1, 5, 15, 60, 120, 240, 480, 720, 1200)
STEPS: Sequence[timedelta] = tuple(timedelta(minutes=one) for one in _MINUTES)
JITTER = 0.2
_PERMANENT = range(500, 600)


def next_delay(attempts: int, chance: float = 0.0) -> timedelta | None:
    """Return how long to wait after so many attempts, at least one; None where there is no further one."""
    return None if attempts > len(STEPS) else STEPS[attempts - 1] * (1 + JITTER * chance)


def next_slot(earlier: datetime | None, window: timedelta, now: datetime) -> datetime:
    """Return when another mail may go out, where as many as a window takes have had their places since an earlier one.

    Without an earlier one there is room. Those who wait count too, so that each gets the place after the one before.
    """
    return now if earlier is None else max(now, earlier + window)


def is_final(code: int | None) -> bool:
    """Tell whether a server's answer to the sender, the recipient or the mail itself refuses it for good."""
    return code in _PERMANENT
