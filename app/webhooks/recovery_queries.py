"""All SQL of recoveries. A span is told by the wall time at which its events were written, as their ids have it."""

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
        ids = {"first": first_id_of(self.since), "last": first_id_of(self.until)}
        unheard = [EventType.PING, *ABOUT_WEBHOOKS]
        return ids | {"endpoint_id": self.endpoint_id, "missing": self.missing, "unheard": unheard}


@dataclass(frozen=True, slots=True)
class Count:
    """How many deliveries a recovery makes again, and how many it makes for the first time."""

    failed: int
    missing: int


# An event that the endpoint would hear today, with its delivery if there is one. Neither pings nor what tells of
# endpoints is recovered: the one is a test, the other is over.
_HEARD = """
  from events e
  join webhook_endpoints w on w.id = :endpoint_id
  join resellers r on r.id = w.reseller_id
 cross join lateral (
       select (select d.state from webhook_deliveries d
                where d.event_id = e.id and d.endpoint_id = w.id order by d.id desc limit 1) as state) of_it
 where e.id >= :first and e.id < :last and e.position is not null
   and e.type <> all(:unheard)
   and (w.event_types is null or e.type = any(w.event_types))
   and (r.is_operator or (e.reseller_id = w.reseller_id and not e.operator_only))
   and (of_it.state = 'failed' or (:missing and of_it.state is null))
"""
_COUNT = text(f"""
select count(*) filter (where of_it.state = 'failed') as failed, count(*) filter (where of_it.state is null) as missing
{_HEARD}
""")
_BATCH = text(f"""
select e.id, e.position, of_it.state {_HEARD}
   and e.position > coalesce(:reached, 0) order by e.position limit :limit
""")
_AGAIN = text("""
update webhook_deliveries
   set state = 'pending', trigger = 'recovery', starts = 0, asked_at = :wall, next_attempt_at = :wall,
       finished_at = null
 where endpoint_id = :endpoint_id and event_id = any(:events) and state = 'failed'
""")


async def count(session: AsyncSession, span: Span) -> Count:
    """Count what a recovery would make."""
    row = (await session.execute(_COUNT, span.values)).one()
    return Count(row.failed, row.missing)


async def next_batch(
    session: AsyncSession, span: Span, reached: int | None, limit: int
) -> list[tuple[UUID, int, bool]]:
    """List events behind a position with what is to be recovered: id, position, and whether it never was sent."""
    rows = await session.execute(_BATCH, span.values | {"reached": reached, "limit": limit})
    return [(row.id, row.position, row.state is None) for row in rows]


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


async def find_running(session: AsyncSession, endpoint_id: UUID) -> WebhookRecovery | None:
    """Find the recovery of an endpoint that is under way."""
    query = select(WebhookRecovery).where(
        col(WebhookRecovery.endpoint_id) == endpoint_id, col(WebhookRecovery.state) == "running"
    )
    return (await session.scalars(query)).first()
