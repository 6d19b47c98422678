"""Lanes: each endpoint is served by one job at a time, so that none can hold up another, nor send out of order.

A lane is woken when there is something for it to do. A lane that has to wait, for a retry or until its
endpoint has rested, says when, and a worker's round wakes it then. Lock order: endpoint, lane, recovery, delivery.
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


async def wake(session: AsyncSession, endpoint_ids: Sequence[UUID]) -> None:
    """Enqueue the lanes of endpoints for which this transaction has something to do, unless they are served already.

    One that is being looked at ends its look first, or sees what this transaction brings.
    """
    await lane_queries.lock_lanes(session, endpoint_ids)
    await _enqueue(session, await lane_queries.make_busy(session, endpoint_ids))


async def wake_rested(session: AsyncSession, endpoint_ids: Sequence[UUID], wall: datetime) -> None:
    """Enqueue the lanes of endpoints for which others have committed something to do, unless they rest.

    Nobody waits for a lane that is served: it looks once more when it has come to rest.
    """
    await _enqueue(session, await lane_queries.make_busy(session, endpoint_ids, rested_at=wall))


async def wake_left_behind(session: AsyncSession, wall: datetime) -> int:
    """Enqueue lanes that rest although something is due; return how many. Their worker died as they came to rest."""
    left = await lane_queries.left_behind(session, wall)
    await wake(session, left)
    return len(left)


async def wake_due(session: AsyncSession, wall: datetime) -> int:
    """Enqueue the lanes whose instant has come; return how many."""
    due = await lane_queries.lock_due(session, wall, _WOKEN_AT_ONCE)
    await _enqueue(session, await lane_queries.make_busy(session, due))
    return len(due)


async def wake_lost(session: AsyncSession) -> int:
    """Enqueue lanes anew whose job is gone; return how many.

    The job library holds a job that failed for a reason of ours, and does not bring it back.
    """
    busy = await lane_queries.lock_busy(session)
    jobs = {lane.endpoint_id: job_of(lane.endpoint_id, lane.job) for lane in busy}
    known = await waiting(session, list(jobs.values()))
    lost = [lane for lane in busy if jobs[lane.endpoint_id].argument not in known]
    for lane in lost:
        await enqueue_next(session, lane)
    return len(lost)


def rest(lane: WebhookLane, until: datetime | None) -> None:
    """Let a locked lane have no job until an instant, or until it is woken."""
    lane.busy, lane.wake_at = False, until


async def enqueue_next(session: AsyncSession, lane: WebhookLane) -> None:
    """Let a locked lane be served by another job, behind those that wait already."""
    lane.job, lane.busy, lane.wake_at = lane.job + 1, True, None
    await session.flush()
    await enqueue(session, [job_of(lane.endpoint_id, lane.job)])


async def _enqueue(session: AsyncSession, made: Sequence[tuple[UUID, int]]) -> None:
    await enqueue(session, [job_of(endpoint_id, job) for endpoint_id, job in made])


def job_of(endpoint_id: UUID, job: int) -> Job:
    """Return the job that serves a lane; it names its number, so that a stale one is known."""
    return Job(SERVE, f"{endpoint_id}:{job}")
