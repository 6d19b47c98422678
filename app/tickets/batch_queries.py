"""All SQL of batches of tickets: those of a walk, read and written many at a time."""

from collections.abc import Sequence
from dataclasses import fields
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.models import Recalculation
from app.infra.arrays import as_arrays, columns_of, update_of
from app.tickets.batch_rows import BatchTicket
from app.tickets.models import Ticket


class Key(NamedTuple):
    """Whose ticket, and which."""

    reseller_id: UUID
    id: UUID


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
_FIRST = UUID(int=0)

_KEY = columns_of(Ticket, ["reseller_id", "id"])
_SETTLED = columns_of(Ticket, ["sla_policy_id", "sla_level", "sla_status", "next_due_at", "settled_at", "sequence"])
_WRITE_TICKETS = text(update_of("tickets", _KEY, _SETTLED))


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


async def write_tickets(session: AsyncSession, tickets: Sequence[BatchTicket]) -> None:
    """Write what settling has changed of tickets."""
    if tickets:
        await session.execute(_WRITE_TICKETS, as_arrays([vars(one) for one in tickets], _KEY | _SETTLED))
