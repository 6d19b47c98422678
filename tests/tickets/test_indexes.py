"""Lists and searches go by an index where there is much: counted by the database itself, under the caller's role."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from app.infra.agenda import WALL, Timeline
from app.infra.db import driver_url
from app.infra.ids import decode
from app.infra.now import wall_now
from app.infra.wire import rfc3339
from app.registry import SOURCES
from tests.desk import Caller, Desk, Json

_COPIES = 1_000  # the reseller's; another has six times as many
_COLUMNS = """
select string_agg(column_name, ', ') from information_schema.columns
 where table_name = $1 and is_generated = 'NEVER' and column_name not in ('id', 'number', 'created_at', 'updated_at')
"""
_USES = "select indexrelname, idx_scan from pg_stat_user_indexes where schemaname = 'public'"


class Much:
    """A desk with thousands of tickets, and what the database says of its indexes."""

    def __init__(self, desk: Desk, reseller: Caller, ticket: Json, connection: asyncpg.Connection) -> None:
        self.desk, self.reseller, self.ticket = desk, reseller, ticket
        self._connection = connection

    async def uses(self) -> dict[str, int]:
        """Return how often each index was scanned; a connection tells what it did when it ends."""
        await self.desk.database.close()
        await self._connection.execute("select pg_stat_clear_snapshot()")
        return {row[0]: row[1] for row in await self._connection.fetch(_USES)}

    async def more_resellers(self) -> None:
        """Add resellers, and spread over them what is not this one's."""
        await self._connection.execute(
            "insert into resellers (id, name, time_zone, is_operator, version, created_at)"
            " select gen_random_uuid(), 'another', time_zone, false, 1, created_at from resellers,"
            " generate_series(1, 40) where is_operator"
        )

    async def copy(self, table: str) -> None:
        """Multiply the rows of a table, each at an instant of its own."""
        columns = await self._connection.fetchval(_COLUMNS, table)
        dates = ("created_at, " if table != "escalations" else "") + ("updated_at, " if table == "tickets" else "")
        values = dates.replace("_at,", "_at + n * interval '1 ms',")
        others = "(select array_agg(id) from resellers where name = 'another')"
        owner = f"case when n > {_COPIES} then ({others})[1 + n % 40] else reseller_id end"
        due = "created_at + n * interval '1 s'"
        chosen = columns.replace("reseller_id", owner).replace("next_due_at", due) if table == "tickets" else columns
        await self._connection.execute(
            f"insert into {table} (id, {dates}{columns}) select gen_random_uuid(), {values}{chosen}"
            f" from {table}, generate_series(1, {6 * _COPIES}) n where n <= {_COPIES} or reseller_id <> $1",
            decode("rsl", self.reseller.id),
        )

    async def analyze(self) -> None:
        """Let the planner know, and the words be sorted into their index."""
        await self._connection.execute("vacuum analyze")


@pytest.fixture
async def much(desk: Desk) -> AsyncIterator[Much]:
    other, reseller = await desk.reseller(), await desk.reseller()
    await other.open_ticket()
    ticket = await reseller.open_ticket()
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "We look into it."})
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "A note.", "visibility": "internal"})
    connection = await asyncpg.connect(driver_url(desk.database.url))
    found = Much(desk, reseller, ticket, connection)
    await found.more_resellers()
    for table in ("tickets", "messages"):
        await found.copy(table)
    yield found
    await connection.close()


async def test_a_search_goes_by_the_words(much: Much) -> None:
    needle = await much.reseller.open_ticket(subject="A zebra on the line")
    told = await much.reseller.open_ticket(subject="Odd noise")
    path = f"/tickets/{told['id']}/messages"
    await much.reseller.post(path, {"body": "it is a zebra"})
    await much.desk.staff.post(path, {"body": "an okapi", "visibility": "internal"})
    await much.analyze()

    mine = await much.reseller.get("/tickets", q="zebra")
    before = await much.uses()
    theirs = await much.desk.staff.get("/tickets", q="okapi", reseller_id=much.reseller.id)
    after = await much.uses()

    assert {ticket["id"] for ticket in mine["data"]} == {needle["id"], told["id"]}
    assert [ticket["id"] for ticket in theirs["data"]] == [told["id"]]
    assert before["ix_tickets_search"] > 0
    assert before["ix_messages_search"] > 0
    assert before["ix_messages_notes"] == 0
    assert after["ix_messages_notes"] > 0


async def test_a_search_is_of_ones_own_whatever_is_named(much: Much) -> None:
    other = await much.desk.reseller()
    await other.open_ticket(subject="A zebra on the line")

    assert (await much.reseller.get("/tickets", q="zebra"))["data"] == []
    assert (await much.reseller.get("/tickets", q="zebra", reseller_id=other.id))["data"] == []
    assert len((await much.desk.staff.get("/tickets", q="zebra"))["data"]) == 1
    connection = await asyncpg.connect(driver_url(much.desk.database.url))
    await connection.execute("set role trunkline_tenant")
    assert await connection.fetch("select * from own_tickets_matching('zebra')") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from tickets_matching(null, 'zebra', true)")
    await connection.close()


_LISTS = {
    "reseller": [
        ("/tickets", "-created_at", "ix_tickets_list"),
        ("/tickets", "-updated_at", "ix_tickets_updated"),
        ("/tickets", "next_due_at", "ix_tickets_urgency"),
        ("/sla-status", None, "ix_tickets_urgency"),
    ],
    "staff": [
        ("/tickets", "-created_at", "ix_tickets_all"),
        ("/tickets", "-updated_at", "ix_tickets_all_updated"),
        ("/tickets", "next_due_at", "ix_tickets_all_urgency"),
        ("/sla-status", None, "ix_tickets_all_urgency"),
    ],
}


@pytest.mark.parametrize("whose", ["reseller", "staff"])
async def test_a_list_goes_by_its_order_from_page_to_page(much: Much, whose: str) -> None:
    caller = much.reseller if whose == "reseller" else much.desk.staff
    await much.analyze()

    for path, sort, index in _LISTS[whose]:
        params = {} if sort is None else {"sort": sort}
        zero = (await much.uses())[index]
        first = await caller.get(path, **params)
        one = (await much.uses())[index]
        second = await caller.get(path, cursor=first["next_cursor"], **params)
        two = (await much.uses())[index]

        assert zero < one < two, (path, sort)
        assert not {ticket["id"] for ticket in first["data"]} & {ticket["id"] for ticket in second["data"]}


@pytest.mark.parametrize("whose", ["reseller", "staff"])
async def test_escalations_and_deliveries_of_one_thing_go_by_it(much: Much, whose: str) -> None:
    caller = much.reseller if whose == "reseller" else much.desk.staff
    await much.reseller.post(f"/tickets/{much.ticket['id']}/escalations", {"reason": "please"})
    endpoint = await much.reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x"})
    delivery = await much.reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    await much.copy("escalations")
    await much.copy("webhook_deliveries")
    await _scatter(much)
    await much.analyze()

    await caller.get("/escalations", ticket_id=much.ticket["id"])
    await caller.get("/escalations", state="acknowledged")
    await caller.get("/webhook-deliveries", event_id=delivery["event_id"])
    await caller.get("/webhook-deliveries", endpoint_id=endpoint["id"])
    uses = await much.uses()

    assert uses["ix_escalations_ticket"] > 0
    assert uses["ix_escalations_list"] + uses["ix_escalations_all"] > 0
    assert sum(scans for name, scans in uses.items() if "webhook_deliveries" in name and "event_id" in name) > 0
    assert sum(scans for name, scans in uses.items() if "webhook_deliveries" in name and "endpoint_id" in name) > 0


async def _scatter(much: Much) -> None:
    connection = await asyncpg.connect(driver_url(much.desk.database.url))
    mine = decode("tkt", much.ticket["id"])
    others = "select array_agg(id) from (select id from tickets where id <> $1 and reseller_id = $2 limit 100) t"
    await connection.execute(
        f"update escalations set ticket_id = ({others})[1 + floor(random() * 100)::int]"
        " where id <> (select min(id::text)::uuid from escalations where reason = 'manual')",
        mine,
        decode("rsl", much.reseller.id),
    )
    await connection.execute(
        "update webhook_deliveries set event_id = gen_random_uuid(), endpoint_id = gen_random_uuid()"
        " where id <> (select min(id::text)::uuid from webhook_deliveries)"
    )
    await connection.close()


@pytest.mark.parametrize("timeline", [WALL, Timeline(decode("tck", "tck_01jb9z32g0e008000000000zzz"))])
async def test_what_falls_due_of_purchases_is_found_by_an_index(desk: Desk, timeline: Timeline) -> None:
    reseller = await desk.reseller(now=None)
    bought = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    connection = await asyncpg.connect(driver_url(desk.database.url))
    await connection.execute("alter table add_on_purchases drop constraint ex_add_on_purchases_overlap")
    columns = (await connection.fetchval(_COLUMNS, "add_on_purchases")).replace("ends_at, agreed", "agreed")
    await connection.execute(
        f"insert into add_on_purchases (id, created_at, ends_at, {columns}) select gen_random_uuid(), created_at,"
        f" starts_at + n * interval '1 day', {columns} from add_on_purchases, generate_series(1, {_COPIES}) n"
    )
    await connection.execute("analyze")

    async with desk.database.transaction() as session:
        await SOURCES[0].next_due(session, timeline)
    await desk.database.close()
    uses = {row[0]: row[1] for row in await connection.fetch(_USES)}

    assert bought["state"] == "active"
    wanted = ["ix_add_on_purchases_starting", "ix_add_on_purchases_ending"]
    for name in wanted if timeline is WALL else ["ix_add_on_purchases_test"]:
        assert uses[name] > 0, name
    await connection.close()


async def test_whom_a_window_names_is_found_by_an_index(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    wanted = {"reason": "A new switch", "ends_at": rfc3339(wall_now() + timedelta(hours=1))}
    window = await desk.staff.post("/maintenance-windows", wanted | {"reseller_ids": [reseller.id]})
    connection = await asyncpg.connect(driver_url(desk.database.url))
    await connection.execute(
        "set session_replication_role = replica; insert into maintenance_window_resellers"
        " select gen_random_uuid(), gen_random_uuid() from generate_series(1, 10000); analyze"
    )

    much = Much(desk, reseller, {}, connection)
    before = await much.uses()
    read = await desk.staff.get(f"/maintenance-windows/{window['id']}")
    after = await much.uses()
    await connection.close()

    assert read["reseller_ids"] == [reseller.id]
    assert after["ix_maintenance_window_resellers_window"] > before["ix_maintenance_window_resellers_window"]
