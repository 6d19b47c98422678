"""All SQL of recoveries. A span is told by the wall time at which its events were written, as their ids have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.events.kinds import ABOUT_WEBHOOKS, EventType
from app.infra.ids import first_id_of
from app.webhooks.models import WebhookRecovery


@dataclass(frozen=True, slots=True)
class Span:
    """What to recover: from an instant, inclusive, to another, exclusive; ``missing``: also what never was sent."""

    endpoint_id: UUID
    since: datetime
    until: datetime
    missing: bool

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the statements."""
        first = first_id_of(self.since)
        ids = {"first": first, "before": UUID(int=max(first.int - 1, 0)), "last": first_id_of(self.until)}
        unheard = [EventType.PING, *ABOUT_WEBHOOKS]
        return ids | {"endpoint_id": self.endpoint_id, "missing": self.missing, "unheard": unheard}


@dataclass(frozen=True, slots=True)
class Count:
    """How many deliveries a recovery makes again, and how many it makes for the first time.

    ``exact`` tells that every event of the span was looked at.
    """

    failed: int
    missing: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events to recover, each by its id and whether it never was sent; and the position they reach.

    ``reached`` is None where nothing of the span lies behind them.
    """

    events: Sequence[tuple[UUID, bool]]
    reached: int | None


# Events of a span in the order they were written, so many at most, whether they are heard or not: what is looked at
# is bounded, not what is found. A reseller's are found by the primary key, everybody's by the id.
_LOOKED_AT = """
with heard as (
       select w.*, r.is_operator from webhook_endpoints w join resellers r on r.id = w.reseller_id
        where w.id = :endpoint_id),
     looked_at as materialized (
       select e.* from heard cross join lateral (
              (select e.* from events e where heard.is_operator and {span} order by e.id limit :most)
              union all
              (select e.* from events e where not heard.is_operator and e.reseller_id = heard.reseller_id and {span}
                order by e.id limit :most)) e),
"""
# Of those, what the endpoint would hear today, with its delivery if there is one. Neither pings nor what tells of
# endpoints is recovered: the one is a test, the other is over.
_FOUND = """
     found as (
       select e.id, e.position, of_it.state
         from looked_at e cross join heard w cross join lateral (
              select (select d.state from webhook_deliveries d
                       where d.event_id = e.id and d.endpoint_id = w.id order by d.id desc limit 1) as state) of_it
        where e.type <> all(:unheard) and (w.event_types is null or e.type = any(w.event_types))
          and (w.is_operator or not e.operator_only)
          and (of_it.state = 'failed' or (:missing and of_it.state is null)) {bounds})
"""
_SPAN = "e.id {after} and e.id < :last and e.position is not null"
_COUNT = text(f"""
{_LOOKED_AT.format(span=_SPAN.format(after=">= :first"))} {_FOUND.format(bounds="")}
select count(*) filter (where state = 'failed') as failed, count(*) filter (where state is null) as missing,
       (select count(*) from looked_at) as looked_at
  from found
""")  # noqa: S608 - constants
# An event that is kept no longer had nothing before it that is.
_BEHIND = "> coalesce((select b.id from events b where b.position = :reached), :before)"
_BATCH = text(f"""
{_LOOKED_AT.format(span=_SPAN.format(after=_BEHIND))} {_FOUND.format(bounds="order by e.id limit :limit")}
select whole.looked_at, whole.reached, found.*
  from (select count(*) as looked_at, (select position from looked_at order by id desc limit 1) as reached
          from looked_at) whole
  left join found on true order by found.id
""")  # noqa: S608 - constants
_AGAIN = text("""
update webhook_deliveries
   set state = 'pending', trigger = 'recovery', starts = 0, asked_at = :wall, next_attempt_at = :wall,
       finished_at = null
 where endpoint_id = :endpoint_id and event_id = any(:events) and state = 'failed'
""")


async def count(session: AsyncSession, span: Span, most: int) -> Count:
    """Count what a recovery would make of the first events of its span, so many at most."""
    row = (await session.execute(_COUNT, span.values | {"most": most})).one()
    return Count(row.failed, row.missing, exact=row.looked_at < most)


async def next_batch(session: AsyncSession, span: Span, reached: int | None, *, limit: int, most: int) -> Batch:
    """List what is to be recovered behind a position: so many at most, of so many events at most."""
    values = span.values | {"reached": reached, "limit": limit, "most": most}
    rows = (await session.execute(_BATCH, values)).all()
    found = [row for row in rows if row.id is not None]
    events = [(row.id, row.state is None) for row in found]
    if len(found) == limit:
        return Batch(events, found[-1].position)
    return Batch(events, rows[0].reached if rows[0].looked_at == most else None)


async def send_again(session: AsyncSession, endpoint_id: UUID, events: list[UUID], wall: datetime) -> None:
    """Let failed deliveries be made once more."""
    await session.execute(_AGAIN, {"endpoint_id": endpoint_id, "events": events, "wall": wall})


async def find(session: AsyncSession, recovery_id: UUID) -> WebhookRecovery | None:
    """Find a recovery by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(WebhookRecovery).where(col(WebhookRecovery.id) == recovery_id))).first()


async def lock(session: AsyncSession, recovery_id: UUID) -> WebhookRecovery | None:
    """Lock a recovery and read it anew."""
    query = select(WebhookRecovery).where(col(WebhookRecovery.id) == recovery_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def lock_running(session: AsyncSession) -> Sequence[WebhookRecovery]:
    """Lock the recoveries that are under way; those at whose batch somebody is are left."""
    query = select(WebhookRecovery).where(col(WebhookRecovery.state) == "running").with_for_update(skip_locked=True)
    return (await session.scalars(query)).all()


async def find_running(session: AsyncSession, endpoint_id: UUID) -> WebhookRecovery | None:
    """Find the recovery of an endpoint that is under way."""
    query = select(WebhookRecovery).where(
        col(WebhookRecovery.endpoint_id) == endpoint_id, col(WebhookRecovery.state) == "running"
    )
    return (await session.scalars(query)).first()
