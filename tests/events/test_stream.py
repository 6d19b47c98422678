"""The stream: the feed's events, each once and in order, to whom they belong, as they are published."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from app.auth.edge import Door
from app.events.following import Follower
from app.infra.ids import decode
from tests.conftest import STAFF_KEY
from tests.desk import Caller, Desk, open_test_desk
from tests.events.listening import Served, served
from tests.events.writing import note


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[Served]:
    async with served(desk) as running:
        yield running


async def _note(desk: Desk, *callers: Caller, **more: Any) -> None:
    for caller in callers:
        async with desk.database.transaction() as session:
            note(session, decode("rsl", caller.id), **more)
    await desk.publish()


async def test_a_stream_begins_at_the_end_and_gives_what_the_feed_gives(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    await reseller.open_ticket()
    old = await desk.events(reseller)

    async with api.stream(reseller) as stream:
        begun = stream.last_id
        await reseller.open_ticket(subject="one\nof two lines")
        await desk.publish()
        heard = await stream.has(1)

    assert begun == old[-1]["id"]
    assert heard == (await desk.events(reseller))[len(old) :]
    assert stream.answer.headers["cache-control"] == "no-store"
    assert any(line.startswith("retry: ") for line in stream.lines)


async def test_who_was_cut_off_goes_on_behind_any_event_and_hears_exactly_the_rest(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    await _note(desk, *[reseller] * 5)
    told = await desk.events(reseller)

    for number, event in enumerate(told):
        async with api.stream(reseller, after=event["id"]) as by_query:
            assert await by_query.has(len(told) - number - 1) == told[number + 1 :]
        headers = {"Last-Event-ID": event["id"]}
        async with api.stream(reseller, headers=headers, after=told[0]["id"]) as by_header:
            assert await by_header.has(len(told) - number - 1) == told[number + 1 :]


async def test_who_is_cut_off_before_a_first_event_hears_what_came_meanwhile(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    await _note(desk, reseller)
    async with api.stream(reseller) as first:
        begun = first.last_id
    await _note(desk, reseller)

    async with api.stream(reseller, headers={"Last-Event-ID": str(begun)}) as second:
        heard = await second.has(1)

    assert heard == (await desk.events(reseller))[1:]


async def test_each_hears_its_own_and_staff_hear_all(desk: Desk, api: Served) -> None:
    one, other = await desk.reseller(), await desk.reseller()
    async with api.stream(one) as ones, api.stream(other) as others, api.stream(desk.staff) as staffs:
        await _note(desk, one, other, operator_only=True)
        await _note(desk, other, one)
        await asyncio.gather(ones.has(1), others.has(1), staffs.has(4))
        await asyncio.sleep(0.3)

    assert ones.events == await desk.events(one)
    assert others.events == await desk.events(other)
    assert staffs.events == await desk.events()


async def test_a_filter_lets_its_types_through(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    async with api.stream(reseller, type="ticket.created,ticket.resolved") as stream:
        ticket = await reseller.open_ticket()
        await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
        await desk.publish()
        heard = await stream.has(2)
        await asyncio.sleep(0.3)

    assert [event["type"] for event in heard] == ["ticket.created", "ticket.resolved"]
    assert len(await desk.events(reseller)) > 2


async def test_where_an_event_is_not_known_the_answer_is_that_of_the_feed(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    await _note(desk, other)
    theirs = (await desk.events(other))[0]["id"]

    for unknown in (theirs, f"{theirs[:-3]}zzz"):
        await reseller.refused("GET", "/events/stream", "not_found", params={"after": unknown})
        await reseller.refused("GET", "/events/stream", "not_found", headers={"Last-Event-ID": unknown})
    await reseller.refused("GET", "/events/stream", "validation_failed", params={"type": "ticket.lost"})
    await reseller.refused("GET", "/events/stream", "validation_failed", headers={"Last-Event-ID": "7"})


async def test_more_than_a_turn_comes_in_order(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    await _note(desk, reseller)
    first = (await desk.events(reseller))[0]["id"]
    async with desk.database.transaction() as session:
        for _ in range(250):
            note(session, decode("rsl", reseller.id))
    await desk.publish()

    async with api.stream(reseller, after=first) as stream:
        heard = await stream.has(250)

    assert [event["sequence"] for event in heard] == list(range(2, 252))


async def test_a_stream_ends_with_its_key(desk: Desk, api: Served) -> None:
    reseller = await desk.reseller()
    async with api.stream(reseller) as stream:
        async with desk.database.transaction() as session:
            await session.execute(
                text("update api_keys set revoked_at = now() where reseller_id = :id"),
                {"id": decode("rsl", reseller.id)},
            )
        await _note(desk, reseller)
        async with asyncio.timeout(5):
            await stream.ended.wait()

    assert stream.events == []
    await reseller.refused("GET", "/events/stream", "unauthenticated")


async def test_a_key_has_so_many_streams_and_those_that_end_make_room(database_url: str) -> None:
    async with open_test_desk(database_url, STAFF_KEY, streams_per_key=2, streams_per_process=3) as desk:
        one, other, third = [await desk.reseller() for _ in range(3)]
        async with served(desk) as api:
            async with api.stream(one), api.stream(one):
                await one.refused("GET", "/events/stream", "too_many_streams")
                async with api.stream(other):
                    await third.refused("GET", "/events/stream", "too_many_streams")
            async with asyncio.timeout(5):
                while desk.app.state.streams.open:
                    await asyncio.sleep(0.02)
            async with api.stream(one), api.stream(one):
                pass


async def test_streams_that_wait_hold_no_connection(desk: Desk, api: Served) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    streams = [api.stream(each) for each in [reseller, other] * 15]  # the pool has six
    opened = [await one.__aenter__() for one in streams]
    try:
        async with asyncio.timeout(20):
            await asyncio.gather(*(reseller.get("/me") for _ in range(20)))
        await _note(desk, reseller, other)
        await asyncio.gather(*(one.has(1) for one in opened))
        async with desk.database.transaction() as session:
            busy = await session.scalar(
                text(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                    " and state = 'idle in transaction'"
                )
            )
    finally:
        for one in streams:
            await one.__aexit__(None, None, None)

    assert busy == 0


async def test_a_quiet_stream_is_kept_alive_whatever_wakes_it(desk: Desk) -> None:
    reseller = await desk.reseller()
    streams = desk.app.state.streams
    seat = streams.take(decode("rsl", reseller.id), decode("rsl", reseller.id))
    secret = reseller.http.headers["authorization"].removeprefix("Bearer ")
    door = Door(desk.app.state.desk, secret)
    follower = Follower(streams, seat, door, [], 0, heartbeat=0.2)
    chunks = follower.chunks(None)

    async def wake() -> None:
        while True:
            seat.woken.set()
            await asyncio.sleep(0.05)

    waking = asyncio.create_task(wake())
    async with asyncio.timeout(5):
        said = [await anext(chunks) for _ in range(3)]
    waking.cancel()
    await chunks.aclose()
    seat.leave()

    assert said == [b"retry: 2000\n\n", b": \n\n", b": \n\n"]


async def test_open_streams_do_not_hold_up_a_server_that_is_to_stop(desk: Desk) -> None:
    reseller = await desk.reseller()
    async with served(desk) as api, api.stream(reseller) as stream:
        began = asyncio.get_running_loop().time()
        api.server.should_exit = True
        async with asyncio.timeout(5):
            await stream.ended.wait()
        took = asyncio.get_running_loop().time() - began

    assert took < 2
