"""What happened to the tickets that reports are told of: their figures are worked out by hand in the tests."""

from typing import Any

from sqlalchemy import text

from app.infra.ids import decode
from tests.desk import Caller, Desk, Json

JUNE: Json = {"from": "2026-06-01T00:00:00Z", "to": "2026-07-01T00:00:00Z"}


async def answer(desk: Desk, ticket: Json) -> None:
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "We are on it."})


async def void(desk: Desk, ticket: Json) -> None:
    await change(
        desk, "update sla_clocks set voided_at = breached_at where ticket_id = :id", id=decode("tkt", ticket["id"])
    )


async def change(desk: Desk, statement: str, **values: Any) -> None:
    async with desk.database.transaction() as session:
        await session.execute(text(statement), values)


async def a_june(desk: Desk, reseller: Caller) -> dict[str, Json]:
    """On Technical Support, from 2026-06-10 11:00 UTC.

    - quick: immediate, answered after 20 minutes
    - late: immediate, due at 12:00, answered after two hours
    - waiting: priority, due at 19:00, never answered
    - voided: immediate, due at 12:00, its miss voided
    - low: answered after two hours, resolved after 24
    - night: immediate, opened on the 30th at 23:30, answered after 20 minutes: in London it is July then
    """
    opened = {
        name: await reseller.open_ticket(priority="immediate", subject=name) for name in ("quick", "late", "voided")
    }
    opened["waiting"] = await reseller.open_ticket(priority="priority")
    opened["low"] = await reseller.open_ticket(priority="low")
    await desk.advance(reseller, "2026-06-10T11:20:00Z")
    await answer(desk, opened["quick"])
    await desk.advance(reseller, "2026-06-10T13:00:00Z")
    await answer(desk, opened["late"])
    await answer(desk, opened["low"])
    await void(desk, opened["voided"])
    await desk.advance(reseller, "2026-06-11T11:00:00Z")
    await desk.staff.patch(f"/tickets/{opened['low']['id']}", {"status": "resolved"})
    await desk.advance(reseller, "2026-06-30T23:30:00Z")
    opened["night"] = await reseller.open_ticket(priority="immediate")
    await desk.advance(reseller, "2026-06-30T23:50:00Z")
    await answer(desk, opened["night"])
    return opened
