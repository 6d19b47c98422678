"""What a lane does next: send a batch, hold, release, or rest until something falls due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks import lane_queries, lanes
from app.webhooks.exhausting import Exhausted, tell_exhausted
from app.webhooks.health import at_once
from app.webhooks.heeding import health_of
from app.webhooks.models import WebhookEndpoint, WebhookLane
from app.webhooks.records import record_lost
from app.webhooks.sending import Parcel

MOST_STARTS = 5  # of one attempt: a delivery that keeps killing its worker is given up
_ROUNDS = 4  # of as many as may be under way at once: what a first batch has
_BIGGEST = 100
_HELD_AT_ONCE = 1000
_RELEASED_AT_ONCE = 500
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stay:
    """One job's time with a lane: since when, in whose place; ``careful``: the job before it died on the way.

    ``drained``: the last batch was all that was due then. ``next_at`` is when there is something to do next. In the end
    the lane ``rests``, or has another job.
    """

    endpoint_id: UUID
    job: int
    began: float
    reseller_id: UUID | None = None
    careful: bool | None = None
    drained: bool = False
    next_at: datetime | None = None
    rests: bool = False

    def next_size(self, sent: int, usual: int) -> int:
        """Return how much to take next: twice what there was time to send before, or one where it is one at a time."""
        return 1 if self.careful or usual == 1 else min(max(2 * sent, _ROUNDS * usual), _BIGGEST)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent to an endpoint, and how much of it at once."""

    endpoint: WebhookEndpoint
    at_once: int
    parcels: Sequence[Parcel]


async def next_batch(
    session: AsyncSession, stay: Stay, endpoint: WebhookEndpoint, lane: WebhookLane, sent: int, now: datetime
) -> Batch | None:
    """Return what an endpoint is to be sent now; None where its job is over, and the lane rests or has another."""
    if endpoint.state != "active" and await lane_queries.hold(session, endpoint.id, _HELD_AT_ONCE) == _HELD_AT_ONCE:
        await lanes.enqueue_next(session, lane)  # there is more to hold
        return None
    triggers = _may_be_sent(endpoint, lane, now)
    if lane.catches_up and triggers is None:
        lane.catches_up = await lane_queries.release(session, endpoint.id, _RELEASED_AT_ONCE) == _RELEASED_AT_ONCE
    usual = at_once(health_of(lane), endpoint.max_concurrency, now)
    size = stay.next_size(sent, usual)
    while rows := await _due(session, stay, endpoint, now, size, triggers):
        lost = [row for row in rows if row.body is None or row.starts >= MOST_STARTS]
        await _give_up(session, endpoint, lane, lost, now)
        if parcels := await _parcels(session, [row for row in rows if row not in lost], careful=bool(stay.careful)):
            return Batch(endpoint, usual, parcels)
    _rest(endpoint, lane, stay.next_at, now)
    stay.rests = True
    return None


async def _due(
    session: AsyncSession,
    stay: Stay,
    endpoint: WebhookEndpoint,
    now: datetime,
    size: int,
    triggers: Sequence[str] | None,
) -> Sequence[Row[Any]]:
    """List what is due; where nothing is, what was held becomes so, from the oldest on."""
    if not stay.drained:
        rows = await lane_queries.take(session, endpoint.id, now, size, triggers)
        stay.drained = len(rows) < size
        if rows:
            return rows
    stay.drained = False
    stay.next_at, held = await lane_queries.left(session, endpoint.id, triggers)
    if held and triggers is None and await lane_queries.release(session, endpoint.id, _RELEASED_AT_ONCE):
        stay.next_at = now
    if stay.next_at is None or stay.next_at > now:
        return []
    return await lane_queries.take(session, endpoint.id, now, size, triggers)


async def _give_up(
    session: AsyncSession, endpoint: WebhookEndpoint, lane: WebhookLane, lost: Sequence[Row[Any]], now: datetime
) -> None:
    """Let deliveries fail that cannot be made: their event is gone, or they kill whoever makes them."""
    for row in lost:
        _log.error("delivery given up", delivery_id=str(row.id), starts=row.starts)
        await record_lost(session, row, now)
    exhausted = [Exhausted(row.id, row.event_id, row.event_type, row.trigger, row.attempts + 1) for row in lost]
    tell_exhausted(session, endpoint, lane, exhausted, now)


async def _parcels(session: AsyncSession, rows: Sequence[Row[Any]], *, careful: bool) -> list[Parcel]:
    parcels = []
    for row in rows:
        if careful:
            await lane_queries.count_start(session, row.reseller_id, row.id)
        number = row.attempts + 1
        step = number - row.counted_from
        parcels.append(
            Parcel(row.reseller_id, row.id, row.event_id, row.event_type, row.trigger, number, step, row.body)
        )
    return parcels


def _may_be_sent(endpoint: WebhookEndpoint, lane: WebhookLane, now: datetime) -> Sequence[str] | None:
    """Return the triggers of what an endpoint may be sent now, or None for all.

    What somebody asks for is sent although the endpoint rests or is disabled; before its URL has answered a ping,
    nothing but that.
    """
    if endpoint.state == "active" and not _rests(lane, now):
        return None
    return ("ping", "manual") if endpoint.verified else ("ping",)


def _rest(endpoint: WebhookEndpoint, lane: WebhookLane, next_at: datetime | None, now: datetime) -> None:
    """Let a lane be until it has something to do."""
    lanes.rest(lane, next_at)
    lane.starts = 0
    if endpoint.state == "active" and lane.paused_until is not None and _rests(lane, now):
        lane.wake_at = lane.paused_until if next_at is None else min(next_at, lane.paused_until)


def _rests(lane: WebhookLane, now: datetime) -> bool:
    return lane.paused_until is not None and lane.paused_until > now
