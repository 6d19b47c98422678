"""One slow or dead endpoint does not delay the others: lanes that are served at once, as a worker does."""

import asyncio
from contextlib import AsyncExitStack

from app.webhooks.serving import Server
from tests import faults
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
HEALTHY, TICKETS = 5, 40


async def _serve_at_once(desk: Desk, server: Server) -> None:
    """Do the jobs of lanes as they are enqueued, each beside the others."""
    async with asyncio.TaskGroup() as jobs:
        under_way: set[asyncio.Task[None]] = set()
        while True:
            under_way |= {jobs.create_task(server.serve(job)) for job in await desk.picked("webhooks.lane")}
            if not under_way:
                return
            _, under_way = await asyncio.wait(under_way, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)


async def _states(caller: Caller, endpoint: Json) -> set[str]:
    rows = (await caller.get("/webhook-deliveries", endpoint_id=endpoint["id"], limit=100))["data"]
    return {row["state"] for row in rows if row["trigger"] == "event"}


async def test_healthy_endpoints_have_everything_while_a_slow_one_has_its_first_batch(
    desk: Desk, server: Server
) -> None:
    async with AsyncExitStack() as stack:
        slow, *healthy = [await stack.enter_async_context(Receiver()) for _ in range(1 + HEALTHY)]
        slow.answer(Answer(delay=60))
        dead = [await stack.enter_async_context(make()) for make in faults.SERVERS.values()]
        reseller = await desk.reseller()
        first = await desk.endpoint(reseller, slow.url, event_types=CREATED)
        for url in (*dead, *(one.url for one in healthy)):
            await desk.endpoint(reseller, url, event_types=CREATED)
        for _ in range(TICKETS):
            await reseller.open_ticket()
        await desk.publish()

        serving = asyncio.create_task(_serve_at_once(desk, server))
        for one in healthy:
            await one.wait_for(TICKETS, 60)
        while_slow = (len(slow.requests), await _states(reseller, first))
        await serving

        assert while_slow == (8, {"pending"})  # its first batch is under way still
        assert [len(one.requests) for one in healthy] == [TICKETS] * HEALTHY
