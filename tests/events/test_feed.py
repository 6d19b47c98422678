"""The feed: whatever the order in which transactions end, nobody who goes on behind an event misses one."""

import asyncio
from uuid import UUID

from app.infra.ids import decode
from tests.desk import Caller, Desk
from tests.events.writing import note


async def _new(reader: Caller, after: str | None) -> list[str]:
    found = await reader.get("/events", **({} if after is None else {"after": after}))
    return [event["id"] for event in found["data"]]


async def test_an_event_that_was_written_first_and_committed_last_is_read_all_the_same(desk: Desk) -> None:
    reseller = await desk.reseller()
    owner = decode("rsl", reseller.id)

    async with desk.database.session() as slow, slow.begin() as slow_ends:
        first = note(slow, owner)
        await slow.flush()
        async with desk.database.transaction() as quick:
            second = note(quick, owner)
        await desk.publish()
        early = await _new(reseller, None)
        await slow_ends.commit()
    await desk.publish()
    late = await _new(reseller, early[-1])

    assert first.written < second.written  # type: ignore[operator]  # both are stored
    assert [decode("evt", one) for one in early] == [second.id]
    assert [decode("evt", one) for one in late] == [first.id]


async def test_a_reader_that_polls_while_many_write_hears_each_event_once(desk: Desk) -> None:
    reseller = await desk.reseller()
    owner = decode("rsl", reseller.id)
    heard: list[str] = []
    written: list[UUID] = []

    async def write(number: int) -> None:
        async with desk.database.transaction() as session:
            written.append(note(session, owner).id)
            await session.flush()
            await asyncio.sleep(0.02 * (number % 4))

    async def read() -> None:
        for _ in range(30):
            await desk.publish()
            heard.extend(await _new(reseller, heard[-1] if heard else None))
            await asyncio.sleep(0.01)

    async def write_all(start: int) -> None:
        for number in range(start, 40, 2):
            await write(number)

    await asyncio.gather(read(), write_all(0), write_all(1))
    await desk.publish()
    while more := await _new(reseller, heard[-1]):
        heard.extend(more)

    assert sorted(decode("evt", one) for one in heard) == sorted(written)
