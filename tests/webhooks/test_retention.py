"""What is kept, for how long, and what stays all the same."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import driver_url
from app.infra.ids import encode, first_id_of
from app.infra.now import wall_now
from app.infra.partitions import make_partitions, month_after
from tests.desk import Caller, Desk

_EVENT = """
insert into events (reseller_id, id, type, occurred_at, operator_only, body, position)
select id, $1, 'ticket.created', now(), false, '{"type": "ticket.created", "timestamp": "2026-01-01T00:00:00Z",
       "data": {}}', case when $2 then (select coalesce(max(position), 0) + 1 from events) end
  from resellers where is_operator
"""
_DELIVERY = """
insert into webhook_deliveries (reseller_id, id, endpoint_id, event_id, event_type, state, attempts,
                                counted_from, starts, trigger, created_at, finished_at)
select id, $1, $2, $3, 'ticket.created', $4, 1, 0, 0, 'event', $5, $6 from resellers where is_operator
"""
_ATTEMPT = """
insert into webhook_attempts (reseller_id, delivery_id, number, at, duration_ms, reason, answer, truncated)
select id, $1, 1, now(), 1, 'ok', 'x', false from resellers where is_operator
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(driver_url(database_url))
    yield connection
    await connection.close()


class Past:
    """Events and deliveries of long ago."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self.owner = owner
        self.made = 0

    def _id(self, days: float) -> UUID:
        self.made += 1
        return UUID(int=first_id_of(wall_now() - timedelta(days=days)).int + self.made)

    async def event(self, days: float, *, published: bool = True) -> UUID:
        one = self._id(days)
        await self.owner.execute(_EVENT, one, published)
        return one

    async def delivery(
        self, days: float, state: str = "delivered", *, over: float | None = None, event: UUID | None = None
    ) -> UUID:
        one, made = self._id(days), wall_now() - timedelta(days=days)
        done = state in {"delivered", "failed"}
        over_at: datetime | None = wall_now() - timedelta(days=days if over is None else over) if done else None
        await self.owner.execute(_DELIVERY, one, self._id(days), event or self._id(days), state, made, over_at)
        await self.owner.execute(_ATTEMPT, one)
        return one

    async def left(self, table: str, column: str = "id") -> set[UUID]:
        return {row[0] for row in await self.owner.fetch(f"select {column} from {table}")}


async def test_deliveries_that_are_over_go_after_thirty_days_with_their_attempts(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    past = Past(owner)
    for days in (31, 45, 400):
        await past.delivery(days)
        await past.delivery(days, "failed")
    stay = {
        await past.delivery(29),
        await past.delivery(45, over=29),  # held for long, and delivered not long ago
        await past.delivery(400, "held"),
        await past.delivery(45, "pending"),
    }

    await desk.worker.keep_house()

    assert await past.left("webhook_deliveries") == stay
    assert await past.left("webhook_attempts", "delivery_id") == stay


async def test_events_go_after_ninety_days_but_for_those_that_are_still_to_be_sent(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    past = Past(owner)
    gone = [await past.event(days) for days in (91, 120, 400)]
    held, pending = await past.event(120), await past.event(400)
    stay = {await past.event(89), held, pending, await past.event(120, published=False)}
    await past.delivery(120, "held", event=held)
    await past.delivery(400, "pending", event=pending)
    await past.delivery(400, "delivered", event=gone[0])

    await desk.worker.keep_house()

    assert await past.left("events") == stay


async def _reads(caller: Caller, after: UUID) -> int:
    return (await caller.send("GET", f"/events?after={encode('evt', after)}")).status_code


async def test_who_goes_on_behind_an_event_that_is_gone_is_told_so(desk: Desk, owner: asyncpg.Connection) -> None:
    past = Past(owner)
    gone, kept = await past.event(91), await past.event(89)
    before = [await _reads(desk.staff, one) for one in (gone, kept)]

    await desk.worker.keep_house()

    assert before == [200, 200]
    assert [await _reads(desk.staff, one) for one in (gone, kept)] == [404, 200]


async def test_a_month_of_which_nothing_stays_goes_as_a_whole(
    desk: Desk, owner: asyncpg.Connection, database_url: str
) -> None:
    past, wall = Past(owner), wall_now()
    ages = [(wall - month_after(wall, -months)).total_seconds() / 86_400 - 1 for months in (14, 12, 10)]
    for days in ages:
        await past.event(days)
        await past.delivery(days)
    held = await past.event(ages[1])
    await past.delivery(ages[1], "held", event=held)
    await make_partitions(database_url, wall)
    names = [
        [f"{table}_p_{month_after(wall, -months):%Y_%m}" for months in (14, 12, 10)]
        for table in ("events", "webhook_deliveries")
    ]

    async def there() -> list[list[bool]]:
        return [[await owner.fetchval("select to_regclass($1) is not null", n) for n in of] for of in names]

    made = await there()
    await desk.worker.keep_house()
    first = await there()
    await desk.worker.keep_house()

    assert made == [[True] * 3] * 2
    # Deliveries have attempts elsewhere: their months go once they are empty.
    assert first == [[False, True, False], [True] * 3]
    assert await there() == [[False, True, False]] * 2
    assert await past.left("events") == {held}


async def test_batches_go_on_until_nothing_old_is_left(desk: Desk, owner: asyncpg.Connection) -> None:
    past = Past(owner)
    await owner.execute(_MANY, str(first_id_of(wall_now() - timedelta(days=100))))

    await desk.worker.keep_house()

    assert await past.left("events") == set()


_MANY = """
insert into events (reseller_id, id, type, occurred_at, operator_only, body, position)
select r.id, (left($1::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, 'ping', now(), true, '', n
  from resellers r cross join generate_series(1, 12000) n where r.is_operator
"""
