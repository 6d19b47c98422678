"""Deliveries through the API and a real receiver: what is sent, to whom, how often, and what is kept of it."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.infra.ids import decode
from app.webhooks.schedule import PROFILES, next_delay
from app.webhooks.serving import Server
from app.webhooks.taking import MOST_STARTS
from tests.desk import Caller, Desk, Json
from tests.payloads import body_of
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
NOWHERE = "http://127.0.0.1:9/"


async def only(caller: Caller) -> Json:
    """The newest delivery, with its attempts."""
    newest = (await caller.get("/webhook-deliveries"))["data"][0]
    delivery: Json = await caller.get(f"/webhook-deliveries/{newest['id']}")
    return delivery


async def test_a_delivery_is_tried_again_with_the_same_bytes_and_sent_anew_on_request(
    desk: Desk, server: Server
) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500, body=b"not now"), Answer(204))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket(description="a secret of the customer's")
        event = (await desk.events(reseller, "ticket.created"))[0]

        await desk.serve(server)
        waiting = await only(reseller)
        await desk.let_pass()
        await desk.serve(server)
        again = await reseller.post(f"/webhook-deliveries/{waiting['id']}/redeliver")
        await desk.serve(server)

        assert waiting["state"] == "pending"
        assert [(one["status"], one["reason"], one["answer"]) for one in waiting["attempts"]] == [
            (500, "http_status", "not now")
        ]
        assert again["state"] == "pending"
        done = await only(reseller)
        assert (done["state"], done["attempts_made"], done["trigger"]) == ("delivered", 3, "manual")
        assert len(receiver.requests) == 3
        assert {one.headers["webhook-id"] for one in receiver.requests} == {event["id"]}
        assert len({one.body for one in receiver.requests}) == 1
        body = json.loads(receiver.requests[0].body)
        assert body == body_of(event)
        assert b"a secret" not in receiver.requests[0].body
        assert len(receiver.requests[0].body) < 20_000


@pytest.mark.parametrize("status", [204, 500])
async def test_what_is_sent_anew_while_an_attempt_is_under_way_is_an_attempt_of_its_own(
    desk: Desk, server: Server, status: int
) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(status, delay=0.5), Answer(204))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket()
        await desk.publish()
        path = f"/webhook-deliveries/{(await only(reseller))['id']}"
        under_way = asyncio.create_task(desk.serve(server))
        await receiver.wait_for(1, 10)

        await reseller.post(f"{path}/redeliver")
        await under_way

        done = await reseller.get(path)
        assert (done["state"], [one["status"] for one in done["attempts"]]) == ("delivered", [status, 204])
        assert len(receiver.requests) == 2


async def test_a_lane_that_lost_its_job_is_woken_anew(desk: Desk) -> None:
    reseller = await desk.reseller()
    for n in range(3):
        await desk.endpoint(reseller, f"{NOWHERE}{n}", event_types=CREATED)
    await reseller.open_ticket()
    await desk.publish()
    newest = "select id from queue.pgqueuer order by id desc limit 2"
    lost = f"update queue.pgqueuer set status = 'failed' where id in ({newest})"
    named = "convert_to(l.endpoint_id || ':' || l.job, 'utf8')"
    live = f"select count(*) from queue.pgqueuer q join webhook_lanes l on q.payload = {named}"
    queued = f"{live} where q.status = 'queued'"
    async with desk.database.transaction() as session:
        await session.execute(text(lost))

    counts = []
    for _ in range(2):
        await desk.worker.find_lost()
        async with desk.database.transaction() as session:
            counts.append(await session.scalar(text(queued)))

    assert counts == [3, 3]


async def test_a_delivery_that_keeps_killing_its_worker_is_given_up_and_the_next_is_sent(
    desk: Desk, server: Server
) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        for _ in range(2):
            await reseller.open_ticket()
        await desk.publish()
        async with desk.database.transaction() as session:
            first_of_all = "position = (select min(position) from webhook_deliveries where trigger = 'event')"
            await session.execute(text(f"update webhook_deliveries set starts = {MOST_STARTS} where {first_of_all}"))

        await desk.serve(server)

        second, first, *_ = (await reseller.get("/webhook-deliveries"))["data"]
        assert (first["state"], second["state"]) == ("failed", "delivered")
        detail = await reseller.get(f"/webhook-deliveries/{first['id']}")
        assert [one["reason"] for one in detail["attempts"]] == ["worker_lost"]


async def test_the_operator_hears_everybody_and_a_reseller_itself(desk: Desk) -> None:
    first, second = await desk.reseller(), await desk.reseller()
    await desk.endpoint(desk.staff, f"{NOWHERE}all")
    await desk.endpoint(first, f"{NOWHERE}mine")
    await first.open_ticket()
    ticket = await second.open_ticket()
    note = {"body": "a note", "visibility": "internal"}
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", note)

    await desk.publish()

    async def heard(caller: Caller) -> list[str]:
        deliveries = (await caller.get("/webhook-deliveries"))["data"]
        return [one["event_type"] for one in deliveries if one["trigger"] == "event"]

    assert await heard(first) == ["ticket.created"]
    assert await heard(second) == []
    assert len(await heard(desk.staff)) == 4


async def test_an_endpoint_has_a_secret_and_a_safe_address(desk: Desk) -> None:
    reseller = await desk.reseller()
    made = await reseller.post("/webhook-endpoints", {"url": NOWHERE})
    reader = desk.caller(await desk.key(reseller.id, ["webhooks:read"]))

    assert (await reseller.get(f"/webhook-endpoints/{made['id']}/secret"))["secret"] == made["secret"]
    assert "secret" not in await reader.get(f"/webhook-endpoints/{made['id']}")
    await reader.refused("GET", f"/webhook-endpoints/{made['id']}/secret", "missing_scope")
    for url in ("https://10.0.0.1/x", "http://169.254.169.254/", "ftp://example.com", "https://127.1/x"):
        await reseller.refused("POST", "/webhook-endpoints", "unsafe_webhook_url", {"url": url})
    await reseller.send("DELETE", f"/webhook-endpoints/{made['id']}")
    await reseller.refused("GET", f"/webhook-endpoints/{made['id']}", "not_found")


@given(
    st.sampled_from(sorted(PROFILES)),
    st.integers(1, 10),
    st.floats(0, 1),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_a_delay_lies_between_its_step_and_what_may_be_asked(
    profile: str, attempts: int, chance: float, asked: timedelta
) -> None:
    steps = PROFILES[profile]
    delay = next_delay(attempts, asked, profile=profile, chance=chance)

    if attempts > len(steps):
        assert delay is None
    else:
        assert delay is not None
        step = steps[attempts - 1]
        assert step <= delay <= max(min(2 * step, timedelta(hours=24)), step) * 1.2


@pytest.mark.parametrize(("profile", "hours"), [("standard", 76), ("brief", 2.6), ("patient", 161)])
def test_a_profile_goes_on_for_as_long_as_it_says(profile: str, hours: float) -> None:
    assert sum(PROFILES[profile], timedelta()) / timedelta(hours=1) == pytest.approx(hours, abs=1)


async def test_a_ping_is_sent_once_it_has_its_sequence(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url)
        await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")

        await desk.serve(server)
        early = len(receiver.requests)
        await desk.publish()
        await desk.let_pass()
        await desk.serve(server)

        assert early == 0
        assert json.loads(receiver.requests[0].body)["sequence"] == 2  # its first ping was the first


async def test_what_is_on_its_way_to_an_endpoint_that_is_removed_is_given_up(desk: Desk, server: Server) -> None:
    reseller = await desk.reseller()
    endpoint = await reseller.post("/webhook-endpoints", {"url": NOWHERE})
    await reseller.send("DELETE", f"/webhook-endpoints/{endpoint['id']}")
    before = await only(reseller)
    await desk.give_up()
    delivery = await only(reseller)

    refusal = await reseller.refused("POST", f"/webhook-deliveries/{delivery['id']}/redeliver", "conflict")
    await desk.serve(server)

    assert "endpoint was removed" in refusal["detail"]
    assert (before["state"], delivery["state"], delivery["attempts"]) == ("pending", "failed", [])


_BACKLOG = """
insert into webhook_deliveries (reseller_id, id, endpoint_id, event_id, event_type, state, attempts,
                                counted_from, starts, trigger, position, next_attempt_at, created_at)
select reseller_id, (left(id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, endpoint_id, event_id, event_type,
       case when n % 2 = 0 then 'held' else 'pending' end, 0, 0, 0, 'event', n, now(), now()
  from webhook_deliveries, generate_series(1, 11000) n where endpoint_id = :id
"""


async def test_a_long_backlog_of_an_endpoint_that_is_removed_is_given_up_batch_by_batch(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint, other = [await reseller.post("/webhook-endpoints", {"url": f"{NOWHERE}{n}"}) for n in range(2)]
    async with desk.database.transaction() as session:
        await session.execute(text(_BACKLOG), {"id": decode("whe", endpoint["id"])})

    await reseller.send("DELETE", f"/webhook-endpoints/{endpoint['id']}")
    jobs = await desk.give_up()

    left = "select endpoint_id, count(*) from webhook_deliveries where state <> 'failed' group by 1"
    async with desk.database.transaction() as session:
        rows = (await session.execute(text(left))).all()
    assert [tuple(row) for row in rows] == [(decode("whe", other["id"]), 1)]
    assert jobs == 3


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_an_endpoint_that_is_removed_meanwhile_is_not_found(desk: Desk, method: str) -> None:
    reseller = await desk.reseller()
    endpoint = await reseller.post("/webhook-endpoints", {"url": NOWHERE})
    path = f"/webhook-endpoints/{endpoint['id']}"

    async with desk.database.transaction() as session:
        await session.execute(text("delete from webhook_endpoints"))
        sending = asyncio.create_task(reseller.send(method, path, json={"description": "the second"}))
        while not await session.scalar(text("select count(*) from pg_locks where not granted")):
            await asyncio.sleep(0.01)
    answer = await sending

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_is_sent_anew_and_fails_is_tried_again_from_the_first_step_on(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(204), Answer(204), Answer(204, delay=0.3), Answer(500))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)
        path = f"/webhook-deliveries/{(await only(reseller))['id']}"
        for _ in range(2):
            await reseller.post(f"{path}/redeliver")
            await desk.serve(server)
        third = await only(reseller)
        await reseller.post(f"{path}/redeliver")
        await desk.serve(server)

        done = await only(reseller)
        begun, ended = (datetime.fromisoformat(at) for at in (third["attempts"][-1]["at"], third["finished_at"]))
        assert ended - begun >= timedelta(seconds=0.3)
        assert [one["status"] for one in done["attempts"]] == [204, 204, 204, 500]
        wait = datetime.fromisoformat(done["next_attempt_at"]) - datetime.fromisoformat(done["attempts"][-1]["at"])
        assert timedelta(seconds=500) <= wait <= timedelta(seconds=610)  # 5 s and a fifth, at a scale of 100
