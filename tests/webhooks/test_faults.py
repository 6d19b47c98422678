"""Whatever a receiver does, its delivery ends in the state that `docs/deliveries.md` says, and in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest

from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import MAX_KEPT, Sender
from app.webhooks.schedule import JITTER
from app.webhooks.serving import Server
from tests import faults
from tests.desk import Caller, Desk, Json
from tests.receiver import Receiver
from tests.webhooks.pages import table

TOTAL = 1.0
_ROUNDED = timedelta(milliseconds=1)  # what the log says of an attempt's length
_MOST_WRITTEN = 32 << 20  # what the system's buffers may hold beside the 64 KiB that are read


@pytest.fixture
async def quick(desk: Desk) -> AsyncIterator[Server]:
    """A server of lanes with the real steps, whose attempts end soon."""
    async with Sender(parse_networks("127.0.0.0/8"), total_seconds=TOTAL, connect_seconds=TOTAL / 2) as sender:
        yield Server(desk.database, sender, desk.keyring)


async def _receivers(stack: AsyncExitStack) -> tuple[dict[str, str], list[Receiver]]:
    """Start a receiver for each fault; return their URLs by name, and those that count what they write."""
    urls = {name: await stack.enter_async_context(make()) for name, make in faults.SERVERS.items()}
    receivers = []
    for name, answer in faults.answers().items():
        receiver = await stack.enter_async_context(Receiver())
        receiver.answer(answer)
        urls[name] = receiver.url
        receivers.append(receiver)
    return urls, receivers


def _row(delivery: Json, wanted: list[str]) -> list[str]:
    """Write what became of a delivery as the page does; a wait within its jitter is the one that was wanted."""
    [attempt] = delivery["attempts"]
    became = delivery["state"]
    if became == "pending":
        waits = _at(delivery["next_attempt_at"]) - _at(attempt["at"]) - timedelta(milliseconds=attempt["duration_ms"])
        told = int(wanted[2].partition(", ")[2].removesuffix(" s") or -1)
        step = timedelta(seconds=told)
        as_told = step <= waits + _ROUNDED and waits <= step * (1 + JITTER) + _ROUNDED
        became += f", {told if as_told else waits.total_seconds()} s"
    return [attempt["reason"], str(attempt["status"] or ""), became]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def _only(caller: Caller, endpoint: Json) -> Json:
    rows = (await caller.get("/webhook-deliveries", endpoint_id=endpoint["id"]))["data"]
    [row] = [row for row in rows if row["trigger"] == "event"]
    delivery: Json = await caller.get(f"/webhook-deliveries/{row['id']}")
    return delivery


@pytest.mark.timeout(180)
async def test_every_delivery_ends_in_the_state_that_the_page_says(desk: Desk, quick: Server) -> None:
    wanted = table("What your receiver does, and what follows")
    async with AsyncExitStack() as stack:
        urls, receivers = await _receivers(stack)
        reseller = await desk.reseller()
        endpoints = {
            name: await desk.endpoint(reseller, url, event_types=["ticket.created"]) for name, url in urls.items()
        }
        await reseller.open_ticket()
        await desk.publish()

        async with asyncio.timeout(len(urls) * TOTAL * 3):
            await desk.serve(quick)

        deliveries = {name: await _only(reseller, endpoint) for name, endpoint in endpoints.items()}
        assert wanted.keys() == urls.keys()
        assert {name: _row(one, wanted[name]) for name, one in deliveries.items()} == wanted
        for name, one in deliveries.items():
            [attempt] = one["attempts"]
            assert len(attempt["answer"].encode("latin-1", "replace")) <= MAX_KEPT, name
            assert attempt["answer_truncated"] == ("never ends" in name or "bomb" in name), name
            if attempt["reason"] == "timeout":
                assert attempt["duration_ms"] >= TOTAL / 2 * 1000, name
        assert max(one.written for one in receivers) < _MOST_WRITTEN
