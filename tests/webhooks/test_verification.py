"""No event goes to a URL that has not answered a ping, whatever is done in between."""

import asyncio
import json

from app.webhooks.serving import Server
from tests.desk import Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]


def _kinds(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["type"] for one in receiver.requests]


async def _tell(desk: Desk, server: Server) -> None:
    await desk.publish()
    await desk.let_pass()
    await desk.serve(server)


async def test_disabling_is_no_way_around_the_ping(desk: Desk, server: Server) -> None:
    async with Receiver() as victim:
        victim.answer(Answer(404))
        reseller = await desk.reseller()
        made = await reseller.post("/webhook-endpoints", {"url": victim.url, "event_types": CREATED})
        path = f"/webhook-endpoints/{made['id']}"

        await reseller.patch(path, {"state": "disabled"})
        again: Json = await reseller.patch(path, {"state": "active"})
        await reseller.open_ticket()
        await _tell(desk, server)

        assert (again["state"], again["disabled_reason"]) == ("unverified", None)
        assert set(_kinds(victim)) == {"ping"}


async def test_another_url_of_a_disabled_endpoint_is_verified_when_it_goes_on(desk: Desk, server: Server) -> None:
    async with Receiver() as own, Receiver() as other:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, own.url, event_types=CREATED)
        path = f"/webhook-endpoints/{endpoint['id']}"
        await reseller.patch(path, {"state": "disabled"})
        moved = await reseller.patch(path, {"url": other.url})
        await reseller.open_ticket()
        await _tell(desk, server)
        quiet = _kinds(other)

        again = await reseller.patch(path, {"state": "active"})
        await _tell(desk, server)

        assert (moved["state"], again["state"], quiet) == ("disabled", "unverified", [])
        assert _kinds(other) == ["ping", "ticket.created"]
        assert (await reseller.get(path))["state"] == "active"


async def test_the_answer_of_the_url_before_verifies_nothing(desk: Desk, server: Server) -> None:
    async with Receiver() as own, Receiver() as victim:
        own.answer(Answer(204, delay=0.7))
        victim.answer(Answer(404))
        reseller = await desk.reseller()
        made = await reseller.post("/webhook-endpoints", {"url": own.url, "event_types": CREATED})
        path = f"/webhook-endpoints/{made['id']}"
        await desk.let_pass()
        under_way = asyncio.create_task(desk.serve(server))
        await own.wait_for(1, 10)

        await reseller.patch(path, {"url": victim.url})
        await under_way
        await reseller.open_ticket()
        await _tell(desk, server)

        assert (await reseller.get(path))["state"] == "unverified"
        assert set(_kinds(victim)) == {"ping"}


async def test_a_redelivery_is_no_way_around_the_ping(desk: Desk, server: Server) -> None:
    async with Receiver() as victim:
        victim.answer(Answer(404))
        reseller = await desk.reseller()
        await reseller.post("/webhook-endpoints", {"url": victim.url, "event_types": CREATED})
        await reseller.open_ticket()
        await desk.publish()
        held = (await reseller.get("/webhook-deliveries", state="held"))["data"][0]

        refusal = await reseller.refused("POST", f"/webhook-deliveries/{held['id']}/redeliver", "conflict")
        await desk.let_pass()
        await desk.serve(server)

        assert "ping" in refusal["detail"]
        assert {json.loads(one.body)["type"] for one in victim.requests} == {"ping"}


async def test_pings_that_failed_end_when_another_is_answered(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(401), Answer(204))
        reseller = await desk.reseller()
        made = await reseller.post("/webhook-endpoints", {"url": receiver.url})
        await desk.let_pass()
        await desk.serve(server)
        await reseller.post(f"/webhook-endpoints/{made['id']}/ping")
        await desk.publish()
        await desk.serve(server)

        pings = (await reseller.get("/webhook-deliveries", event_type="ping"))["data"]
        assert [one["state"] for one in pings] == ["delivered", "failed"]
