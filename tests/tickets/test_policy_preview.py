"""A preview of a policy over many tickets lasts: nobody else is to wait for it."""

import asyncio

from sqlalchemy import text

from app.catalogue.versions import policy_version
from app.infra.ids import decode
from app.tickets.batch import keepers
from app.tickets.batch_queries import Key
from app.tickets.policy_preview import Preview, weigh
from tests.catalogue.published import policy
from tests.desk import Desk

_WAITING = text("select count(*) from pg_locks where not granted and relation = 'sla_clocks'::regclass")


async def test_others_are_answered_while_a_preview_is_under_way(desk: Desk) -> None:
    reseller = await desk.reseller()
    await reseller.open_ticket()
    body = {"policy": policy(immediate="PT2H"), "test_clock_id": reseller.clock}

    async with desk.database.transaction() as session:
        await session.execute(text("lock table sla_clocks in access exclusive mode"))
        previewing = asyncio.create_task(desk.staff.post("/sla-policies/preview", body))
        while not await session.scalar(_WAITING):
            await asyncio.sleep(0.01)
        answered = await desk.staff.get(f"/test-clocks/{reseller.clock}")
        held = await session.execute(text("select from test_clocks for update nowait"))
        under_way = not previewing.done()

    assert (answered["status"], held.rowcount, under_way) == ("ready", 1, True)  # type: ignore[attr-defined]  # an UPDATE's
    assert (await previewing)["moved"] == 1


async def test_a_preview_gives_the_loop_a_turn_after_each_ticket(desk: Desk) -> None:
    reseller = await desk.reseller()
    named = [Key(*map(decode, ("rsl", "tkt"), (reseller.id, (await reseller.open_ticket())["id"]))) for _ in range(5)]
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with desk.database.transaction(look=True) as session:
        taken = await keepers(session, named, lock=False)
        drafted = await policy_version(session, taken[0].ticket.sla_policy_id)
    beside = asyncio.create_task(other())
    await weigh(Preview(taken[0].ticket.settled_at), taken, drafted)
    beside.cancel()

    assert turns == len(named)
