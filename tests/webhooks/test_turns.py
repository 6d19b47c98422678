"""The turns of lanes: the order of a ticket, a rate, what is recorded of an answer, and places for everybody."""

import asyncio
import json

from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks.serving import Server
from tests.desk import Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]


async def test_an_ordered_endpoint_hears_each_ticket_in_order_and_no_other_waits(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500), Answer(204))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, ordered=True)
        stuck, free = await reseller.open_ticket(), None
        await desk.publish()
        await desk.serve(server)
        for n in range(3):
            await reseller.patch(f"/tickets/{stuck['id']}", {"subject": f"Trunk {n}"})
        free = await reseller.open_ticket()
        await desk.publish()
        await desk.serve(server)
        between = [json.loads(one.body)["data"]["ticket"]["id"] for one in receiver.requests]

        await desk.let_pass()
        await desk.serve(server)

        assert between == [stuck["id"], free["id"]]
        told = [json.loads(one.body)["data"]["ticket"] for one in receiver.requests]
        assert [one["sequence"] for one in told if one["id"] == stuck["id"]] == [1, 1, 2, 3, 4]


async def test_a_rate_is_kept(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED, max_per_second=20)
        for _ in range(10):
            await reseller.open_ticket()
        await desk.publish()
        loop = asyncio.get_running_loop()
        began = loop.time()

        await desk.serve(server)

        assert len(receiver.requests) == 10
        assert loop.time() - began >= 9 / 20


async def test_a_redirect_is_recorded_and_not_followed(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver, Receiver() as elsewhere:
        receiver.answer(Answer(308, {"Location": elsewhere.url}))
        reseller = await desk.reseller()
        await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        await reseller.open_ticket()
        await desk.publish()

        await desk.serve(server)

        delivery: Json = (await reseller.get("/webhook-deliveries"))["data"][0]
        [attempt] = (await reseller.get(f"/webhook-deliveries/{delivery['id']}"))["attempts"]
        assert (attempt["reason"], attempt["status"], attempt["location"]) == ("redirect", 308, elsewhere.url)
        assert elsewhere.connections == 0


async def test_nobodys_endpoints_take_every_place(desk: Desk) -> None:
    allowed = parse_networks("127.0.0.0/8")
    async with Receiver() as hanging, Receiver() as well, Sender(allowed, total_seconds=3) as sender:
        hanging.answer(Answer(204, delay=1.5))
        server = Server(desk.database, sender, desk.keyring, 100, 2)
        many, other = await desk.reseller(), await desk.reseller()
        for n in range(6):
            await desk.endpoint(many, f"{hanging.url}/{n}", event_types=CREATED)
        await desk.endpoint(other, well.url, event_types=CREATED)
        for caller in (many, other):
            await caller.open_ticket()
        await desk.publish()

        serving = [asyncio.create_task(server.serve(job)) for job in await desk.picked("webhooks.lane")]
        await well.wait_for(1, 10)
        at_once = len(hanging.requests)
        await asyncio.gather(*serving)
        for _ in range(4):  # those that had no place come again
            await desk.let_pass()
            await desk.serve(server)

        assert at_once <= 2
        assert len({one.path for one in hanging.requests}) == 6
