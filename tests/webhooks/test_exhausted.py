"""What an owner is told of deliveries that failed for good: once an hour, elsewhere, and not of what tells of it."""

import pytest
from sqlalchemy import text

from app.webhooks.serving import Server
from app.webhooks.taking import MOST_STARTS
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
EXHAUSTED = "webhook_delivery.exhausted"
_SPENT = "update webhook_deliveries set attempts = 20 where state = 'pending' and trigger = 'event'"
_AN_HOUR_ON = "update webhook_lanes set exhausted_told_at = exhausted_told_at - interval '1 hour'"


async def change(desk: Desk, statement: str) -> None:
    async with desk.database.transaction() as session:
        await session.execute(text(statement))


async def fail(desk: Desk, server: Server, owner: Caller, tickets: int = 1) -> list[Json]:
    """Let deliveries of so many tickets fail for good, and return what was told in all."""
    for _ in range(tickets):
        await owner.open_ticket()
    await desk.publish()
    await change(desk, _SPENT)
    await desk.let_pass()
    await desk.serve(server)
    return await desk.events(owner, EXHAUSTED)


async def test_a_delivery_that_fails_for_good_is_told_of_once_an_hour(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED)

        first = await fail(desk, server, reseller, 3)
        within = await fail(desk, server, reseller)
        await change(desk, _AN_HOUR_ON)
        after = await fail(desk, server, reseller)

    deliveries = (await reseller.get("/webhook-deliveries", endpoint_id=endpoint["id"], state="failed"))["data"]
    assert len(deliveries) == 5
    assert (len(first), within, len(after)) == (1, first, 2)
    told = first[0]["data"]
    assert told["endpoint"]["id"] == endpoint["id"]
    (of,) = [one for one in deliveries if one["id"] == told["delivery"]["id"]]
    assert told["delivery"] == {
        "id": of["id"],
        "event_id": of["event_id"],
        "event_type": "ticket.created",
        "attempts": of["attempts_made"],
    }


async def test_it_is_told_elsewhere_and_never_of_what_tells_of_webhooks(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver, Receiver() as other:
        for one in (receiver, other):
            one.answer(Answer(500))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url)
        elsewhere = await desk.endpoint(reseller, other.url, event_types=[EXHAUSTED])

        await fail(desk, server, reseller)
        await change(desk, _SPENT)
        await desk.let_pass()
        await desk.serve(server)

        assert len(await desk.events(reseller, EXHAUSTED)) == 1
        deliveries = (await reseller.get("/webhook-deliveries", event_type=EXHAUSTED))["data"]
        assert [(one["endpoint_id"], one["state"]) for one in deliveries] == [(elsewhere["id"], "failed")]
        assert endpoint["id"] != elsewhere["id"]


@pytest.mark.parametrize("trigger", ["ping", "manual"])
async def test_what_somebody_asked_for_is_not_told_of(desk: Desk, server: Server, trigger: str) -> None:
    reseller = await desk.reseller()
    endpoint = await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    if trigger == "ping":
        await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
        await desk.publish()
    else:
        await reseller.open_ticket()
        await desk.publish()
        delivery = (await reseller.get("/webhook-deliveries"))["data"][0]
        await reseller.post(f"/webhook-deliveries/{delivery['id']}/redeliver")
    await change(desk, "update webhook_deliveries set attempts = 20 where state = 'pending'")
    await desk.serve(server)

    assert (await reseller.get("/webhook-deliveries"))["data"][0]["state"] == "failed"
    assert await desk.events(reseller, EXHAUSTED) == []


async def test_a_delivery_that_kills_its_workers_is_told_of_too(desk: Desk, server: Server) -> None:
    reseller = await desk.reseller()
    await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    await reseller.open_ticket()
    await desk.publish()
    await change(desk, f"update webhook_deliveries set starts = {MOST_STARTS}")
    await desk.serve(server)

    assert len(await desk.events(reseller, EXHAUSTED)) == 1
