"""Lanes: each endpoint is served by one job at a time, so that none can hold up another, nor send out of order.

A lane is woken in the transaction that gives it something to do. A lane that has to wait, for a retry or until its
endpoint has rested, says when, and a worker's round wakes it then. Lock order: endpoint, lane.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.queue import Job, enqueue, waiting
from app.webhooks import lane_queries
from app.webhooks.models import WebhookLane

SERVE = "webhooks.lane"
_WOKEN_AT_ONCE = 500


async def wake(
    session: AsyncSession,
    endpoint_ids: Sequence[UUID],
    *,
    rested_at: datetime | None = None,
    at: datetime | None = None,
) -> None:
    """Enqueue the lanes of endpoints that have something to do, unless they are served already; or do so ``at`` then.

    With ``rested_at`` those whose endpoint rests at that instant are left: they wake by themselves.
    """
    lanes = await lane_queries.lock_lanes(session, endpoint_ids)
    if at is not None:
        for lane in lanes:
            lane.wake_at = min(lane.wake_at or at, at)
        return
    await _enqueue(session, [lane for lane in lanes if not lane.busy and not _rests(lane, rested_at)])


async def wake_due(session: AsyncSession, wall: datetime) -> int:
    """Enqueue the lanes whose instant has come; return how many."""
    lanes = await lane_queries.lock_due(session, wall, _WOKEN_AT_ONCE)
    await _enqueue(session, lanes)
    return len(lanes)


async def wake_lost(session: AsyncSession) -> int:
    """Enqueue lanes anew whose job is gone; return how many.

    The job library holds a job that failed for a reason of ours, and does not bring it back.
    """
    busy = await lane_queries.lock_busy(session)
    known = await waiting(session, [job_of(lane) for lane in busy])
    lost = [lane for lane in busy if job_of(lane).argument not in known]
    await _enqueue(session, lost)
    return len(lost)


def job_of(lane: WebhookLane) -> Job:
    """Return the job that serves a lane; it names its number, so that a stale one is known."""
    return Job(SERVE, f"{lane.endpoint_id}:{lane.job}")


async def enqueue_next(session: AsyncSession, lane: WebhookLane) -> None:
    """Let a lane be served by another job, behind those that wait already."""
    await _enqueue(session, [lane])


async def _enqueue(session: AsyncSession, lanes: Sequence[WebhookLane]) -> None:
    for lane in lanes:
        lane.job, lane.busy, lane.wake_at = lane.job + 1, True, None
    await session.flush()
    await enqueue(session, [job_of(lane) for lane in lanes])


def _rests(lane: WebhookLane, at: datetime | None) -> bool:
    return at is not None and lane.paused_until is not None and lane.paused_until > at
