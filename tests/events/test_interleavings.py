"""However transactions write and commit, and wherever the publisher comes between, no event is missed."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.ids import decode
from tests.conftest import STAFF_KEY
from tests.desk import Caller, Desk, Json, open_test_desk
from tests.events.listening import served
from tests.events.writing import note

WRITERS = 4
Played = tuple[asyncio.Runner, Desk, list[Caller]]


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        desk = runner.run(stack.enter_async_context(open_test_desk(database_url, STAFF_KEY)))
        yield runner, desk, [runner.run(desk.reseller()) for _ in range(2)]
        runner.run(stack.aclose())


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.permutations([number for number in range(WRITERS) for _ in range(2)]),
    publishes=st.lists(st.booleans(), min_size=2 * WRITERS, max_size=2 * WRITERS),
)
def test_every_interleaving_is_read_once_in_order(played: Played, steps: list[int], publishes: list[bool]) -> None:
    runner, desk, readers = played
    runner.run(_play(desk, readers, steps, publishes))


async def _play(desk: Desk, readers: list[Caller], steps: list[int], publishes: list[bool]) -> None:
    """Each writer's first step writes an event of each reader's, its second commits them."""
    heard = [await desk.events(reader) for reader in readers]
    before = [len(each) for each in heard]
    written: list[set[UUID]] = [set() for _ in readers]
    open_now: dict[int, AsyncSession] = {}
    for number, publishing in zip(steps, publishes, strict=True):
        if number in open_now:
            await open_now[number].commit()
            await open_now.pop(number).close()
        else:
            open_now[number] = desk.database.session()
            for reader, mine in zip(readers, written, strict=True):
                mine.add(note(open_now[number], decode("rsl", reader.id)).id)
            await open_now[number].flush()
        if publishing:
            await _publish_and_read(desk, readers, heard)
    await _publish_and_read(desk, readers, heard)

    for reader, events, start, mine in zip(readers, heard, before, written, strict=True):
        new = [decode("evt", event["id"]) for event in events[start:]]
        assert len(new) == len(mine)
        assert set(new) == mine
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        assert await desk.events(reader) == events


async def _publish_and_read(desk: Desk, readers: list[Caller], heard: list[list[Json]]) -> None:
    await desk.publish()
    for reader, events in zip(readers, heard, strict=True):
        after = {"after": events[-1]["id"]} if events else {}
        events.extend((await reader.get("/events", limit=100, **after))["data"])


async def test_a_stream_hears_what_was_written_first_and_committed_last(desk: Desk) -> None:
    readers = [await desk.reseller() for _ in range(2)]
    owners = [decode("rsl", reader.id) for reader in readers]
    stop = asyncio.Event()

    async def publish() -> None:
        while not stop.is_set():
            await desk.publish()
            await asyncio.sleep(0.01)

    async def write(number: int) -> None:
        async with desk.database.transaction() as session:
            for owner in owners:
                note(session, owner)
            await session.flush()
            await asyncio.sleep(0.3 - 0.1 * number)  # the first commits last

    async with served(desk) as api, api.stream(readers[0]) as one, api.stream(readers[1]) as other:
        publishing = asyncio.create_task(publish())
        for _ in range(3):
            await asyncio.gather(*(write(number) for number in range(3)))
        await asyncio.gather(one.has(9), other.has(9))
        stop.set()
        await publishing

    for reader, stream in zip(readers, (one, other), strict=True):
        assert stream.events == await desk.events(reader)
        assert [event["sequence"] for event in stream.events] == list(range(1, 10))
