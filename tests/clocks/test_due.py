"""Which tickets are to be looked at next, of however many."""

import json
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import event

from app.clocks.queries import tickets_to_wake
from app.infra.agenda import WALL
from app.infra.db import driver_url
from app.infra.now import wall_now
from tests.desk import Desk

_MANY = """
insert into sla_clocks (reseller_id, id, ticket_id, metric, policy_id, target, counting, started_at, anchor_at,
                        remaining, counted, fresh, passed, withheld, wake_at, windows, plan, level, priority)
select reseller_id, gen_random_uuid(), ticket_id, metric, policy_id, target, counting, started_at, anchor_at, remaining,
       counted, fresh, passed, withheld, wake_at - n * interval '1 second', windows, plan, level, priority
  from sla_clocks, generate_series(1, 4000) n
"""


def _rows_read(plan: dict[str, Any]) -> int:
    below = sum(_rows_read(child) for child in plan.get("Plans", []))
    return max(below, int(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)))


async def test_a_batch_reads_no_more_clocks_than_it_needs(desk: Desk, database_url: str) -> None:
    reseller = await desk.reseller("professional", now=None)
    tickets = [await reseller.open_ticket(priority="low") for _ in range(3)]  # two clocks each
    owner = await asyncpg.connect(driver_url(database_url))
    await owner.execute(_MANY)
    await owner.execute("analyze sla_clocks")
    await owner.close()
    asked: list[tuple[str, Any]] = []

    async with desk.database.transaction() as session:
        connection = await session.connection()
        event.listen(connection.sync_connection, "before_cursor_execute", lambda *seen: asked.append(seen[2:4]))
        due = await tickets_to_wake(session, WALL, wall_now() + timedelta(days=9), [], 50)
        statement, values = asked[0]
        explained = await connection.exec_driver_sql(f"explain (analyze, format json) {statement}", values)

    said = explained.scalar_one()
    plan = (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]
    assert _rows_read(plan) <= 4 * 50 + len(tickets)
    assert len(set(due)) == len(due)


async def test_a_ticket_with_several_clocks_due_is_listed_once(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    tickets = [await reseller.open_ticket(priority="low") for _ in range(5)]

    async with desk.database.transaction() as session:
        due = await tickets_to_wake(session, WALL, wall_now() + timedelta(days=9), [], 4)
        rest = await tickets_to_wake(session, WALL, wall_now() + timedelta(days=9), due, 4)

    assert len(due) == 4
    assert len({*due, *rest}) == len(tickets)
