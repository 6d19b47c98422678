"""Making one attempt of one delivery: look at the truth, send, record; no transaction is open while it is sent.

A worker may die at any point. Before the sending, nothing has happened; after it, the job is taken over and sent
again under the same ``webhook-id``. What is recorded is recorded once: an attempt has a number.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.events.queries import get_event
from app.infra.db import Database
from app.infra.ids import encode
from app.infra.now import wall_now
from app.infra.outbound.outcome import Outcome
from app.infra.outbound.send import Sender
from app.infra.queue import Job, enqueue
from app.webhooks import queries, signature
from app.webhooks.fan_out import DELIVER
from app.webhooks.models import WebhookAttempt, WebhookDelivery
from app.webhooks.schedule import next_delay, read_retry_after

MOST_STARTS = 5  # of one attempt: a delivery that keeps killing its worker is held instead
_UNTIL_PUBLISHED = timedelta(seconds=0.1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that an attempt needs, read before the transaction ends."""

    url: str
    secrets: list[str]
    message_id: str
    body: bytes


class Deliverer:
    """Makes attempts; one per process."""

    def __init__(self, database: Database, sender: Sender, retry_scale: float = 1.0) -> None:
        self._database = database
        self._sender = sender
        self._retry_scale = retry_scale

    async def deliver(self, argument: str) -> None:
        """Make the attempt that a job names."""
        delivery_id, number = UUID(argument.partition(":")[0]), int(argument.partition(":")[2])
        parcel = await self._begin(delivery_id, number)
        if parcel is None:
            return
        at = wall_now()
        headers = signature.headers(parcel.secrets, parcel.message_id, int(at.timestamp()), parcel.body)
        headers["Content-Type"] = "application/json"
        outcome = await self._sender.send(parcel.url, headers, parcel.body)
        await self._record(delivery_id, number, at, outcome)

    async def _begin(self, delivery_id: UUID, number: int) -> Parcel | None:
        async with self._database.transaction() as session:
            delivery = await queries.lock_delivery(session, delivery_id)
            if delivery is None or delivery.attempts >= number or delivery.state != "pending":
                return None
            endpoint = await queries.find_endpoint(session, delivery.endpoint_id)
            event = await get_event(session, delivery.event_id)
            if endpoint is None or event is None:
                _end(delivery, "failed", wall_now())
                return None
            if event.position is None:  # a ping's delivery is made with it: its bytes are whole once it is published
                await enqueue(session, [Job(DELIVER, f"{delivery_id}:{number}", _UNTIL_PUBLISHED)])
                return None
            delivery.starts += 1
            if delivery.starts > MOST_STARTS:
                _log.error("delivery held", delivery_id=str(delivery_id), starts=delivery.starts)
                _end(delivery, "held", wall_now())
                return None
            return Parcel(endpoint.url, list(endpoint.secrets), encode("evt", event.id), event.body)

    async def _record(self, delivery_id: UUID, number: int, at: datetime, outcome: Outcome) -> None:
        async with self._database.transaction() as session:
            delivery = await queries.lock_delivery(session, delivery_id)
            if delivery is None or await queries.find_attempt(session, delivery, number) is not None:
                return  # another worker took this attempt over and was faster
            session.add(_attempt(delivery, number, at, outcome))
            if delivery.attempts > number:
                return  # a later one is done already, and has decided what comes next
            delivery.attempts, delivery.starts = number, 0
            if number < delivery.asked:
                return  # another was asked for while this one was under way, and has a job of its own
            if outcome.ok:
                _end(delivery, "delivered", at)
                return
            asked = read_retry_after(outcome.retry_after, at)
            delay = next_delay(number, asked, chance=random.random(), scale=self._retry_scale)  # noqa: S311 - jitter
            if delay is None:
                _end(delivery, "failed", at)
                return
            delivery.next_attempt_at = at + delay
            await enqueue(session, [Job(DELIVER, f"{delivery.id}:{number + 1}", delay)])


def _end(delivery: WebhookDelivery, state: str, at: datetime) -> None:
    delivery.state, delivery.next_attempt_at, delivery.finished_at = state, None, at


def _attempt(delivery: WebhookDelivery, number: int, at: datetime, outcome: Outcome) -> WebhookAttempt:
    return WebhookAttempt(
        reseller_id=delivery.reseller_id,
        delivery_id=delivery.id,
        number=number,
        at=at,
        duration_ms=round(outcome.duration * 1000),
        status=outcome.status,
        reason=outcome.reason.value,
        answer=outcome.answer,
    )
