"""Instants as people read them."""

from datetime import UTC, datetime


def instant_in_words(instant: datetime) -> str:
    """Return an instant in UTC: ``1 December 2026, 09:00 UTC``."""
    at = instant.astimezone(UTC)
    seconds = at.strftime(":%S") if at.second else ""
    return f"{at.day} {at.strftime('%B %Y, %H:%M')}{seconds} UTC"
