"""Serving a lane: take a batch, send it, record it and take the next, for a slice of time.

No transaction is open while anything is sent; the one that records a batch takes the next. A worker may die at any
point: the job library gives its job to another, which sends again what was not recorded, under the same
``webhook-id``. One that takes over goes by single deliveries and counts their starts, so that what kills workers is
found.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.keyring import Keyring
from app.infra.now import wall_now
from app.infra.outbound.send import Sender
from app.webhooks import lane_queries, lanes
from app.webhooks.exhausting import Exhausted, tell_exhausted
from app.webhooks.fates import fate_of
from app.webhooks.heeding import heed
from app.webhooks.models import WebhookEndpoint, WebhookLane
from app.webhooks.records import record_batch
from app.webhooks.secrets import own_headers, signing_keys
from app.webhooks.sending import Address, Parcel, Sent, send_all
from app.webhooks.taking import Batch, Stay, next_batch

_SLICE = 2.0  # seconds
_UNTIL_KEYS_ARE_THERE = timedelta(minutes=1)
_UNTIL_THERE_IS_A_PLACE = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Done:
    """What was sent of a batch, and whereto."""

    url: str = ""
    sent: Sequence[Sent] = field(default_factory=tuple)


class Server:
    """Serves lanes; one per process."""

    def __init__(
        self, database: Database, sender: Sender, keyring: Keyring, retry_scale: float = 1.0, most_of_one: int = 64
    ) -> None:
        self._database = database
        self._most_of_one = most_of_one
        self._served: Counter[UUID] = Counter()
        self._sender = sender
        self._keyring = keyring
        self._scale = retry_scale

    async def serve(self, argument: str) -> None:
        """Serve the lane that a job names, for a slice of time."""
        endpoint_id, _, job = argument.partition(":")
        stay: Stay | None = Stay(UUID(endpoint_id), int(job), asyncio.get_running_loop().time())
        while stay is not None:
            try:
                await self._stay(stay)
            finally:
                if stay.reseller_id is not None:
                    self._served[stay.reseller_id] -= 1
            stay = await self._look_again(stay) if stay.rests else None

    async def _stay(self, stay: Stay) -> None:
        done = Done()
        while (batch := await self._turn(stay, done)) is not None:
            done = Done(batch[0].url, await send_all(self._sender, *batch))

    def _has_place(self, stay: Stay, reseller_id: UUID) -> bool:
        """Take a place for a lane, unless its reseller has so many that others would wait for them."""
        if stay.reseller_id is None:
            if self._served[reseller_id] >= self._most_of_one:
                return False
            self._served[reseller_id] += 1
            stay.reseller_id = reseller_id
        return True

    async def _look_again(self, stay: Stay) -> Stay | None:
        """Look once more, now that everybody sees that the lane rests: what came while it was looked at woke nobody."""
        async with self._database.transaction() as session:
            job = await lane_queries.go_on(session, stay.endpoint_id, wall_now())
        return None if job is None else Stay(stay.endpoint_id, job, stay.began)

    async def _turn(self, stay: Stay, done: Done) -> tuple[Address, Sequence[Parcel]] | None:
        async with self._database.transaction() as session:
            await lane_queries.commit_lightly(session)
            found = await lane_queries.lock_both(session, stay.endpoint_id)
            if found is None or not found[1].busy or found[1].job != stay.job:
                return None
            endpoint, lane = found
            if not self._has_place(stay, endpoint.reseller_id):
                lanes.rest(lane, wall_now() + _UNTIL_THERE_IS_A_PLACE)
                return None
            if done.sent:
                await self._record(session, endpoint, lane, done)
            if stay.careful is None:
                lane.starts += 1
                stay.careful = lane.starts > 1
            if asyncio.get_running_loop().time() - stay.began > _SLICE:
                await lanes.enqueue_next(session, lane)
                return None
            batch = await next_batch(session, stay, endpoint, lane, len(done.sent), wall_now())
            return None if batch is None else await self._addressed(session, batch, lane)

    async def _addressed(
        self, session: AsyncSession, batch: Batch, lane: WebhookLane
    ) -> tuple[Address, Sequence[Parcel]] | None:
        endpoint, now = batch.endpoint, wall_now()
        keys = await signing_keys(session, self._keyring, endpoint, now)
        own = own_headers(self._keyring, endpoint)
        if keys is None or own is None:  # one does not open, and the log says why: what is to be sent waits for it
            lanes.rest(lane, now + _UNTIL_KEYS_ARE_THERE)
            lane.starts = 0
            return None
        return Address(endpoint.url, keys, own, batch.at_once, endpoint.max_per_second), batch.parcels

    async def _record(self, session: AsyncSession, endpoint: WebhookEndpoint, lane: WebhookLane, done: Done) -> None:
        fates = [
            fate_of(one, endpoint.retry_profile, chance=random.random(), scale=self._scale)  # noqa: S311 - jitter
            for one in done.sent
        ]
        await record_batch(session, done.sent, fates)
        before, now = endpoint.verified, wall_now()
        if done.url == endpoint.url:  # what another URL answered does not verify this one
            heed(session, endpoint, lane, done.sent, now, scale=self._scale)
        if endpoint.verified and not before:
            await lane_queries.end_pings(session, endpoint.id, now)
        failed = [one.parcel for one, fate in zip(done.sent, fates, strict=True) if fate.state == "failed"]
        exhausted = [Exhausted(one.id, one.event_id, one.event_type, one.trigger, one.number) for one in failed]
        tell_exhausted(session, endpoint, lane, exhausted, now)
        lane.starts = 0
