"""All SQL of batches: a walk's tickets and their clocks, read and written many at a time."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.models import Recalculation
from app.infra.arrays import as_arrays, insert_of, update_of
from app.tickets.batch_rows import BatchClock, BatchTicket


class Key(NamedTuple):
    """Whose ticket, and which."""

    reseller_id: UUID
    id: UUID


_SPANS = frozenset({"target", "remaining", "counted", "fresh", "quiet_until"})

_AT_WORK = """
  status not in ('closed', 'cancelled') and status <> 'resolved'
  and case when :everyone then test_clock_id is null else reseller_id = :reseller_id end
"""
_COUNT = text(f"select count(*) from tickets where {_AT_WORK}")  # noqa: S608 - built of constants
_NEXT = text(f"""
select reseller_id, id from tickets
 where {_AT_WORK} and (reseller_id, id) > (:after_reseller_id, :after_id)
 order by reseller_id, id limit :limit
""")  # noqa: S608 - built of constants
_TICKETS = text(f"""
select {", ".join(field.name for field in fields(BatchTicket))} from tickets
 where reseller_id = any(:reseller_ids) and id = any(:ids)
 order by reseller_id, id for update skip locked
""")  # noqa: S608 - built of constants
_LOOKED_AT = text(_TICKETS.text.replace("for update skip locked", ""))
_CLOCKS = text(f"""
select distinct on (c.ticket_id, c.metric) {", ".join("c." + field.name for field in fields(BatchClock))}
  from unnest(cast(:reseller_ids as uuid[]), cast(:ids as uuid[])) as n (reseller_id, id)
  join sla_clocks c on c.reseller_id = n.reseller_id and c.ticket_id = n.id
 order by c.ticket_id, c.metric, c.started_at desc, c.id desc
""")  # noqa: S608 - built of constants
_FIRST = UUID(int=0)

# What a settling may write of a ticket and of a clock.
_KEY = {"reseller_id": "uuid", "id": "uuid"}
_TICKET = {
    "sla_policy_id": "uuid",
    "sla_level": "integer",
    "sla_status": "varchar",
    "next_due_at": "timestamptz",
    "settled_at": "timestamptz",
    "sequence": "integer",
}
_CLOCK = {
    "policy_id": "uuid",
    "calendar_id": "uuid",
    "target": "bigint",
    "counting": "varchar",
    "anchor_at": "timestamptz",
    "remaining": "bigint",
    "counted": "bigint",
    "fresh": "bigint",
    "due_at": "timestamptz",
    "cancelled_at": "timestamptz",
    "paused_since": "timestamptz",
    "passed": "text[]",
    "wake_at": "timestamptz",
    "windows": "timestamptz[]",
    "plan": "varchar",
    "level": "integer",
    "priority": "varchar",
}
_EVENT = {
    "reseller_id": "uuid",
    "id": "uuid",
    "type": "varchar",
    "occurred_at": "timestamptz",
    "ticket_id": "uuid",
    "operator_only": "boolean",
    "body": "bytea",
}
_WRITE_TICKETS = text(update_of("tickets", _KEY, _TICKET))
_WRITE_CLOCKS = text(update_of("sla_clocks", _KEY, _CLOCK))
_WRITE_EVENTS = text(insert_of("events", _EVENT))


def _whose(walk: Recalculation) -> dict[str, object]:
    return {"everyone": walk.everyone, "reseller_id": walk.reseller_id}


async def count_at_work(session: AsyncSession, walk: Recalculation) -> int:
    """Count the tickets of a walk."""
    return int(await session.scalar(_COUNT, _whose(walk)) or 0)


async def next_tickets(session: AsyncSession, walk: Recalculation, limit: int) -> Sequence[Key]:
    """List the next tickets of a walk, as (reseller, ticket), behind those that it has walked."""
    after = {"after_reseller_id": walk.cursor_reseller_id or _FIRST, "after_id": walk.cursor_id or _FIRST}
    return [Key(*row) for row in await session.execute(_NEXT, {**_whose(walk), **after, "limit": limit})]


async def read_tickets(session: AsyncSession, named: Sequence[Key], *, lock: bool) -> list[BatchTicket]:
    """Read tickets; with a lock, those that nobody holds."""
    whose = {"reseller_ids": list({key.reseller_id for key in named}), "ids": [key.id for key in named]}
    rows = await session.execute(_TICKETS if lock else _LOOKED_AT, whose)
    return [BatchTicket(*row) for row in rows]


async def read_clocks(session: AsyncSession, tickets: Sequence[BatchTicket]) -> dict[UUID, list[BatchClock]]:
    """Read the latest clock of each metric of tickets, by ticket."""
    whose = {"reseller_ids": [one.reseller_id for one in tickets], "ids": [one.id for one in tickets]}
    found: dict[UUID, list[BatchClock]] = {one.id: [] for one in tickets}
    for row in await session.execute(_CLOCKS, whose):
        found[row.ticket_id].append(_clock(row))
    return found


_SPAN_PLACES = tuple(place for place, field in enumerate(fields(BatchClock)) if field.name in _SPANS)


def _clock(row: Row[Any]) -> BatchClock:
    values = list(row)
    for place in _SPAN_PLACES:
        micros = values[place]
        values[place] = micros if micros is None else timedelta(microseconds=micros)
    return BatchClock(*values)


async def write_tickets(session: AsyncSession, tickets: Sequence[BatchTicket]) -> None:
    """Write what settling has changed of tickets."""
    if tickets:
        await session.execute(_WRITE_TICKETS, as_arrays([vars(one) for one in tickets], _KEY | _TICKET))


async def write_clocks(session: AsyncSession, clocks: Sequence[BatchClock]) -> None:
    """Write what a change of terms has changed of clocks."""
    if clocks:
        await session.execute(_WRITE_CLOCKS, as_arrays([vars(one) for one in clocks], _KEY | _CLOCK))


async def write_events(session: AsyncSession, events: Sequence[dict[str, object]]) -> None:
    """Add events, in order."""
    if events:
        await session.execute(_WRITE_EVENTS, as_arrays(events, _EVENT))
