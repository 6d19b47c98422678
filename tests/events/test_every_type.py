"""Every type of event is really sent, as the document describes it, and to whom has asked for it."""

from app.events.kinds import EventType
from tests.catalogue.published import policy
from tests.desk import Caller, Desk, Json
from tests.payloads import body_of, validator_of

ICC = "icc_intelligent_hands"
OF_DAYS = {
    EventType.WEBHOOK_ENDPOINT_FAILING,
    EventType.WEBHOOK_ENDPOINT_RECOVERED,
    EventType.WEBHOOK_DELIVERY_EXHAUSTED,
}
"""What takes days of failure: sent, and held against the document, in tests/webhooks."""


async def _a_full_life(desk: Desk, reseller: Caller) -> None:
    await desk.staff.patch(f"/add-ons/{ICC}", {"included_minutes": 10, "overrun_minutes": 0})
    purchase = await reseller.post("/add-on-purchases", {"product": ICC})
    ticket = await reseller.open_ticket(priority="low")
    path = f"/tickets/{ticket['id']}"
    await desk.staff.patch(path, {"priority": "immediate"})
    for _ in range(2):
        await desk.staff.post(f"{path}/work-logs", {"minutes": 8, "note": "looked"})
    await desk.advance(reseller, "2026-06-10T13:30:00Z")
    escalation = (await reseller.get("/escalations"))["data"][0]
    await desk.staff.post(f"/escalations/{escalation['id']}/acknowledge", {})
    clock = (await reseller.clocks(ticket))["first_response"]
    await desk.staff.post(f"{path}/sla/void", {"clock_id": clock["id"], "reason": "their own firewall"})
    await desk.staff.post(f"{path}/messages", {"body": "found it"})
    for status in ("resolved", "open", "resolved"):
        await reseller.patch(path, {"status": status, "reason": "so it is"})
    merged = await reseller.open_ticket(priority="low")
    other = await reseller.open_ticket(priority="low")
    await reseller.post(f"/tickets/{merged['id']}/merge", {"into": other["id"]})
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "ultimate"})
    await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "now"})
    window = await desk.staff.post(
        "/maintenance-windows",
        {"reason": "work", "ends_at": "2026-06-10T15:00:00Z", "reseller_ids": [reseller.id]},
    )
    await desk.advance(reseller, "2026-06-10T13:40:00Z")
    await desk.staff.post(f"/maintenance-windows/{window['id']}/end")
    await desk.advance(reseller, "2026-07-10T13:30:00Z")


async def _a_digest(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    await reseller.open_ticket(priority="low")
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H"), "notify": "digest"})
    await desk.tick()


async def test_every_type_is_sent_as_described_to_the_endpoints_that_hear_it(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    hearing = {
        kind: await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x", "event_types": [kind]})
        for kind in EventType
    }
    await _a_full_life(desk, reseller)
    await _a_digest(desk)
    await desk.staff.patch(f"/webhook-endpoints/{hearing[EventType.PING]['id']}", {"state": "disabled"})

    events = await desk.events()

    of_type: dict[str, list[Json]] = {kind: [] for kind in EventType}
    for event in events:
        validator_of(event["type"]).validate(body_of(event))
        of_type[event["type"]].append(event)
    assert {kind for kind in EventType if not of_type[kind]} == OF_DAYS
    for kind, endpoint in hearing.items():
        deliveries = (await desk.staff.get("/webhook-deliveries", endpoint_id=endpoint["id"], limit=100))["data"]
        heard = sorted(one["event_id"] for one in deliveries if one["trigger"] == "event")
        assert heard == sorted(event["id"] for event in of_type[kind] if kind is not EventType.PING), kind
        assert await desk.events(None, kind) == of_type[kind], kind
