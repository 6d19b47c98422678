"""The sequence: each reseller's events are numbered in the order of the feed, in the bytes that are sent."""

import json

from sqlalchemy import text

from app.events.queries import get_event
from app.infra.ids import decode
from tests.desk import Desk
from tests.events.writing import note


async def test_each_resellers_events_are_numbered_in_the_order_of_the_feed(desk: Desk) -> None:
    one, other = await desk.reseller(), await desk.reseller()
    owners = [decode("rsl", each.id) for each in (one, other)]

    for size in (1, 3, 2):
        for owner in owners * size:
            async with desk.database.transaction() as session:
                note(session, owner, operator_only=size == 2)
        await desk.publish()

    assert [event["sequence"] for event in await desk.events(one)] == [1, 2, 3, 4]
    assert [event["sequence"] for event in await desk.events(other)] == [1, 2, 3, 4]
    assert [event["sequence"] for event in await desk.events()] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]


async def test_the_sequence_is_put_behind_the_bytes_that_were_written(desk: Desk) -> None:
    reseller = await desk.reseller()
    async with desk.database.transaction() as session:
        event = note(session, decode("rsl", reseller.id))
    written = event.body
    await desk.publish()
    async with desk.database.transaction() as session:
        published = await get_event(session, event.id)

    assert published is not None
    assert published.body == written[:-1] + b',"sequence":1}'
    assert json.loads(published.body) == json.loads(written) | {"sequence": 1}


async def test_events_of_before_there_were_sequences_have_none(desk: Desk) -> None:
    reseller = await desk.reseller()
    async with desk.database.transaction() as session:
        note(session, decode("rsl", reseller.id))
        await session.flush()
        await session.execute(text("update events set position = 1"))
        await session.execute(text("update publisher set last_position = 1"))
        note(session, decode("rsl", reseller.id))

    events = await desk.events(reseller)

    assert [event["sequence"] for event in events] == [None, 1]
    assert [event["truncated"] for event in events] == [False, False]
