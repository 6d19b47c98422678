"""Pure: calls to one person are gathered when many come at once, and told in one mail when the rush is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rush:
    """The calls to one address: how many went out within the window, and since when others are gathered."""

    sent: int = 0
    gathering_since: datetime | None = None


def is_gathered(rush: Rush, limit: int) -> bool:
    """Tell whether the next call is gathered: too many went out lately, or others are gathered already."""
    return rush.gathering_since is not None or rush.sent >= limit


def after_one(rush: Rush, limit: int, now: datetime) -> Rush:
    """Return the rush after one more call."""
    if is_gathered(rush, limit):
        return Rush(rush.sent, rush.gathering_since or now)
    return Rush(rush.sent + 1, None)


def told_at(since: datetime, window: timedelta) -> datetime:
    """Return when what is gathered since an instant is told."""
    return since + window
