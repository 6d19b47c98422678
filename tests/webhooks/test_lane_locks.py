"""Lanes beside everything else: nobody is left behind, nothing locks in another order, and a batch ends in time."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.publisher import publish
from app.infra.ids import decode
from app.infra.now import wall_now
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks import lane_queries
from app.webhooks.fan_out import fan_out
from app.webhooks.sending import Address, Parcel, send_all
from app.webhooks.serving import Server
from app.webhooks.signature import new_secret
from tests.desk import Desk
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]


async def _as_if_it_died(session: AsyncSession, events: Sequence[Event], wall: datetime) -> None:
    await fan_out(session, events, wall)  # and nobody is woken


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_lane_whose_publisher_died_before_it_woke_it_is_found(
    desk: Desk, server: Server, ordered: bool
) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED, ordered=ordered)
        await reseller.open_ticket()
        await publish(desk.database, [_as_if_it_died], wall_now())
        long_ago = "update webhook_deliveries set next_attempt_at = now() - interval '5 min' where state = 'pending'"
        async with desk.database.transaction() as session:
            await session.execute(text(long_ago))

        before = await desk.serve(server)
        await desk.worker.find_lost()
        await desk.serve(server)

        assert before == 0
        assert len(receiver.requests) == 1


async def test_what_comes_as_a_lane_comes_to_rest_is_sent(desk: Desk, server: Server) -> None:
    """The publisher finds the lane served, and the lane has looked already: it looks once more."""
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket()
        await desk.publish()
        [job] = await desk.picked("webhooks.lane")
        await reseller.open_ticket()
        async with desk.database.transaction() as session:
            await session.execute(text("select from webhook_lanes for update"))
            serving = asyncio.create_task(server.serve(job))
            await publish(desk.database, [_as_if_it_died], wall_now())
        await serving

        assert len(receiver.requests) == 2
        assert (await reseller.get(f"/webhook-endpoints/{endpoint['id']}/health"))["waiting"] == 0


async def test_a_redelivery_and_a_turn_lock_in_one_order(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    await reseller.open_ticket()
    await desk.publish()
    delivery = (await reseller.get("/webhook-deliveries", state="pending"))["data"][0]
    touched = text("update webhook_deliveries set starts = starts where id = :id")

    async with desk.database.transaction() as session:
        await lane_queries.lock_both(session, decode("whe", endpoint["id"]))
        asking = asyncio.create_task(reseller.post(f"/webhook-deliveries/{delivery['id']}/redeliver"))
        waiting = text("select count(*) from pg_locks where not granted")
        while not await session.scalar(waiting):
            await asyncio.sleep(0.01)
        await session.execute(touched, {"id": decode("dlv", delivery["id"])})

    assert (await asking)["trigger"] == "manual"


@pytest.mark.parametrize(("per_second", "at_once", "most"), [(1, 6, 1), (4, 6, 4), (None, 8, 100)])
async def test_a_batch_is_begun_within_a_second(per_second: int | None, at_once: int, most: int) -> None:
    body = b"{}"
    parcels = [Parcel(uuid4(), uuid4(), uuid4(), "ticket.created", "event", 1, 1, body) for _ in range(100)]
    async with Receiver() as receiver, Sender(parse_networks("127.0.0.0/8"), total_seconds=2) as sender:
        receiver.answer(Answer(204))
        nothing: Mapping[str, str] = {}
        address = Address(receiver.url, [new_secret()], nothing, at_once, per_second)

        sent = await send_all(sender, address, parcels)

        assert 1 <= len(sent) <= most
        assert len({one.parcel.id for one in sent}) == len(sent) == len(receiver.requests)


async def test_a_header_that_does_not_open_lets_deliveries_wait(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED, headers={"X-Desk": "7"})
        spoilt = """update webhook_endpoints set headers = '{"X-Desk": "AAAA"}'"""
        async with desk.database.transaction() as session:
            await session.execute(text(spoilt))
        await reseller.open_ticket()
        await desk.publish()

        await desk.serve(server)

        assert receiver.requests == []
        assert (await reseller.get("/webhook-deliveries"))["data"][0]["state"] == "pending"
