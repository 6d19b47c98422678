"""Monthly partitions of the tables that grow for ever, bounded by the UUIDv7 of each month's first instant.

A default partition takes what no month has a place for, so that a late maintenance run loses nothing.
"""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.infra.ids import first_id_of

TABLES = ("events", "webhook_deliveries")
_AHEAD = 3


def month_after(instant: datetime, months: int) -> datetime:
    """Return the first instant of the month so many months on, in UTC."""
    years, month0 = divmod(instant.month - 1 + months, 12)
    return datetime(instant.year + years, month0 + 1, 1, tzinfo=UTC)


async def ensure_partitions(connection: AsyncConnection, wall: datetime) -> None:
    """Make the partitions of this month and the next three, where they are not there."""
    for table in TABLES:
        await connection.execute(text(f"create table if not exists {table}_p_rest partition of {table} default"))
        for months in range(_AHEAD + 1):
            start, end = month_after(wall, months), month_after(wall, months + 1)
            name = f"{table}_p_{start:%Y_%m}"
            if await connection.scalar(text("select to_regclass(:name)"), {"name": name}) is None:
                await connection.execute(
                    text(
                        f"create table {name} partition of {table}"
                        f" for values from ('{first_id_of(start)}') to ('{first_id_of(end)}')"
                    )
                )
