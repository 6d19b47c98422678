import asyncio

import pytest
from sqlalchemy import text

from app.infra.ids import decode, encode
from app.infra.now import wall_now
from app.tickets.act import take
from app.tickets.actors import TIME
from tests.catalogue.published import policy, publish
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


async def test_a_clock_that_nobody_has_written_yet_has_the_id_under_which_it_will_be(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()  # of whose resolution nothing is promised
    wanted = policy()
    wanted["targets"]["2"]["immediate"]["resolution"] = {"span": "PT4H", "counting": "elapsed"}
    await publish(desk, reseller, wanted)

    read = [(await reseller.clocks(ticket))["resolution"]["id"] for _ in range(2)]
    explained = (await reseller.get(f"/tickets/{ticket['id']}/sla/explanation"))["clocks"]
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"tags": ["written"]})

    assert read[0] == read[1] == (await reseller.clocks(ticket))["resolution"]["id"]
    assert read[0] in [clock["clock_id"] for clock in explained]
    async with desk.database.transaction() as session:
        written = (await session.scalars(text("select id from sla_clocks"))).all()
    assert read[0] in [encode("clk", one) for one in written]


async def test_clocks_that_start_at_one_instant_stand_in_the_order_in_which_they_did(desk: Desk) -> None:
    reseller = await desk.reseller()
    await publish(desk, reseller, policy() | {"reopen": "restart"})
    ticket = await reseller.open_ticket(priority="low")
    for _ in range(12):  # at the instant of the test clock
        for status in ("resolved", "open"):
            await reseller.patch(f"/tickets/{ticket['id']}", {"status": status, "reason": "it comes and goes"})

    every = (await reseller.get(f"/tickets/{ticket['id']}/sla", all="true"))["clocks"]
    resolutions = [clock["state"] for clock in every if clock["metric"] == "resolution"]
    assert resolutions == ["met"] * 12 + ["running"]
    assert (await reseller.clocks(ticket))["resolution"]["state"] == "running"


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
