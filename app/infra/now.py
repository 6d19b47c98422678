"""The one place that reads the wall clock.

Two edges call it: the one that takes a request and the one that runs a worker. Everything else is handed
its instants as arguments, which is what lets a test clock stand in for the wall.
"""

from datetime import UTC, datetime


def wall_now() -> datetime:
    """Return the present instant, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)  # noqa: TID251 - the one reading that the lint rule protects
