"""What is kept for a while only: deliveries that are over, with their attempts, and events.

A delivery that is pending or held stays, and its event with it, however old. What is old goes batch by batch, each
in a transaction of its own, so that nobody waits; a month of which nothing stays goes as a whole.
"""

from asyncio import Event as Signal
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import TextClause, text

from app.infra.db import Database
from app.infra.ids import first_id_of
from app.infra.partitions import drop_partitions

_AT_ONCE = 5000
_log = structlog.get_logger(__name__)

# The bounds stand in the outer statements, too: they tell PostgreSQL which months it need not look into.
_DELIVERIES = text("""
with old as materialized (
       select reseller_id, id from webhook_deliveries
        where id > :after and id < :before and state in ('delivered', 'failed')
          and coalesce(finished_at, created_at) < :until
        order by id limit :limit for update skip locked),
     attempts as (
       delete from webhook_attempts a using old where a.reseller_id = old.reseller_id and a.delivery_id = old.id)
delete from webhook_deliveries d using old
 where d.reseller_id = old.reseller_id and d.id = old.id and d.id > :after and d.id < :before returning d.id
""")
_EVENTS = text("""
with old as materialized (
       select reseller_id, id from events e
        where id > :after and id < :before and position is not null
          and not exists (select from webhook_deliveries d
                           where d.event_id = e.id and d.state in ('pending', 'held'))
        order by id limit :limit for update of e skip locked)
delete from events e using old
 where e.reseller_id = old.reseller_id and e.id = old.id and e.id > :after and e.id < :before returning e.id
""")
_ANY = "select from {partition}"
# Bounded by the month, for which deliveries have an index: it is asked once more while everybody waits.
_NEEDED = """
select from {partition} where position is null
union all
select from webhook_deliveries d join {partition} e on e.id = d.event_id
 where d.event_id >= {first} and d.event_id < {last} and d.state in ('pending', 'held')
"""


async def forget_deliveries(database: Database, until: datetime, stop: Signal) -> int:
    """Remove deliveries that were over before an instant, with their attempts; return how many."""
    return await _forget(database, "deliveries", _DELIVERIES, until, {"until": until}, stop)


async def forget_events(database: Database, until: datetime, stop: Signal) -> int:
    """Remove events that were written before an instant, but for those that are still to be sent; return how many."""
    return await _forget(database, "events", _EVENTS, until, {}, stop)


async def drop_months(url: str, deliveries_until: datetime, events_until: datetime) -> list[str]:
    """Drop the months of which nothing stays, as the database's own user; return the names of their partitions.

    Deliveries have attempts elsewhere, so that theirs go when they are empty.
    """
    return [
        *await drop_partitions(url, "webhook_deliveries", deliveries_until, _ANY),
        *await drop_partitions(url, "events", events_until, _NEEDED),
    ]


async def _forget(
    database: Database, what: str, statement: TextClause, until: datetime, more: Mapping[str, object], stop: Signal
) -> int:
    bounds = {"before": first_id_of(until), "limit": _AT_ONCE, **more}
    after, total, full = UUID(int=0), 0, True
    while full and not stop.is_set():
        async with database.transaction() as session:
            gone = (await session.scalars(statement, bounds | {"after": after})).all()
        total, full = total + len(gone), len(gone) == _AT_ONCE
        if gone:
            after = max(gone)
            _log.info("removed what was old", what=what, so_far=total, until=until.isoformat())
    return total
