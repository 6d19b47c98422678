"""The publisher: the one place where a committed event turns into consequences."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries
from app.events.models import Event
from app.infra.db import Database

After = Callable[[AsyncSession], Awaitable[None]]
"""Tells whoever waits that there is something to do, once it is there for all to see; what is not told is found."""

Consequence = Callable[[AsyncSession, Sequence[Event], datetime], Awaitable[After | None]]
"""Turns events into deliveries, mails or jobs, in the publisher's own transaction."""


async def publish(database: Database, consequences: Sequence[Consequence], wall: datetime, limit: int = 200) -> int:
    """Give up to ``limit`` events their position and sequence, and make what follows from them.

    Returns how many were published: zero where nothing waits or another worker is the publisher.
    """
    afters: list[After] = []
    async with database.transaction() as session:
        count = await _publish(session, consequences, wall, limit, afters)
    if afters:
        async with database.transaction() as session:
            for after in afters:
                await after(session)
    return count


async def _publish(
    session: AsyncSession, consequences: Sequence[Consequence], wall: datetime, limit: int, afters: list[After]
) -> int:
    last_position = await queries.become_publisher(session)
    if last_position is None:
        return 0
    unpublished = await queries.list_unpublished(session, limit)
    if not unpublished:
        return 0
    events = await queries.give_positions(session, unpublished, last_position)
    for consequence in consequences:
        after = await consequence(session, events, wall)
        afters.extend([] if after is None else [after])
    return len(events)
