"""Lanes: verification, holding, order, rests, rates, and what disables an endpoint, with a real receiver."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from app.infra.ids import decode
from app.webhooks.serving import Server
from tests.desk import Caller, Desk
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]


async def _change(desk: Desk, statement: str, **values: Any) -> None:
    async with desk.database.transaction() as session:
        await session.execute(text(statement), values)


async def _states(caller: Caller) -> list[str]:
    """The states of the deliveries of events, the oldest first."""
    rows = (await caller.get("/webhook-deliveries", limit=100))["data"]
    return [row["state"] for row in reversed(rows) if row["trigger"] != "ping"]


def _kinds(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["type"] for one in receiver.requests]


async def test_events_wait_until_an_endpoint_has_answered_its_ping(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500), Answer(204))
        reseller = await desk.reseller()
        made = await reseller.post("/webhook-endpoints", {"url": receiver.url, "event_types": CREATED})
        for _ in range(3):
            await reseller.open_ticket()
        await desk.publish()
        await desk.let_pass()
        await desk.serve(server)
        before, sent_before = await _states(reseller), _kinds(receiver)
        refusal = await reseller.refused(
            "PATCH", f"/webhook-endpoints/{made['id']}", "invalid_transition", {"state": "active"}
        )

        await reseller.post(f"/webhook-endpoints/{made['id']}/ping")
        await desk.publish()
        await desk.serve(server)

        assert made["state"] == "unverified"
        assert (before, sent_before) == (["held"] * 3, ["ping"])
        assert refusal["current"] == "unverified"
        assert (await reseller.get(f"/webhook-endpoints/{made['id']}"))["state"] == "active"
        assert await _states(reseller) == ["delivered"] * 3
        assert _kinds(receiver) == ["ping", "ping", *["ticket.created"] * 3]


async def test_another_url_is_verified_anew(desk: Desk, server: Server) -> None:
    async with Receiver() as first, Receiver() as second:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, first.url, event_types=CREATED)

        changed = await reseller.patch(f"/webhook-endpoints/{endpoint['id']}", {"url": second.url})
        await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)

        assert changed["state"] == "unverified"
        assert (_kinds(first), _kinds(second)) == ([], ["ping", "ticket.created"])


async def test_what_is_disabled_is_held_and_caught_up_in_order(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED, max_concurrency=1)
        path = f"/webhook-endpoints/{endpoint['id']}"
        tickets = [await reseller.open_ticket() for _ in range(2)]
        await desk.publish()
        disabled = await reseller.patch(path, {"state": "disabled"})
        tickets += [await reseller.open_ticket() for _ in range(2)]
        await desk.publish()
        await desk.serve(server)
        held = await _states(reseller)
        first = (await reseller.get("/webhook-deliveries"))["data"][-2]  # the oldest is the ping
        await reseller.post(f"/webhook-deliveries/{first['id']}/redeliver")
        await desk.serve(server)
        asked = len(receiver.requests)

        again = await reseller.patch(path, {"state": "active"})
        await desk.serve(server)

        assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "manual")
        assert held == ["held"] * 4
        assert asked == 1  # what somebody asks for is sent all the same
        assert (again["state"], again["disabled_reason"]) == ("active", None)
        assert await _states(reseller) == ["delivered"] * 4
        told = [json.loads(one.body)["data"]["ticket"]["id"] for one in receiver.requests]
        assert told == [ticket["id"] for ticket in tickets]


async def test_gone_disables_at_once_and_drops_nothing(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(410))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED, max_concurrency=1)
        for _ in range(3):
            await reseller.open_ticket()
        await desk.publish()

        await desk.serve(server)

        assert len(receiver.requests) == 1
        assert await _states(reseller) == ["held"] * 3
        told = await desk.events(reseller, "webhook_endpoint.disabled")
        assert [event["data"]["endpoint"]["disabled_reason"] for event in told] == ["gone"]
        assert (await reseller.get(f"/webhook-endpoints/{endpoint['id']}"))["disabled_reason"] == "gone"


_FAILING = """
update webhook_lanes
   set failures = 20, notices = :notices, paused_until = null,
       failing_since = now() - cast(cast(:since as text) as interval)
 where endpoint_id = :id
"""


@pytest.mark.parametrize(
    ("since", "status", "kinds", "state"),
    [
        ("23 hours", 500, [], "active"),
        ("25 hours", 500, ["webhook_endpoint.failing"], "active"),
        ("5 days", 500, ["webhook_endpoint.disabled"], "disabled"),
        ("23 hours", 204, [], "active"),
        ("2 days", 204, ["webhook_endpoint.recovered"], "active"),
    ],
)
async def test_an_endpoint_that_fails_for_days_is_told_of_and_disabled(
    desk: Desk, server: Server, since: str, status: int, kinds: list[str], state: str
) -> None:
    async with Receiver() as receiver, Receiver() as other:
        receiver.answer(Answer(status))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url)
        await desk.endpoint(reseller, other.url, event_types=kinds or ["ticket.closed"])
        await _change(desk, _FAILING, since=since, notices=int(since == "2 days"), id=decode("whe", endpoint["id"]))
        await reseller.open_ticket()
        await desk.publish()

        await desk.serve(server)
        await desk.publish()
        await desk.serve(server)

        assert (await reseller.get(f"/webhook-endpoints/{endpoint['id']}"))["state"] == state
        assert _kinds(other) == kinds
        assert [kind for kind in _kinds(receiver) if kind.startswith("webhook_endpoint")] == []  # not of itself


async def test_an_endpoint_that_fails_rests_and_is_then_tried_with_one(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED, max_concurrency=2)
        for _ in range(12):
            await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)
        resting = len(receiver.requests)
        receiver.answer(Answer(204))
        await desk.worker.wake_lanes()
        await desk.serve(server)
        still = len(receiver.requests)

        await desk.let_pass()
        await desk.serve(server)

        assert resting == still
        assert 5 <= still <= 6  # one more was under way when the fifth failed
        assert await _states(reseller) == ["delivered"] * 12


async def test_another_url_begins_in_good_health(desk: Desk) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
        await _change(desk, _FAILING, since="6 days", notices=2, id=decode("whe", endpoint["id"]))

        await reseller.patch(f"/webhook-endpoints/{endpoint['id']}", {"url": receiver.url})

        health = await reseller.get(f"/webhook-endpoints/{endpoint['id']}/health")
        assert (health["failures"], health["failing_since"]) == (0, None)


async def test_what_was_held_goes_before_what_came_since(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED, max_concurrency=1)
        path = f"/webhook-endpoints/{endpoint['id']}"
        await reseller.patch(path, {"state": "disabled"})
        tickets = [await reseller.open_ticket() for _ in range(3)]
        await desk.publish()
        await desk.serve(server)
        await reseller.patch(path, {"state": "active"})
        tickets += [await reseller.open_ticket() for _ in range(3)]
        await desk.publish()

        await desk.serve(server)

        told = [json.loads(one.body)["data"]["ticket"]["id"] for one in receiver.requests]
        assert told == [ticket["id"] for ticket in tickets]


async def test_what_somebody_asked_for_once_is_then_like_any_other(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)
        delivery = (await reseller.get("/webhook-deliveries"))["data"][0]
        await reseller.post(f"/webhook-deliveries/{delivery['id']}/redeliver")
        await desk.serve(server)
        await reseller.patch(f"/webhook-endpoints/{endpoint['id']}", {"state": "disabled"})
        await desk.let_pass()
        await desk.serve(server)

        assert len(receiver.requests) == 2
        assert await _states(reseller) == ["held"]
