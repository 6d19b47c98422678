import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.infra.ids import decode
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks.delivering import MOST_STARTS, Deliverer
from app.webhooks.schedule import STEPS, next_delay
from tests.desk import Caller, Desk, Json
from tests.payloads import body_of
from tests.receiver import Answer, Receiver


@pytest.fixture
async def deliverer(desk: Desk) -> AsyncIterator[Deliverer]:
    async with Sender(parse_networks("127.0.0.0/8"), total_seconds=2) as sender:
        yield Deliverer(desk.database, sender)


async def _only(caller: Caller) -> Json:
    delivery: Json = (await caller.get("/webhook-deliveries"))["data"][0]
    return delivery


async def _attempt(deliverer: Deliverer, delivery: Json, number: int) -> None:
    await deliverer.deliver(f"{decode('dlv', delivery['id'])}:{number}")


async def test_a_delivery_is_tried_again_with_the_same_bytes_and_sent_anew_on_request(
    desk: Desk, deliverer: Deliverer
) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500, body=b"not now"), Answer(204))
        reseller = await desk.reseller()
        await reseller.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["ticket.created"]})
        await reseller.open_ticket(description="a secret of the customer's")
        event = (await desk.events(reseller, "ticket.created"))[0]
        delivery = await _only(reseller)

        await _attempt(deliverer, delivery, 1)
        await _attempt(deliverer, delivery, 1)  # the job library may run a job twice
        waiting = await reseller.get(f"/webhook-deliveries/{delivery['id']}")
        await _attempt(deliverer, delivery, 2)
        again = await reseller.post(f"/webhook-deliveries/{delivery['id']}/redeliver")
        await _attempt(deliverer, delivery, 3)

        assert waiting["state"] == "pending"
        assert [(one["status"], one["reason"], one["answer"]) for one in waiting["attempts"]] == [
            (500, "http_status", "not now")
        ]
        assert again["state"] == "pending"
        done = await reseller.get(f"/webhook-deliveries/{delivery['id']}")
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
    desk: Desk, deliverer: Deliverer, status: int
) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(status, delay=0.5), Answer(204))
        reseller = await desk.reseller()
        await reseller.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["ticket.created"]})
        await reseller.open_ticket()
        await desk.publish()
        path = f"/webhook-deliveries/{(await _only(reseller))['id']}"
        under_way = asyncio.create_task(_attempt(deliverer, await _only(reseller), 1))
        await receiver.wait_for(1, 10)

        await reseller.post(f"{path}/redeliver")
        await under_way
        between = await reseller.get(path)
        await _run_enqueued(desk, deliverer)

        assert (between["state"], between["attempts_made"]) == ("pending", 1)
        done = await reseller.get(path)
        assert (done["state"], [one["status"] for one in done["attempts"]]) == ("delivered", [status, 204])
        assert len(receiver.requests) == 2


async def _run_enqueued(desk: Desk, deliverer: Deliverer) -> None:
    """Make what is enqueued to be made at once, as a worker would, in order."""
    queued = "select payload from queue.pgqueuer where status = 'queued' and execute_after <= now() order by id"
    async with desk.database.transaction() as session:
        arguments = [bytes(payload).decode() for payload in await session.scalars(text(queued))]
    for argument in arguments:
        await deliverer.deliver(argument)


async def test_a_delivery_that_lost_its_job_is_enqueued_anew(desk: Desk) -> None:
    reseller = await desk.reseller()
    await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["ticket.created"]})
    for _ in range(3):
        await reseller.open_ticket()
    await desk.publish()
    held = "update queue.pgqueuer set status = 'failed' where id in (select id from queue.pgqueuer order by id limit 2)"
    overdue = "update webhook_deliveries set next_attempt_at = next_attempt_at - interval '6 min'"
    async with desk.database.transaction() as session:
        for statement in (held, overdue):
            await session.execute(text(statement))

    await desk.worker.find_lost()
    await desk.worker.find_lost()

    async with desk.database.transaction() as session:
        queued = await session.scalars(text("select payload from queue.pgqueuer where status = 'queued'"))
        assert len(set(queued)) == 3
        assert await session.scalar(text("select count(*) from queue.pgqueuer where status = 'queued'")) == 3


async def test_a_delivery_that_keeps_killing_its_worker_is_held(desk: Desk, deliverer: Deliverer) -> None:
    reseller = await desk.reseller()
    await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    await reseller.open_ticket()
    await desk.publish()
    async with desk.database.transaction() as session:
        await session.execute(text(f"update webhook_deliveries set starts = {MOST_STARTS}"))

    await _attempt(deliverer, await _only(reseller), 1)

    assert (await _only(reseller))["state"] == "held"


async def test_the_operator_hears_everybody_and_a_reseller_itself(desk: Desk) -> None:
    first, second = await desk.reseller(), await desk.reseller()
    await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/all"})
    await first.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/mine"})
    await first.open_ticket()
    ticket = await second.open_ticket()
    note = {"body": "a note", "visibility": "internal"}
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", note)

    await desk.publish()

    assert len((await first.get("/webhook-deliveries"))["data"]) == 1
    assert (await second.get("/webhook-deliveries"))["data"] == []
    assert len((await desk.staff.get("/webhook-deliveries"))["data"]) == 4


async def test_an_endpoint_has_a_secret_and_a_safe_address(desk: Desk) -> None:
    reseller = await desk.reseller()
    made = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    reader = desk.caller(await desk.key(reseller.id, ["webhooks:read"]))

    assert (await reseller.get(f"/webhook-endpoints/{made['id']}/secret"))["secret"] == made["secret"]
    assert "secret" not in await reader.get(f"/webhook-endpoints/{made['id']}")
    await reader.refused("GET", f"/webhook-endpoints/{made['id']}/secret", "missing_scope")
    for url in ("https://10.0.0.1/x", "http://169.254.169.254/", "ftp://example.com", "https://127.1/x"):
        await reseller.refused("POST", "/webhook-endpoints", "unsafe_webhook_url", {"url": url})
    await reseller.send("DELETE", f"/webhook-endpoints/{made['id']}")
    await reseller.refused("GET", f"/webhook-endpoints/{made['id']}", "not_found")


@given(st.integers(1, len(STEPS)), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_delay_lies_between_its_step_and_what_may_be_asked(attempts: int, chance: float, asked: timedelta) -> None:
    step = STEPS[attempts - 1]

    delay = next_delay(attempts, asked, chance=chance)

    assert delay is not None
    assert step <= delay <= min(2 * step, timedelta(hours=24)) * 1.2
    assert next_delay(len(STEPS) + 1) is None


async def test_a_ping_is_sent_once_it_has_its_sequence(desk: Desk, deliverer: Deliverer) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await reseller.post("/webhook-endpoints", {"url": receiver.url})
        delivery = await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")

        await _attempt(deliverer, delivery, 1)
        early = len(receiver.requests)
        async with desk.database.transaction() as session:
            jobs = await session.scalar(text("select count(*) from queue.pgqueuer"))
        await desk.publish()
        await _attempt(deliverer, delivery, 1)

        assert (early, jobs) == (0, 2)
        assert json.loads(receiver.requests[0].body)["sequence"] == 1


async def test_a_delivery_to_an_endpoint_that_was_removed_is_not_sent_again(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    delivery = await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    await reseller.send("DELETE", f"/webhook-endpoints/{endpoint['id']}")

    refusal = await reseller.refused("POST", f"/webhook-deliveries/{delivery['id']}/redeliver", "conflict")

    assert "endpoint was removed" in refusal["detail"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_an_endpoint_that_is_removed_meanwhile_is_not_found(desk: Desk, method: str) -> None:
    reseller = await desk.reseller()
    endpoint = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    path = f"/webhook-endpoints/{endpoint['id']}"

    async with desk.database.transaction() as session:
        await session.execute(text("delete from webhook_endpoints"))
        sending = asyncio.create_task(reseller.send(method, path, json={"description": "the second"}))
        while not await session.scalar(text("select count(*) from pg_locks where not granted")):
            await asyncio.sleep(0.01)
    answer = await sending

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
