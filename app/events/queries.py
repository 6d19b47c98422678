"""All SQL of events."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.events.models import Event, Publisher
from app.infra.arrays import as_arrays, columns_of, insert_of

# The row is the lock: whoever holds it is the publisher, whoever does not goes on without waiting.
_BECOME_PUBLISHER = text("select last_position from publisher for update skip locked")
# The sequence goes into the bytes with the position: nothing of an event is sent before it has one. The bytes are a
# JSON object, of which the last is its closing brace.
_GIVE_POSITIONS = text("""
with numbered as (
  select n.*, row_number() over (partition by n.reseller_id order by n.position) as nth,
         count(*) over (partition by n.reseller_id) as many
    from unnest(cast(:resellers as uuid[]), cast(:ids as uuid[]), cast(:positions as bigint[]))
         as n (reseller_id, id, position)
), counted as (
  insert into event_counters as c (reseller_id, last_sequence)
  select reseller_id, count(*) from numbered group by reseller_id
      on conflict (reseller_id) do update set last_sequence = c.last_sequence + excluded.last_sequence
  returning reseller_id, last_sequence
)
update events e
   set position = n.position,
       body = substring(e.body from 1 for length(e.body) - 1)
              || convert_to(',"sequence":' || c.last_sequence - n.many + n.nth || '}', 'UTF8')
  from numbered n join counted c on c.reseller_id = n.reseller_id
 where e.reseller_id = n.reseller_id and e.id = n.id
returning e.*
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


async def list_unpublished(session: AsyncSession, limit: int) -> list[tuple[UUID, UUID]]:
    """List the keys of committed events without a position, in the order in which they were written."""
    query = select(col(Event.reseller_id), col(Event.id)).where(col(Event.position).is_(None))
    rows = await session.execute(query.order_by(col(Event.written)).limit(limit))
    return [(row.reseller_id, row.id) for row in rows]


async def give_positions(
    session: AsyncSession, unpublished: Sequence[tuple[UUID, UUID]], last_position: int
) -> list[Event]:
    """Number events on from the last position, and each reseller's from its last sequence; return them in order."""
    resellers, ids = zip(*unpublished, strict=True)
    positions = list(range(last_position + 1, last_position + 1 + len(ids)))
    query = select(Event).from_statement(_GIVE_POSITIONS).execution_options(populate_existing=True)
    given = await session.scalars(query, {"resellers": resellers, "ids": ids, "positions": positions})
    events = sorted(given, key=lambda event: event.position or 0)
    await session.execute(_MOVE_ON, {"last_position": positions[-1]})
    return events


async def position_of(session: AsyncSession, event_id: UUID) -> int | None:
    """Return the position of an event; None where it has none yet or is not there."""
    position: int | None = await session.scalar(select(col(Event.position)).where(col(Event.id) == event_id))
    return position


async def last_visible(session: AsyncSession, reseller_id: UUID | None) -> Event | None:
    """Return the last published event: of one reseller, or, with None, of all."""
    query = select(Event).where(col(Event.position).is_not(None)).order_by(col(Event.position).desc()).limit(1)
    if reseller_id is not None:
        query = query.where(col(Event.reseller_id) == reseller_id, col(Event.operator_only).is_(False))
    return (await session.scalars(query)).first()


async def last_given(session: AsyncSession) -> int:
    """Return the last position that was given."""
    last: int = await session.scalar(select(col(Publisher.last_position))) or 0
    return last


async def resellers_heard_of(session: AsyncSession, after: int) -> set[UUID]:
    """Return whose events were published behind a position."""
    return set(await session.scalars(select(col(Event.reseller_id)).where(col(Event.position) > after).distinct()))


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
