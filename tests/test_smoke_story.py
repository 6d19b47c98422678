from tests.desk import Desk


async def test_a_ticket_warns_breaches_and_escalates_at_its_instants(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    assert await reseller.due(ticket) == "2026-06-11T07:30:00Z"

    await desk.advance(reseller, "2026-06-11T07:30:00.000001Z")

    said = [(event["type"], event["timestamp"]) for event in await desk.events(reseller)]
    assert said == [
        ("ticket.created", "2026-06-10T16:30:00Z"),
        ("sla.warning", "2026-06-11T07:15:00Z"),
        ("escalation.raised", "2026-06-11T07:15:00Z"),
        ("sla.breached", "2026-06-11T07:30:00Z"),
    ]


async def test_an_upgrade_moves_the_deadline_of_a_live_ticket(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T16:45:00Z")

    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})
    await desk.tick()

    assert await reseller.due(ticket) == "2026-06-10T17:30:00Z"
    assert (await desk.events(reseller, "sla.deadline_changed"))[0]["timestamp"] == "2026-06-10T16:45:00Z"
