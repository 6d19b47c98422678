"""Partitions of the tables that grow for ever, as the months go by."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.infra.db import driver_url
from app.infra.ids import first_id_of
from app.infra.migrations import migrate
from app.infra.now import wall_now
from app.infra.partitions import TABLES, make_partitions, month_after
from tests.desk import Desk

_WHERE = "select tableoid::regclass::text from webhook_deliveries where id = $1"
_DELIVERED = """
insert into webhook_deliveries (reseller_id, id, endpoint_id, event_id, event_type, state, attempts,
                                counted_from, starts, trigger, created_at)
select id, $1, id, id, 'ping', 'delivered', 1, 0, 0, 'ping', now() from resellers where is_operator
"""


_EVENT = """
insert into events (reseller_id, id, type, occurred_at, operator_only, body)
select id, $1, 'ping', now(), true, '' from resellers where is_operator
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(driver_url(database_url))
    yield connection
    await connection.close()


async def test_the_worker_makes_room_for_the_months_to_come(desk: Desk, owner: asyncpg.Connection) -> None:
    wall = wall_now()

    await desk.worker.keep_house(month_after(wall, 5))

    for table in TABLES:
        for months in range(5, 9):
            name = f"{table}_p_{month_after(wall, months):%Y_%m}"
            assert await owner.fetchval("select to_regclass($1) is not null", name), name


async def test_room_is_made_before_anything_is_forgotten(desk: Desk, owner: asyncpg.Connection) -> None:
    wall = wall_now()
    name = f"events_p_{month_after(wall, 8):%Y_%m}"

    async with asyncio.timeout(20):
        async with owner.transaction():
            await owner.execute("lock table idempotent_answers in access exclusive mode")
            keeping = asyncio.create_task(desk.worker.keep_house(month_after(wall, 5)))
            while not await owner.fetchval("select to_regclass($1) is not null", name):
                await asyncio.sleep(0.05)
        await keeping


async def test_rows_of_months_that_had_no_partition_are_moved_to_their_own(
    database_url: str, owner: asyncpg.Connection
) -> None:
    wall = wall_now()
    late = [first_id_of(month_after(wall, months)) for months in (4, 5, 12)]
    for one in late:
        await owner.execute(_DELIVERED, one)
    before = [await owner.fetchval(_WHERE, one) for one in late]

    await make_partitions(database_url, month_after(wall, 5))
    await migrate(database_url, month_after(wall, 5))

    assert before == ["webhook_deliveries_p_rest"] * 3
    assert [await owner.fetchval(_WHERE, one) for one in late] == [
        f"webhook_deliveries_p_{month_after(wall, 4):%Y_%m}",
        f"webhook_deliveries_p_{month_after(wall, 5):%Y_%m}",
        "webhook_deliveries_p_rest",
    ]


async def test_events_keep_the_order_in_which_they_were_written(database_url: str, owner: asyncpg.Connection) -> None:
    wall = wall_now()
    ids = [first_id_of(month_after(wall, months) + timedelta(days=day)) for months, day in ((5, 0), (4, 0), (5, 1))]
    for one in ids[:2]:
        await owner.execute(_EVENT, one)

    await make_partitions(database_url, month_after(wall, 5))
    await owner.execute(_EVENT, ids[2])

    rows = await owner.fetch("select id, tableoid::regclass::text as part from events order by written")
    assert [row["id"] for row in rows] == ids
    assert "events_p_rest" not in {row["part"] for row in rows}


async def test_a_partition_made_late_is_like_the_others(database_url: str, owner: asyncpg.Connection) -> None:
    wall = datetime(2031, 5, 17, tzinfo=UTC)

    await make_partitions(database_url, wall)

    indexes = "select count(*) from pg_indexes where tablename = $1"
    for table in TABLES:
        made = await owner.fetchval(indexes, f"{table}_p_2031_08")
        assert made == await owner.fetchval(indexes, table) > 1


async def test_no_lock_is_taken_where_no_partition_is_missing(database_url: str, owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        await owner.execute("lock table events in share update exclusive mode")
        await owner.execute("lock table events_p_rest in access share mode")

        await make_partitions(database_url, wall_now())
