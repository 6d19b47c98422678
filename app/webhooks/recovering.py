"""Recovering: what failed, or never was, of a span of time is made again, in the background, batch by batch.

A recovery is a row, so that it survives its worker: each job does one batch, writes how far it has come, and
enqueues the next, all in one transaction. Lock order: endpoint, lane, recovery.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.ids import encode, new_id
from app.infra.now import wall_now
from app.infra.problems import Conflict, InvalidTransition
from app.infra.queue import Job, enqueue, waiting
from app.webhooks import lane_queries, lanes, queries, recovery_queries
from app.webhooks.models import WebhookEndpoint, WebhookRecovery
from app.webhooks.recovery_queries import Count, Span

RECOVER = "webhooks.recover"
_COUNTED = 100_000
_AT_ONCE = 500
_LOOKED_AT_ONCE = 10_000  # events: who stops a recovery waits for one batch of it


async def count(session: AsyncSession, span: Span) -> Count:
    """Count what a recovery would make of the first 100,000 events of its span; no lock is needed."""
    return await recovery_queries.count(session, span, _COUNTED)


async def begin(
    session: AsyncSession, endpoint: WebhookEndpoint, span: Span, counted: Count, wall: datetime
) -> WebhookRecovery:
    """Begin a recovery of what was counted; the endpoint is locked.

    Raises:
        Conflict: another one is under way.
    """
    if running := await recovery_queries.find_running(session, endpoint.id):
        raise Conflict("another recovery of this endpoint is under way", recovery_id=encode("rcv", running.id))
    total = counted.failed + counted.missing
    recovery = WebhookRecovery(
        reseller_id=endpoint.reseller_id,
        id=new_id(),
        endpoint_id=endpoint.id,
        since=span.since,
        until=span.until,
        missing=span.missing,
        total=total,
        created_at=wall,
    )
    over = counted.exact and not total
    if over:
        recovery.state, recovery.finished_at = "finished", wall
    session.add(recovery)
    await session.flush()
    if not over:
        await enqueue(session, [_job(recovery)])
    return recovery


def cancel(recovery: WebhookRecovery, wall: datetime) -> None:
    """Stop a recovery; what it has done stays done. The recovery is locked.

    Raises:
        InvalidTransition: it is over.
    """
    if recovery.state != "running":
        raise InvalidTransition(f"the recovery is {recovery.state}", current=recovery.state, allowed=[])
    recovery.state, recovery.finished_at = "cancelled", wall


async def go_on_with_lost(session: AsyncSession) -> int:
    """Enqueue recoveries anew whose job is gone; return how many."""
    running = await recovery_queries.lock_running(session)
    known = await waiting(session, [_job(one) for one in running])
    lost = [_job(one) for one in running if _job(one).argument not in known]
    await enqueue(session, lost)
    return len(lost)


class Recoverer:
    """Goes on with recoveries; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def go_on(self, argument: str) -> None:
        """Do the batch that a job names; a job that another has overtaken does nothing."""
        recovery_id, _, batch = argument.partition(":")
        async with self._database.transaction() as session:
            found = await recovery_queries.find(session, UUID(recovery_id))
            # The endpoint and its lane first: who removes the endpoint comes to them before its recoveries.
            if found is None or await lane_queries.lock_both(session, found.endpoint_id) is None:
                return
            recovery = await recovery_queries.lock(session, found.id)
            if recovery is None or recovery.state != "running" or recovery.batches != int(batch):
                return
            await _go_on(session, recovery, wall_now())


async def _go_on(session: AsyncSession, recovery: WebhookRecovery, wall: datetime) -> None:
    span = Span(recovery.endpoint_id, recovery.since, recovery.until, missing=recovery.missing)
    batch = await recovery_queries.next_batch(session, span, recovery.reached, limit=_AT_ONCE, most=_LOOKED_AT_ONCE)
    again = [event_id for event_id, new in batch.events if not new]
    await recovery_queries.send_again(session, recovery.endpoint_id, again, wall)
    made = [(new_id(), recovery.endpoint_id, event_id) for event_id, new in batch.events if new]
    await queries.add_deliveries(session, made, wall, "recovery")
    recovery.done, recovery.batches = recovery.done + len(batch.events), recovery.batches + 1
    recovery.total = max(recovery.total, recovery.done)
    if batch.reached is None:
        recovery.state, recovery.finished_at = "finished", wall
    else:
        recovery.reached = batch.reached
        await enqueue(session, [_job(recovery)])
    await session.flush()
    await lanes.wake(session, [recovery.endpoint_id])


def _job(recovery: WebhookRecovery) -> Job:
    return Job(RECOVER, f"{recovery.id}:{recovery.batches}")
