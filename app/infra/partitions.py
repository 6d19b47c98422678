"""Monthly partitions of the tables that grow for ever, bounded by the UUIDv7 of each month's first instant.

A default partition takes what no month has a place for, so that a late maintenance run loses nothing; the run then
moves it to where it belongs.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.infra.db import async_url
from app.infra.ids import first_id_of, made_at

TABLES = ("events", "webhook_deliveries")
_AHEAD = 3
_BACK = 24
_MONTHS = text("""
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
 where i.inhparent = cast(:table as regclass) and c.relname ~ :months order by c.relname
""")
_LOCK = 7_310_560  # any number that is ours: two processes that make partitions at once take turns


def month_after(instant: datetime, months: int) -> datetime:
    """Return the first instant of the month so many months on, in UTC."""
    years, month0 = divmod(instant.month - 1 + months, 12)
    return datetime(instant.year + years, month0 + 1, 1, tzinfo=UTC)


async def make_partitions(url: str, wall: datetime) -> None:
    """Make the partitions that are missing, as the database's own user: the roles that serve requests own nothing.

    Waits two seconds at most for whoever reads or writes the tables.
    """
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("set local lock_timeout = '2s'"))
            await ensure_partitions(connection, wall)
    finally:
        await engine.dispose()


async def ensure_partitions(connection: AsyncConnection, wall: datetime) -> None:
    """Make the partitions of this month and the next three, and of past months that the default one holds rows of.

    Where none is missing, nothing is locked.
    """
    await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    for table in TABLES:
        await connection.execute(text(f"create table if not exists {table}_p_rest partition of {table} default"))
        for months in range(await _first_month(connection, table, wall), _AHEAD + 1):
            start, end = month_after(wall, months), month_after(wall, months + 1)
            name = f"{table}_p_{start:%Y_%m}"
            if await connection.scalar(text("select to_regclass(:name)"), {"name": name}) is None:
                await _make(connection, table, name, first_id_of(start), first_id_of(end))


async def drop_partitions(url: str, table: str, before: datetime, keeping: str) -> list[str]:
    """Drop the months of a table that ended before an instant and hold nothing that stays; return their names.

    ``keeping`` is a query, over ``{partition}``, for rows that stay; the month's ids go from ``{first}`` to ``{last}``.
    It is asked once beside everybody else, and again with the table locked; half a second is waited for that lock at
    most, as everybody waits behind it.
    """
    engine = create_async_engine(async_url(url))
    try:
        return [name for name in await _ended(engine, table, before) if await _drop(engine, table, name, keeping)]
    finally:
        await engine.dispose()


async def _ended(engine: AsyncEngine, table: str, before: datetime) -> list[str]:
    async with engine.connect() as connection:
        found = await connection.scalars(_MONTHS, {"table": table, "months": f"^{table}_p_[0-9]{{4}}_[0-9]{{2}}$"})
        return [name for name in found if month_after(_month_of(name), 1) <= before]


def _month_of(name: str) -> datetime:
    return datetime.strptime(name[-7:] + "+0000", "%Y_%m%z")


async def _drop(engine: AsyncEngine, table: str, name: str, keeping: str) -> bool:
    start = _month_of(name)
    first, last = [f"'{first_id_of(one)}'::uuid" for one in (start, month_after(start, 1))]
    stays = text(f"select exists ({keeping.format(partition=name, first=first, last=last)})")
    async with engine.connect() as connection:
        if await connection.scalar(stays):
            return False
    async with engine.begin() as connection:
        await connection.execute(text("set local lock_timeout = '500ms'"))
        await connection.execute(text(f"lock table {table} in access exclusive mode"))
        if await connection.scalar(stays):
            return False
        await connection.execute(text(f"drop table {name}"))
        return True


async def _first_month(connection: AsyncConnection, table: str, wall: datetime) -> int:
    """Return how many months from now the oldest row of the default partition is; not before two years ago."""
    first = f"select id from {table}_p_rest order by id limit 1"  # noqa: S608 - names of our own
    oldest: UUID | None = await connection.scalar(text(first))
    if oldest is None:
        return 0
    at = made_at(oldest)
    return max(-_BACK, min(0, (at.year - wall.year) * 12 + at.month - wall.month))


async def _make(connection: AsyncConnection, table: str, name: str, start: UUID, end: UUID) -> None:
    # Made beside the table and then attached, which readers and writers of the table hardly notice. The default
    # partition is held meanwhile, lest a row slips in that belongs to the new one.
    moved = f"delete from {table}_p_rest where id >= '{start}' and id < '{end}' returning *"  # noqa: S608 - our own names
    for statement in (
        f"lock table {table}_p_rest in access exclusive mode",
        f"create table {name} (like {table} including all excluding identity)",
        f"with moved as ({moved}) insert into {name} select * from moved",  # noqa: S608 - our own names
        f"alter table {table} attach partition {name} for values from ('{start}') to ('{end}')",
    ):
        await connection.execute(text(statement))
