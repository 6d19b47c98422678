"""Instants and spans as whole microseconds, so that no arithmetic rounds.

Inside the calendar an instant is an integer: microseconds since 1970-01-01T00:00Z. Outside it is an aware UTC
``datetime``, and a span is a ``timedelta``. Every conversion between the two stands here.
"""

from datetime import UTC, datetime, timedelta

from app.sla.errors import OutOfRange

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = timedelta(0)
TICK = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH_ORDINAL = EPOCH.toordinal()


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: The instant is naive; nobody can know which one is meant.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone: {instant!r}")
    return instant.astimezone(UTC)


def micros(span: timedelta) -> int:
    """The span in whole microseconds, exactly."""
    return span // TICK


def since_epoch(instant: datetime) -> int:
    """The instant in microseconds since the epoch."""
    return (instant - EPOCH) // TICK


def instant_at(since: int) -> datetime:
    """The UTC instant that many microseconds after the epoch.

    Raises:
        OutOfRange: It lies outside the years 1 to 9999.
    """
    try:
        return EPOCH + since * TICK
    except OverflowError:
        raise OutOfRange("the instant lies outside the years 1 to 9999") from None


def shifted(instant: datetime, span: timedelta) -> datetime:
    """The instant moved by physical time.

    Raises:
        OutOfRange: The result lies outside the years 1 to 9999.
    """
    try:
        return instant + span
    except OverflowError:
        raise OutOfRange("the instant lies outside the years 1 to 9999") from None
