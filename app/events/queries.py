"""All SQL of events."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.events.models import Event
from app.infra.arrays import as_arrays, columns_of, insert_of

# The row is the lock: whoever holds it is the publisher, whoever does not goes on without waiting.
_BECOME_PUBLISHER = text("select last_position from publisher for update skip locked")
_GIVE_POSITIONS = text("""
update events e set position = n.position
  from unnest(cast(:resellers as uuid[]), cast(:ids as uuid[]), cast(:positions as bigint[]))
       as n (reseller_id, id, position)
 where e.reseller_id = n.reseller_id and e.id = n.id
""")
_WRITTEN = columns_of(Event, ["reseller_id", "id", "type", "occurred_at", "ticket_id", "operator_only", "body"])
_WRITE = text(insert_of("events", _WRITTEN))
_MOVE_ON = text("update publisher set last_position = :last_position")


async def write_events(session: AsyncSession, events: Sequence[dict[str, object]]) -> None:
    """Add events, in order: however many, in one statement."""
    if events:
        await session.execute(_WRITE, as_arrays(events, _WRITTEN))


async def become_publisher(session: AsyncSession) -> int | None:
    """Become the one publisher for this transaction; None where another is. Returns the last position given."""
    last: int | None = await session.scalar(_BECOME_PUBLISHER)
    return last


async def list_unpublished(session: AsyncSession, limit: int) -> Sequence[Event]:
    """List committed events without a position, in the order in which they were written."""
    query = select(Event).where(col(Event.position).is_(None)).order_by(col(Event.written)).limit(limit)
    return (await session.scalars(query)).all()


async def give_positions(session: AsyncSession, events: Sequence[Event], last_position: int) -> None:
    """Number events on from the last position."""
    positions = list(range(last_position + 1, last_position + 1 + len(events)))
    await session.execute(
        _GIVE_POSITIONS,
        {"resellers": [e.reseller_id for e in events], "ids": [e.id for e in events], "positions": positions},
    )
    await session.execute(_MOVE_ON, {"last_position": positions[-1]})


async def position_of(session: AsyncSession, event_id: UUID) -> int | None:
    """Return the position of an event; None where it has none yet or is not there."""
    position: int | None = await session.scalar(select(col(Event.position)).where(col(Event.id) == event_id))
    return position


async def get_event(session: AsyncSession, event_id: UUID) -> Event | None:
    """Find an event by its id alone."""
    return (await session.scalars(select(Event).where(col(Event.id) == event_id))).first()


async def list_feed(
    session: AsyncSession, reseller_id: UUID | None, after: int, types: Sequence[str], limit: int
) -> Sequence[Event]:
    """List published events behind a position; of one reseller, or, with None, of all."""
    query = select(Event).where(col(Event.position) > after).order_by(col(Event.position)).limit(limit)
    if reseller_id is not None:
        query = query.where(col(Event.reseller_id) == reseller_id, col(Event.operator_only).is_(False))
    if types:
        query = query.where(col(Event.type).in_(types))
    return (await session.scalars(query)).all()
