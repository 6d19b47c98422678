"""Serving a lane: take a batch, send it, record it and take the next, for a slice of time.

No transaction is open while anything is sent; the one that records a batch takes the next. A worker may die at any
point: the job library gives its job to another, which sends again what was not recorded, under the same
``webhook-id``. One that takes over goes by single deliveries and counts their starts, so that what kills workers is
found.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.now import wall_now
from app.infra.outbound.send import Sender
from app.webhooks import lane_queries, lanes, queries
from app.webhooks.exhausting import Exhausted, tell_exhausted
from app.webhooks.fates import fate_of
from app.webhooks.heeding import heed
from app.webhooks.models import WebhookEndpoint, WebhookLane
from app.webhooks.records import record_batch
from app.webhooks.sending import Sent, send_all
from app.webhooks.taking import Batch, Stay, next_batch

_SLICE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Done:
    """A batch that was sent, and how many seconds it took."""

    sent: Sequence[Sent] = field(default_factory=tuple)
    took: float = 0.0


class Server:
    """Serves lanes; one per process."""

    def __init__(self, database: Database, sender: Sender, retry_scale: float = 1.0) -> None:
        self._database = database
        self._sender = sender
        self._scale = retry_scale

    async def serve(self, argument: str) -> None:
        """Serve the lane that a job names, for a slice of time."""
        endpoint_id, _, job = argument.partition(":")
        loop = asyncio.get_running_loop()
        stay, done = Stay(UUID(endpoint_id), int(job), loop.time()), Done()
        while (batch := await self._turn(stay, done)) is not None:
            began = loop.time()
            sent = await send_all(self._sender, batch.address, batch.parcels)
            done = Done(sent, loop.time() - began)

    async def _turn(self, stay: Stay, done: Done) -> Batch | None:
        async with self._database.transaction() as session:
            endpoint = await queries.lock_endpoint(session, stay.endpoint_id)
            lane = await lane_queries.lock_lane(session, stay.endpoint_id)
            if endpoint is None or lane is None or not lane.busy or lane.job != stay.job:
                return None
            if done.sent:
                await self._record(session, endpoint, lane, done.sent)
            if stay.careful is None:
                lane.starts += 1
                stay.careful = lane.starts > 1
            if asyncio.get_running_loop().time() - stay.began > _SLICE:
                await lanes.enqueue_next(session, lane)
                return None
            return await next_batch(session, stay, endpoint, lane, done.took, wall_now())

    async def _record(
        self, session: AsyncSession, endpoint: WebhookEndpoint, lane: WebhookLane, sent: Sequence[Sent]
    ) -> None:
        fates = [
            fate_of(one, endpoint.retry_profile, chance=random.random(), scale=self._scale)  # noqa: S311 - jitter
            for one in sent
        ]
        await record_batch(session, sent, fates)
        heed(session, endpoint, lane, sent, wall_now(), scale=self._scale)
        failed = [one.parcel for one, fate in zip(sent, fates, strict=True) if fate.state == "failed"]
        exhausted = [Exhausted(one.id, one.event_id, one.event_type, one.trigger, one.number) for one in failed]
        tell_exhausted(session, endpoint, lane, exhausted, wall_now())
        lane.starts = 0
