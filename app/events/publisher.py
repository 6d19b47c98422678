"""The publisher: the one place where a committed event turns into consequences."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries
from app.events.models import Event

Consequence = Callable[[AsyncSession, Sequence[Event], datetime], Awaitable[None]]
"""Turns events into deliveries, mails or jobs, in the publisher's own transaction."""


async def publish(session: AsyncSession, consequences: Sequence[Consequence], wall: datetime, limit: int = 200) -> int:
    """Give up to ``limit`` events their position and sequence, and enqueue what follows from them.

    Returns how many were published: zero where nothing waits or another worker is the publisher.
    """
    last_position = await queries.become_publisher(session)
    if last_position is None:
        return 0
    unpublished = await queries.list_unpublished(session, limit)
    if not unpublished:
        return 0
    events = await queries.give_positions(session, unpublished, last_position)
    for consequence in consequences:
        await consequence(session, events, wall)
    return len(events)
