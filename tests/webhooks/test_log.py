"""The log of deliveries: how an endpoint does, what an attempt shows and to whom, what is found, and what is wiped."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.infra.ids import decode
from app.infra.now import wall_now
from app.infra.wire import rfc3339
from app.webhooks.health import DISABLED_AFTER
from app.webhooks.serving import Server
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
NOWHERE = "http://127.0.0.1:9/"


async def delivered(desk: Desk, server: Server, owner: Caller, *answers: Answer) -> Json:
    """Let a ticket be told of, and return the delivery as the owner sees it."""
    async with Receiver() as receiver:
        receiver.answer(*answers)
        await desk.endpoint(owner, receiver.url, event_types=CREATED)
        await owner.open_ticket()
        await desk.publish()
        await desk.serve(server)
    newest = (await owner.get("/webhook-deliveries"))["data"][0]
    detail: Json = await owner.get(f"/webhook-deliveries/{newest['id']}")
    return detail


async def test_the_health_of_an_endpoint_is_read_apart_from_what_its_etag_covers(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        path = f"/webhook-endpoints/{endpoint['id']}"
        etag = (await reseller.send("GET", path)).headers["etag"]
        fresh = await reseller.get(f"{path}/health")
        for _ in range(6):
            await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)

        ill = await reseller.get(f"{path}/health")
        await desk.let_pass()
        rested = await desk.staff.get(f"{path}/health")
        await reseller.patch(path, {"state": "disabled"})
        await desk.serve(server)
        disabled = await reseller.get(f"{path}/health")

    nothing = {"failures": 0, "failing_since": None, "will_be_disabled_at": None, "paused_until": None}
    assert fresh == nothing | {"state": "active", "waiting": 0, "held": 0}
    assert (ill["failures"], ill["waiting"], ill["held"]) == (6, 6, 0)
    assert ill["paused_until"] > rfc3339(wall_now())
    assert rested["paused_until"] is None
    since = wall_now().fromisoformat(ill["failing_since"])
    assert ill["will_be_disabled_at"] == rfc3339(since + DISABLED_AFTER)
    assert disabled == nothing | {"state": "disabled", "waiting": 0, "held": 6}
    assert (await reseller.send("GET", path, headers={"If-None-Match": etag})).status_code == 200  # disabled since
    stranger = await desk.reseller()
    await stranger.refused("GET", f"{path}/health", "not_found")


async def test_an_attempt_shows_when_its_answer_came_and_to_staff_which_address_was_dialled(
    desk: Desk, server: Server
) -> None:
    reseller = await desk.reseller()
    slow = Answer(200, body=b"ok", drip=0.1, delay=0.05)

    mine = await delivered(desk, server, reseller, slow)
    theirs = await desk.staff.get(f"/webhook-deliveries/{mine['id']}")

    (attempt,), (seen) = mine["attempts"], theirs["attempts"][0]
    assert 50 <= attempt["first_byte_ms"] < attempt["duration_ms"] - 90
    assert (attempt["address"], seen["address"]) == (None, "127.0.0.1")


async def test_an_attempt_that_reached_nobody_shows_the_address_and_no_first_byte(desk: Desk, server: Server) -> None:
    reseller = await desk.reseller()
    await desk.endpoint(reseller, NOWHERE, event_types=CREATED)
    await reseller.open_ticket()
    await desk.publish()
    await desk.serve(server)

    newest = (await desk.staff.get("/webhook-deliveries", event_type="ticket.created"))["data"][0]
    (attempt,) = (await desk.staff.get(f"/webhook-deliveries/{newest['id']}"))["attempts"]

    assert (attempt["reason"], attempt["address"], attempt["first_byte_ms"]) == (
        "connection_failed",
        "127.0.0.1",
        None,
    )


async def test_what_a_receiver_answered_can_be_wiped_and_the_rest_of_the_log_stays(desk: Desk, server: Server) -> None:
    reseller = await desk.reseller()
    too_much = Answer(302, {"Location": "https://example.com/?token=secret"}, b"a password: secret" * 500)
    before = await delivered(desk, server, reseller, too_much)
    path = f"/webhook-deliveries/{before['id']}"
    reader = desk.caller(await desk.key(reseller.id, ["webhooks:read"]))

    await (await desk.reseller()).refused("DELETE", f"{path}/answers", "not_found")
    await reader.refused("DELETE", f"{path}/answers", "missing_scope")
    unchanged = await reseller.get(path)
    answer = await reseller.send("DELETE", f"{path}/answers")

    assert unchanged == before
    assert "secret" in str(before)
    assert answer.status_code == 204
    wiped = {"answer": "", "answer_truncated": False, "location": None}
    assert await reseller.get(path) == before | {"attempts": [before["attempts"][0] | wiped]}
    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from webhook_attempts where answer <> ''")) == 0


async def test_deliveries_are_found_by_type_and_time_page_by_page(desk: Desk) -> None:
    reseller = await desk.reseller()
    await desk.endpoint(reseller, NOWHERE)
    for n in range(3):
        ticket = await reseller.open_ticket()
        await reseller.patch(f"/tickets/{ticket['id']}", {"subject": f"Trunk {n}"})
        await desk.publish()
    everything = (await reseller.get("/webhook-deliveries"))["data"]
    middle = everything[2]["created_at"]

    async def found(**params: object) -> list[Json]:
        rows: list[Json] = []
        cursor: Json = {}
        while True:
            page = await reseller.get("/webhook-deliveries", limit=2, **params, **cursor)
            rows += page["data"]
            if page["next_cursor"] is None:
                return rows
            assert len(page["data"]) == 2
            cursor = {"cursor": page["next_cursor"]}

    assert await found() == everything
    created = [one for one in everything if one["event_type"] == "ticket.created"]
    assert len(created) == 3
    assert await found(event_type="ticket.created") == created
    assert await found(created_after=middle) == [one for one in everything if one["created_at"] > middle]
    assert await found(created_before=middle) == [one for one in everything if one["created_at"] < middle]
    later = rfc3339(wall_now() + timedelta(days=1))
    assert await found(created_after=later) == []
    assert await found(created_before=later) == everything


@pytest.mark.parametrize("what", ["event", "endpoint"])
async def test_what_is_gone_cannot_be_sent_anew(desk: Desk, what: str) -> None:
    reseller = await desk.reseller()
    endpoint = await desk.endpoint(reseller, NOWHERE, event_types=CREATED)
    await reseller.open_ticket()
    await desk.publish()
    delivery = (await reseller.get("/webhook-deliveries"))["data"][0]
    async with desk.database.transaction() as session:
        table, of = ("events", decode("evt", delivery["event_id"]))
        if what == "endpoint":
            table, of = ("webhook_endpoints", decode("whe", endpoint["id"]))
        await session.execute(text(f"delete from {table} where id = :id"), {"id": of})

    refusal = await reseller.refused("POST", f"/webhook-deliveries/{delivery['id']}/redeliver", "conflict")

    assert f"its {what}" in refusal["detail"]
