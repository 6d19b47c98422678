import asyncio

import pytest
from sqlalchemy import text

from app.infra.ids import decode
from app.infra.now import wall_now
from app.tickets.act import take
from app.tickets.actors import TIME
from tests.desk import Desk

_WAITING = text("select count(*) from pg_locks where not granted and relation = 'sla_clocks'::regclass")


@pytest.mark.parametrize("below", ["", "/sla"])
async def test_a_ticket_that_changes_while_it_is_read_is_read_as_it_was(desk: Desk, below: str) -> None:
    reseller = await desk.reseller(now=None)
    ticket = await reseller.open_ticket(priority="low")
    before = await reseller.due(ticket)

    async with desk.database.transaction() as session:
        await session.execute(text("lock table sla_clocks in access exclusive mode"))
        reading = asyncio.create_task(reseller.send("GET", f"/tickets/{ticket['id']}{below}"))
        while not await session.scalar(_WAITING):
            await asyncio.sleep(0.01)
        act = await take(session, decode("tkt", ticket["id"]), TIME, wall_now())
        act.ticket.priority = "immediate"
        act.keeper.priority_changed(act.now)
        await act.finish()
    read = await reading

    assert read.status_code == 200, read.text
    clocks = {clock["metric"]: clock for clock in read.json().get("sla", read.json())["clocks"]}
    assert clocks["first_response"]["due_at"] == before
    assert await reseller.due(ticket) != before


async def test_a_transaction_that_only_looks_sees_one_instant_and_cannot_write(desk: Desk) -> None:
    reseller = await desk.reseller()
    count, read_only = text("select count(*) from tickets"), text("show transaction_read_only")

    async with desk.database.transaction(look=True) as session:
        before = await session.scalar(count)
        await reseller.open_ticket()
        looking = (await session.scalar(count), await session.scalar(read_only))
    async with desk.database.transaction() as session:
        later = (await session.scalar(count), await session.scalar(read_only))

    assert before == 0
    assert looking == (0, "on")
    assert later == (1, "off")  # the connection came back as it was


async def test_a_read_does_not_wait_for_a_test_clock_that_is_being_advanced(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()

    async with desk.database.transaction() as session:
        await session.execute(text("select from test_clocks for update"))
        read = await asyncio.wait_for(reseller.get(f"/tickets/{ticket['id']}"), 5)

    assert read["sla"]["status"] == "on_track"
