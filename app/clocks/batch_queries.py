"""All SQL of clocks in batches: read and written many at a time."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.batch_rows import BatchClock
from app.clocks.kept import Promised
from app.clocks.models import SlaClock
from app.infra.arrays import as_arrays, columns_of, update_of

_COLUMNS = columns_of(SlaClock, [field.name for field in fields(BatchClock)])
_KEY = columns_of(SlaClock, ["reseller_id", "id"])
# What a change of terms leaves as it is: a ticket on which more happened goes the one way, outside of the batch.
_STAYS = {"ticket_id", "metric", "started_at", "met_at", "breached_at", "ended_at", "quiet_until", "withheld"}
_CHANGES = {name: kind for name, kind in _COLUMNS.items() if name not in _STAYS | _KEY.keys()}
_SPAN_PLACES = [place for place, kind in enumerate(_COLUMNS.values()) if kind == "bigint"]

_READ = text(f"""
select distinct on (c.ticket_id, c.metric) {", ".join(f"c.{name}" for name in _COLUMNS)}
  from unnest(cast(:reseller_ids as uuid[]), cast(:ids as uuid[])) as n (reseller_id, id)
  join sla_clocks c on c.reseller_id = n.reseller_id and c.ticket_id = n.id
 order by c.ticket_id, c.metric, c.started_at desc, c.id desc
""")  # noqa: S608 - built of constants
_WRITE = text(update_of("sla_clocks", _KEY, _CHANGES))


async def read_clocks(session: AsyncSession, tickets: Sequence[Promised]) -> dict[UUID, list[BatchClock]]:
    """Read the latest clock of each metric of tickets, by ticket."""
    whose = {"reseller_ids": [one.reseller_id for one in tickets], "ids": [one.id for one in tickets]}
    found: dict[UUID, list[BatchClock]] = {one.id: [] for one in tickets}
    for row in await session.execute(_READ, whose):
        found[row.ticket_id].append(_clock(row))
    return found


def _clock(row: Row[Any]) -> BatchClock:
    values = list(row)
    for place in _SPAN_PLACES:
        micros = values[place]
        values[place] = micros if micros is None else timedelta(microseconds=micros)
    return BatchClock(*values)


async def write_clocks(session: AsyncSession, clocks: Sequence[BatchClock]) -> None:
    """Write what a change of terms has changed of clocks."""
    if clocks:
        await session.execute(_WRITE, as_arrays([vars(one) for one in clocks], _KEY | _CHANGES))
