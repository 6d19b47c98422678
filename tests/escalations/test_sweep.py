from datetime import timedelta

from sqlalchemy import text

from app.escalations.sweep import TicketSource, ladders
from app.infra.agenda import WALL
from app.infra.ids import decode
from app.infra.now import wall_now
from tests.desk import Desk, Json


async def _spoil(desk: Desk, ticket: Json, factor: int) -> None:
    """Let a clock's row be one that cannot be; the same again mends it."""
    statement = text("update sla_clocks set target = target * :factor where ticket_id = :id")
    async with desk.database.transaction() as session:
        await session.execute(statement, {"factor": factor, "id": decode("tkt", ticket["id"])})


async def test_a_ticket_that_fails_is_set_aside_and_holds_up_no_other(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    failing, sound = await reseller.open_ticket(), await reseller.open_ticket()
    await _spoil(desk, failing, -1)
    source: TicketSource = ladders()
    now = wall_now() + timedelta(minutes=50)

    async def sweep(after: float) -> int:
        async with desk.database.transaction() as session:
            return await source.run_due(session, WALL, now + timedelta(seconds=after), 50)

    first = await sweep(0)
    raised = [row["ticket_id"] for row in (await reseller.get("/escalations"))["data"]]
    await _spoil(desk, failing, -1)
    soon, later = await sweep(29), await sweep(31)

    assert (first, raised) == (1, [sound["id"]])
    assert (soon, later) == (0, 1)
    assert {row["ticket_id"] for row in (await reseller.get("/escalations"))["data"]} == {failing["id"], sound["id"]}
