"""The checks of Svix's own suite, each as a test of this desk: here, or where this table says.

No redirects: `test_lanes.test_a_redirect_is_recorded_and_not_followed`, `infra/test_outbound_send`.
Recovery makes one further attempt, and none for an empty range: `test_recoveries`.
Rotation, three secrets at once, both schemes together, secrets encrypted at rest: with the secrets of endpoints.
Proxy and its exceptions: with outbound connections. Response expunge and payload retention: with the delivery log.
"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from app.infra.now import wall_now
from app.webhooks import signature
from app.webhooks.serving import Server
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
_TOLD = ("webhook_endpoint.failing", "webhook_endpoint.disabled", "webhook_endpoint.recovered")
_LONG_AGO = """
update webhook_lanes set failing_since = failing_since - interval '13 hours' where failing_since is not null
"""


async def _let_days_pass(desk: Desk, server: Server, rounds: int) -> None:
    """Let an endpoint be tried again and again, with 13 hours between two rounds."""
    for _ in range(rounds):
        await desk.publish()
        await desk.let_pass()
        await desk.serve(server)
        async with desk.database.transaction() as session:
            await session.execute(text(_LONG_AGO))


async def _endpoint(caller: Caller, made: Json) -> Json:
    endpoint: Json = await caller.get(f"/webhook-endpoints/{made['id']}")
    return endpoint


async def test_an_endpoint_is_disabled_after_repeated_failure(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        made = await desk.endpoint(reseller, receiver.url, event_types=CREATED, retry_profile="patient")
        await reseller.open_ticket()

        await _let_days_pass(desk, server, 12)

        endpoint = await _endpoint(reseller, made)
        assert (endpoint["state"], endpoint["disabled_reason"]) == ("disabled", "failing")
        told = [event["type"] for event in await desk.events(reseller, *_TOLD)]
        assert told == ["webhook_endpoint.failing", "webhook_endpoint.disabled"]
        assert len(receiver.requests) == 11  # ten failures in a row within 117 hours, and the one that is too many
        newest = (await reseller.get("/webhook-deliveries"))["data"][0]
        assert newest["state"] == "held"


async def test_an_endpoint_is_not_disabled_after_a_sporadic_failure(desk: Desk, server: Server) -> None:
    """It flaps: fails twice, is well once, and so on for days."""
    async with Receiver() as receiver:
        receiver.answer(*[Answer(500), Answer(500), Answer(204)] * 8)
        reseller = await desk.reseller()
        made = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        for _ in range(7):
            await reseller.open_ticket()
            await _let_days_pass(desk, server, 3)

        await reseller.open_ticket()
        await _let_days_pass(desk, server, 1)

        assert (await _endpoint(reseller, made))["state"] == "active"
        assert await desk.events(reseller, *_TOLD) == []
        rows = (await reseller.get("/webhook-deliveries", endpoint_id=made["id"]))["data"]
        assert [(row["state"], row["attempts_made"]) for row in rows if row["trigger"] == "event"] == [
            ("pending", 1),
            *[("delivered", 3)] * 7,
        ]


async def test_header_names_are_in_lower_case_and_read_in_any(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        made = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        secret = (await reseller.get(f"/webhook-endpoints/{made['id']}/secret"))["secret"]
        await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)

        [request] = receiver.requests
        shouted = {name.upper(): value for name, value in request.headers.items()}
        assert [name for name in request.names if name.startswith("webhook-")] == [
            *("webhook-id", "webhook-timestamp", "webhook-signature")
        ]
        assert signature.verify([secret], shouted, request.body, now=int(wall_now().timestamp()))


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "http://192.0.2.7/", "ftp://hooks.example.com/"])
async def test_only_https_is_taken_outside_of_the_networks_that_are_opened(desk: Desk, url: str) -> None:
    reseller = await desk.reseller()
    made = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})  # lies in one

    await reseller.refused("POST", "/webhook-endpoints", "unsafe_webhook_url", {"url": url})
    await reseller.refused("PATCH", f"/webhook-endpoints/{made['id']}", "unsafe_webhook_url", {"url": url})


async def test_deliveries_are_listed_forwards_page_by_page_and_a_page_can_be_read_again(desk: Desk) -> None:
    """There is no cursor that leads back, and the page on deliveries says so."""
    reseller = await desk.reseller()
    await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    for _ in range(6):
        await reseller.open_ticket()
    await desk.publish()
    whole = (await reseller.get("/webhook-deliveries", limit=100))["data"]

    pages: list[list[Json]] = []
    cursors: list[str | None] = [None]
    while not pages or cursors[-1] is not None:
        given = {"cursor": cursors[-1]} if cursors[-1] else {}
        page = await reseller.get("/webhook-deliveries", limit=3, **given)
        pages.append(page["data"])
        cursors.append(page["next_cursor"])
    again = await reseller.get("/webhook-deliveries", limit=3, cursor=cursors[1])

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row for page in pages for row in page] == whole
    assert again["data"] == pages[1]
    made = [datetime.fromisoformat(row["created_at"]) for row in whole]
    assert all(later - earlier >= timedelta(0) for later, earlier in pairwise(made))
