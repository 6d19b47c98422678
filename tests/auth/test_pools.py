"""Requests hold one connection each, and none while nothing is asked of the database."""

import asyncio

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.agenda import Timeline
from app.infra.db import driver_url
from tests.desk import Desk


async def test_more_callers_than_connections_are_all_answered(desk: Desk) -> None:
    reseller = await desk.reseller()

    who = await asyncio.gather(*(desk.staff.send("GET", "/me") for _ in range(12)))
    clocks = await asyncio.gather(*(desk.staff.send("GET", f"/test-clocks/{reseller.clock}") for _ in range(12)))

    assert [answer.status_code for answer in (*who, *clocks)] == [200] * 24


async def test_a_key_tells_what_it_is(desk: Desk) -> None:
    reseller = await desk.reseller()
    made = await desk.staff.post(f"/resellers/{reseller.id}/api-keys", {"name": "portal", "scopes": ["tickets:read"]})
    secret = made.pop("secret")

    first = (await desk.caller(secret).get("/me"))["key"]
    second = (await desk.caller(secret).get("/me"))["key"]

    assert first == made
    assert second["last_used_at"] is not None


async def test_a_reseller_reads_the_clock_that_it_lives_on_and_no_other(desk: Desk) -> None:
    reseller, other = await desk.reseller(now="2026-06-10T11:00:00Z"), await desk.reseller()

    assert (await reseller.get(f"/test-clocks/{reseller.clock}"))["now"] == "2026-06-10T11:00:00Z"
    await reseller.refused("GET", f"/test-clocks/{other.clock}", "not_found")


_IDLE = """
select query from pg_stat_activity
 where state = 'idle in transaction' and datname = current_database() and pid <> $1
"""


class Watcher:
    """A source that looks, while time passes, at who holds a transaction open and does nothing in it."""

    name = "watcher"

    def __init__(self, url: str) -> None:
        self._url = url
        self.idle: list[str] = []

    async def next_due(self, session: AsyncSession, _: Timeline) -> None:
        mine = await session.scalar(text("select pg_backend_pid()"))
        connection = await asyncpg.connect(driver_url(self._url))
        self.idle += [row[0] for row in await connection.fetch(_IDLE, mine)]
        await connection.close()

    async def run_due(self, *_: object) -> int:
        return 0


async def test_an_advance_holds_no_transaction_but_its_own(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    watcher = Watcher(desk.database.url)
    desk.watch(watcher)

    await reseller.post(f"/test-clocks/{reseller.clock}/advance", {"to": "2026-06-10T12:00:00Z"})

    assert watcher.idle == []


async def test_an_advance_sent_again_has_its_first_answer(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    path, headers = f"/test-clocks/{reseller.clock}/advance", {"Idempotency-Key": "advance-1"}
    body = {"to": "2026-06-10T12:00:00Z"}

    first, at_once = await asyncio.gather(*(reseller.send("POST", path, json=body, headers=headers) for _ in range(2)))
    await desk.advance(reseller, "2026-06-11T12:00:00Z")
    again = await reseller.send("POST", path, json=body, headers=headers)

    assert {first.status_code, at_once.status_code} <= {200, 409}
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json()["now"] == "2026-06-10T12:00:00Z"
    other = {"to": "2026-06-12T12:00:00Z"}
    await reseller.refused("POST", path, "idempotency_key_reused", other, headers=headers)


async def test_an_answer_stands_though_the_use_of_its_key_was_not_noted(desk: Desk) -> None:
    reseller = await desk.reseller()
    connection = await asyncpg.connect(driver_url(desk.database.url))
    await connection.execute("revoke update on api_keys from trunkline_operator")
    await connection.close()

    ticket = await reseller.open_ticket()

    assert ticket["status"] == "new"
