"""The one place that reads the wall clock.

The edges alone call it, where something begins that no test clock stands for: a request, a worker's round, a delivery,
a sign of life, a process. The contract in ``pyproject.toml`` names them. Everything else is handed its instants as
arguments, which is what lets a test clock stand in for the wall.
"""

from datetime import UTC, datetime


def wall_now() -> datetime:
    """Return the present instant, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)  # noqa: TID251 - the one reading that the lint rule protects
