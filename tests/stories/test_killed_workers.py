"""A worker killed at the worst moment of each stage: nothing is lost, and nothing is raised twice.

A worker is stopped where it shall be by holding what its stage needs next: a lock in another session, or an answer
that does not come. Then it is killed with SIGKILL, what was held is let go, and another worker takes over.
"""

import asyncio
import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from app.infra.db import driver_url
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver, Request
from tests.stories.processes import start

pytestmark = pytest.mark.timeout(120)

_LATE = """
update sla_clocks set started_at = started_at - interval '61 min', anchor_at = anchor_at - interval '61 min',
       due_at = due_at - interval '61 min', wake_at = wake_at - interval '61 min'
"""
_LATE_TICKETS = """
update tickets set created_at = created_at - interval '61 min', settled_at = settled_at - interval '61 min'
"""
_WAITING = """
select count(*) from pg_stat_activity
 where wait_event_type = 'Lock' and datname = current_database() and query ilike $1
"""
_DELIVERED = "select count(*) from webhook_deliveries where state = 'delivered' and trigger = 'event'"
_ATTEMPTS = """
select count(*), count(distinct a.delivery_id), min(a.number), max(d.attempts)
  from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id and d.trigger = 'event'
"""


@contextmanager
def _worker(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"DATABASE_URL": url, "TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    process = start("worker", environment, folder / "worker.log")
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(10)


async def _overdue(desk: Desk, connection: asyncpg.Connection) -> tuple[Caller, Json]:
    """A live ticket of a Professional reseller whose hour was over a minute ago."""
    reseller = await desk.reseller("professional", now=None)
    ticket = await reseller.open_ticket()
    await desk.publish()
    await connection.execute(_LATE)
    await connection.execute(_LATE_TICKETS)
    return reseller, ticket


def _ticket_of(request: Request) -> Json:
    ticket: Json = json.loads(request.body)["data"]["ticket"]
    return ticket


async def _until(connection: asyncpg.Connection, query: str, *args: object, wanted: int = 1) -> None:
    async with asyncio.timeout(40):
        while await connection.fetchval(query, *args) < wanted:
            await asyncio.sleep(0.05)


async def _raised(desk: Desk, ticket: Json) -> list[str]:
    rows = (await desk.staff.get("/escalations", ticket_id=ticket["id"]))["data"]
    return [row["step"] for row in reversed(rows)]


@pytest.mark.parametrize(
    ("stage", "lock", "waiting"),
    [
        ("sweep", "lock table escalations in exclusive mode", "%insert into escalations%"),
        ("publisher", "lock table webhook_endpoints in access exclusive mode", "%from webhook_endpoints%"),
    ],
)
async def test_a_worker_killed_inside_its_transaction_leaves_it_to_the_next(
    desk: Desk, database_url: str, tmp_path: Path, stage: str, lock: str, waiting: str
) -> None:
    connection = await asyncpg.connect(driver_url(database_url))
    holder = await asyncpg.connect(driver_url(database_url))
    try:
        reseller, ticket = await _overdue(desk, connection)
        held = holder.transaction()
        await held.start()
        await holder.execute(lock)
        with _worker(database_url, tmp_path) as first:
            await _until(connection, _WAITING, waiting)
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        await held.rollback()

        with _worker(database_url, tmp_path):
            published = "select count(*) from events where position is not null and type = 'escalation.raised'"
            await _until(connection, published, wanted=2)

        assert await _raised(desk, ticket) == ["warning", "breach"], stage
        told = [event["type"] for event in await desk.events(reseller)]
        assert told == ["ticket.created", "sla.warning", "escalation.raised", "sla.breached", "escalation.raised"]
    finally:
        await holder.close()
        await connection.close()


async def test_a_worker_killed_while_it_delivers_leaves_the_delivery_to_the_next(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(driver_url(database_url))
    try:
        async with Receiver() as receiver:
            receiver.answer(Answer(204, delay=30), Answer(204))
            reseller = await desk.reseller(now=None)
            await desk.endpoint(reseller, receiver.url)
            await reseller.open_ticket()
            with _worker(database_url, tmp_path) as first:
                await receiver.wait_for(1, 40)
                first.send_signal(signal.SIGKILL)
                first.wait(10)

            with _worker(database_url, tmp_path):
                await _until(connection, _DELIVERED)

            first_try, second_try = receiver.requests
            assert first_try.headers["webhook-id"] == second_try.headers["webhook-id"]
            assert first_try.body == second_try.body
            delivery = (await reseller.get("/webhook-deliveries"))["data"][0]
            assert (delivery["state"], delivery["attempts_made"]) == ("delivered", 1)
    finally:
        await connection.close()


async def test_a_worker_killed_in_a_batch_loses_nothing_and_records_each_attempt_once(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(driver_url(database_url))
    try:
        async with Receiver() as receiver:
            receiver.answer(*[Answer(204)] * 11, Answer(204, delay=30))
            reseller = await desk.reseller(now=None)
            await desk.endpoint(reseller, receiver.url, event_types=["ticket.created"], max_concurrency=2)
            tickets = [await reseller.open_ticket() for _ in range(30)]
            with _worker(database_url, tmp_path) as first:
                await receiver.wait_for(12, 40)  # the first batch, of eight, is over, and the next is under way
                first.send_signal(signal.SIGKILL)
                first.wait(10)
            receiver.answer(Answer(204))

            with _worker(database_url, tmp_path):
                await _until(connection, _DELIVERED, wanted=30)

            heard = Counter(one.headers["webhook-id"] for one in receiver.requests)
            told = {_ticket_of(one)["id"] for one in receiver.requests}
            assert told == {ticket["id"] for ticket in tickets}
            assert len(heard) == 30
            assert {heard[one.headers["webhook-id"]] for one in receiver.requests[:8]} == {1}  # these were recorded
            assert 30 < len(receiver.requests) <= 30 + 16  # those of the batch that died came twice, and no others
            assert await connection.fetch(_ATTEMPTS) == [(30, 30, 1, 1)]
    finally:
        await connection.close()


async def test_an_ordered_endpoint_keeps_its_order_over_killed_workers(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(driver_url(database_url))
    try:
        async with Receiver() as receiver:
            reseller = await desk.reseller(now=None)
            await desk.endpoint(reseller, receiver.url, ordered=True, event_types=["ticket.created", "ticket.updated"])
            tickets = [await reseller.open_ticket() for _ in range(3)]
            for n in range(9):
                for ticket in tickets:
                    await reseller.patch(f"/tickets/{ticket['id']}", {"subject": f"Trunk {n}"})
            hanging = []
            for answered in (1, 3):
                receiver.answer(*[Answer(204)] * answered, Answer(204, delay=30))
                reached = len(receiver.requests) + answered
                with _worker(database_url, tmp_path) as dying:
                    await receiver.wait_for(reached + 1, 40)
                    await asyncio.sleep(0.5)  # for whatever else would come
                    dying.send_signal(signal.SIGKILL)
                    dying.wait(10)
                hanging.append([_ticket_of(one)["id"] for one in receiver.requests[reached:]])
            receiver.answer(Answer(204))

            with _worker(database_url, tmp_path):
                await _until(connection, _DELIVERED, wanted=30)

            for ticket in tickets:
                told = [_ticket_of(one) for one in receiver.requests]
                sequences = [one["sequence"] for one in told if one["id"] == ticket["id"]]
                assert list(dict.fromkeys(sequences)) == list(range(1, 11))
            assert [len(ids) for ids in hanging] == [len(set(ids)) for ids in hanging]  # none before the one before it
            assert await connection.fetch(_ATTEMPTS) == [(30, 30, 1, 1)]
    finally:
        await connection.close()


async def test_two_workers_raise_each_step_once(desk: Desk, database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(driver_url(database_url))
    try:
        reseller = await desk.reseller("professional", now=None)
        for _ in range(30):
            await reseller.open_ticket()
        await connection.execute(_LATE)
        await connection.execute(_LATE_TICKETS)

        with _worker(database_url, tmp_path), _worker(database_url, tmp_path):
            await _until(connection, "select count(*) from escalations", wanted=60)
            await asyncio.sleep(1)

        assert await connection.fetchval("select count(*) from escalations") == 60
        assert await connection.fetchval("select count(distinct (clock_id, step)) from escalations") == 60
        assert await connection.fetchval("select count(*) from events where type = 'escalation.raised'") == 60
    finally:
        await connection.close()
