"""All SQL of lanes: which are to be served, what an endpoint is to be sent now, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.arrays import as_arrays, insert_of
from app.webhooks.models import WebhookEndpoint, WebhookLane

# What somebody asked for keeps no order.
_IN_ORDER = """
   and (d.order_key is null or d.trigger in ('ping', 'manual') or not exists (
         select from webhook_deliveries b
          where b.endpoint_id = d.endpoint_id and b.order_key = d.order_key and b.position < d.position
            and b.state in ('pending', 'held')))
"""
_DUE = f"""
       d.endpoint_id = :endpoint_id and d.state = 'pending' and d.position is not null
   and (cast(:triggers as varchar[]) is null or d.trigger = any(:triggers)) {_IN_ORDER}
"""
_TAKE = text(f"""
select d.reseller_id, d.id, d.event_id, d.event_type, d.attempts, d.counted_from, d.starts, d.trigger, e.body
  from webhook_deliveries d left join events e on e.id = d.event_id
 where {_DUE} and d.next_attempt_at <= :now
 order by d.next_attempt_at, d.position
 limit :limit
""")  # noqa: S608 - constants
_LEFT = text(f"""
select (select min(d.next_attempt_at) from webhook_deliveries d where {_DUE}) as next_at,
       (select 1 from webhook_deliveries where endpoint_id = :endpoint_id and state = 'held'
         order by position limit 1) is not null as held
""")  # noqa: S608 - constants
_LIGHTLY = text("set local synchronous_commit = off")
_LOCK = text("select from webhook_lanes where endpoint_id = any(:ids) order by endpoint_id for update")
_MAKE_BUSY = text("""
update webhook_lanes set job = job + 1, busy = true, wake_at = null
 where endpoint_id = any(:ids) and not busy
   and (cast(:rested_at as timestamptz) is null or paused_until is null or paused_until <= :rested_at)
returning endpoint_id, job
""")
_GO_ON = text(f"""
update webhook_lanes l set job = job + 1, busy = true, wake_at = null
 where endpoint_id = :endpoint_id and not busy and (paused_until is null or paused_until <= :now)
   and exists (select from webhook_deliveries d where {_DUE} and d.next_attempt_at <= :now)
returning job
""")  # noqa: S608 - constants
_LEFT_BEHIND = text(f"""
select l.endpoint_id from webhook_lanes l join webhook_endpoints w on w.id = l.endpoint_id
 where not l.busy and w.state = 'active' and (l.paused_until is null or l.paused_until <= :before)
   and exists (select from webhook_deliveries d
                where d.endpoint_id = l.endpoint_id and d.state = 'pending' and d.next_attempt_at <= :before
                  and d.position is not null {_IN_ORDER})
""")  # noqa: S608 - constants
_WAKE_AT = text("update webhook_lanes set wake_at = least(wake_at, :at) where endpoint_id = any(:ids)")
_END_PINGS = text("""
update webhook_deliveries set state = 'failed', next_attempt_at = null, finished_at = :now
 where endpoint_id = :endpoint_id and state = 'pending' and trigger = 'ping' and attempts > 0
""")
_COUNT_START = text("update webhook_deliveries set starts = starts + 1 where reseller_id = :reseller_id and id = :id")
_HOLD = text("""
update webhook_deliveries set state = 'held', next_attempt_at = null
 where (reseller_id, id) in (
       select reseller_id, id from webhook_deliveries d
        where endpoint_id = :endpoint_id and state = 'pending' and trigger not in ('ping', 'manual')
        order by next_attempt_at limit :limit)
""")
_RELEASE = text("""
update webhook_deliveries set state = 'pending', next_attempt_at = created_at
 where (reseller_id, id) in (
       select reseller_id, id from webhook_deliveries
        where endpoint_id = :endpoint_id and state = 'held' order by position limit :limit)
""")
_ATTEMPT = {
    "reseller_id": "uuid",
    "delivery_id": "uuid",
    "number": "integer",
    "at": "timestamptz",
    "duration_ms": "integer",
    "status": "integer",
    "reason": "varchar",
    "answer": "bytea",
    "truncated": "boolean",
    "location": "varchar",
    "first_byte_ms": "integer",
    "address": "varchar",
}
_ADD_ATTEMPTS = text(insert_of("webhook_attempts", _ATTEMPT) + " on conflict do nothing")
_FATE = {
    "reseller_id": "uuid",
    "id": "uuid",
    "number": "integer",
    "at": "timestamptz",
    "state": "varchar",
    "next_attempt_at": "timestamptz",
    "finished_at": "timestamptz",
}
_SETTLE = text(f"""
update webhook_deliveries d
   set attempts = n.number, starts = 0,
       state = case when d.asked_at > n.at then 'pending' else n.state end,
       -- What is tried again after somebody asked for it is like any other.
       trigger = case when d.trigger = 'manual' and n.state = 'pending' and (d.asked_at > n.at) is not true
                      then 'event' else d.trigger end,
       next_attempt_at = case when d.asked_at > n.at then d.asked_at else n.next_attempt_at end,
       finished_at = case when d.asked_at > n.at then null else n.finished_at end
  from unnest({", ".join(f"cast(:{name} as {kind}[])" for name, kind in _FATE.items())}) as n ({", ".join(_FATE)})
 where d.reseller_id = n.reseller_id and d.id = n.id and d.state = 'pending' and d.attempts < n.number
""")  # noqa: S608 - constants


async def commit_lightly(session: AsyncSession) -> None:
    """Let this transaction's commit not wait for the disk: what a crash of the server loses of it is sent again."""
    await session.execute(_LIGHTLY)


async def lock_both(session: AsyncSession, endpoint_id: UUID) -> tuple[WebhookEndpoint, WebhookLane] | None:
    """Lock an endpoint and its lane, and read them anew."""
    query = (
        select(WebhookEndpoint, WebhookLane)
        .join(WebhookLane, col(WebhookLane.endpoint_id) == col(WebhookEndpoint.id))
        .where(col(WebhookEndpoint.id) == endpoint_id)
        .with_for_update(key_share=True)
    )
    found = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    return None if found is None else (found[0], found[1])


async def lock_lanes(session: AsyncSession, endpoint_ids: Sequence[UUID]) -> None:
    """Lock the lanes of endpoints, in an order that is always the same; what is read after that is the latest."""
    await session.execute(_LOCK, {"ids": endpoint_ids})


async def make_busy(
    session: AsyncSession, endpoint_ids: Sequence[UUID], *, rested_at: datetime | None = None
) -> Sequence[tuple[UUID, int]]:
    """Give the lanes that have no job the number of one; return those. They are locked.

    With ``rested_at`` those whose endpoint rests at that instant are left.
    """
    rows = await session.execute(_MAKE_BUSY, {"ids": endpoint_ids, "rested_at": rested_at})
    return [(row.endpoint_id, row.job) for row in rows]


async def go_on(session: AsyncSession, endpoint_id: UUID, now: datetime) -> int | None:
    """Give a lane that has come to rest the number of another job, where something is due; return it."""
    job: int | None = await session.scalar(_GO_ON, {"endpoint_id": endpoint_id, "now": now, "triggers": None})
    return job


async def left_behind(session: AsyncSession, before: datetime) -> Sequence[UUID]:
    """List the endpoints for which something is due since an instant, and whose lanes rest all the same."""
    return list(await session.scalars(_LEFT_BEHIND, {"before": before}))


async def wake_at(session: AsyncSession, endpoint_ids: Sequence[UUID], at: datetime) -> None:
    """Let lanes be woken at an instant, if not before."""
    await session.execute(_WAKE_AT, {"ids": endpoint_ids, "at": at})


async def lock_due(session: AsyncSession, wall: datetime, limit: int) -> Sequence[UUID]:
    """Lock idle lanes whose instant has come, and return their endpoints; those in other hands are left."""
    query = select(col(WebhookLane.endpoint_id))
    query = query.where(col(WebhookLane.busy).is_(False), col(WebhookLane.wake_at) <= wall)
    return (
        await session.scalars(query.order_by(col(WebhookLane.wake_at)).limit(limit).with_for_update(skip_locked=True))
    ).all()


async def lock_busy(session: AsyncSession) -> Sequence[WebhookLane]:
    """Lock the lanes that have a job; those that are being served at this moment are left."""
    query = select(WebhookLane).where(col(WebhookLane.busy)).with_for_update(skip_locked=True)
    return (await session.scalars(query)).all()


async def take(
    session: AsyncSession, endpoint_id: UUID, now: datetime, limit: int, triggers: Sequence[str] | None
) -> Sequence[Row[Any]]:
    """List what an endpoint is to be sent now, in order: of these triggers, or, with None, of all."""
    values = {"endpoint_id": endpoint_id, "now": now, "limit": limit, "triggers": triggers}
    return (await session.execute(_TAKE, values)).all()


async def left(
    session: AsyncSession, endpoint_id: UUID, triggers: Sequence[str] | None
) -> tuple[datetime | None, bool]:
    """Return when an endpoint has something to be sent next, and whether anything is held for it."""
    row = (await session.execute(_LEFT, {"endpoint_id": endpoint_id, "triggers": triggers})).one()
    return row.next_at, row.held


async def end_pings(session: AsyncSession, endpoint_id: UUID, now: datetime) -> None:
    """Let the pings end that have failed before: the endpoint is verified by another."""
    await session.execute(_END_PINGS, {"endpoint_id": endpoint_id, "now": now})


async def count_start(session: AsyncSession, reseller_id: UUID, delivery_id: UUID) -> None:
    """Count that an attempt begins, where the one before may have killed its worker."""
    await session.execute(_COUNT_START, {"reseller_id": reseller_id, "id": delivery_id})


async def hold(session: AsyncSession, endpoint_id: UUID, limit: int) -> int:
    """Hold what nobody asked for; return how many were held."""
    done = await session.execute(_HOLD, {"endpoint_id": endpoint_id, "limit": limit})
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


async def release(session: AsyncSession, endpoint_id: UUID, limit: int) -> int:
    """Let the oldest of what is held be sent, before what came since; return how many."""
    done = await session.execute(_RELEASE, {"endpoint_id": endpoint_id, "limit": limit})
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


async def add_attempts(session: AsyncSession, attempts: Sequence[Mapping[str, object]]) -> None:
    """Add attempts; one that is there already was recorded by another worker."""
    await session.execute(_ADD_ATTEMPTS, as_arrays(attempts, _ATTEMPT))


async def settle(session: AsyncSession, fates: Sequence[Mapping[str, object]]) -> None:
    """Write what became of deliveries; one that was asked for meanwhile is to be sent again."""
    await session.execute(_SETTLE, as_arrays(fates, _FATE))
