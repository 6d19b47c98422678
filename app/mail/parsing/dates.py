"""When a mail says it was sent, if that can be believed."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = 100
_FROM, _UNTIL = 1990, 2090
_AHEAD = timedelta(days=1)


def read_date(value: bytes, accepted_at: datetime | None) -> datetime | None:
    """Return the instant of a Date field; None where it is none, or lies ahead of when the mail was accepted."""
    if not value or len(value) > _LONGEST:
        return None
    try:
        said = parsedate_to_datetime(value.decode("ascii", "replace"))
        sent = (said.replace(tzinfo=UTC) if said.tzinfo is None else said).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    ahead = accepted_at is not None and sent > accepted_at + _AHEAD
    return sent if _FROM <= sent.year < _UNTIL and not ahead else None
