"""From an event to its deliveries: one per endpoint that hears it, in the publisher's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.events.models import Event
from app.infra.ids import new_id
from app.infra.queue import Job, enqueue, waiting
from app.webhooks import queries
from app.webhooks.models import WebhookDelivery, WebhookEndpoint

DELIVER = "webhooks.deliver"
LOST_AFTER = timedelta(minutes=5)
_LOST_AT_ONCE = 500


def job_of(delivery: WebhookDelivery) -> Job:
    """Return the job of a delivery's next attempt; it names the attempt, so that none is made twice over."""
    return Job(DELIVER, f"{delivery.id}:{max(delivery.attempts + 1, delivery.asked)}")


def ask_again(delivery: WebhookDelivery, wall: datetime) -> Job:
    """Let a delivery be made once more, whatever became of it, and return the job.

    An attempt that is under way keeps its number, so that it is not taken for the one that was asked for.
    """
    under_way = delivery.state == "pending" and delivery.starts > 0
    delivery.asked = max(delivery.attempts + under_way, delivery.asked) + 1
    delivery.starts = delivery.starts if under_way else 0
    delivery.state, delivery.trigger = "pending", "manual"
    delivery.next_attempt_at, delivery.finished_at = wall, None
    return job_of(delivery)


async def enqueue_lost(session: AsyncSession, wall: datetime) -> int:
    """Enqueue deliveries anew that are overdue by minutes and have no job any more; return how many.

    The job library holds a job that failed for a reason of ours, and does not bring it back.
    """
    overdue = await queries.lock_overdue(session, wall - LOST_AFTER, _LOST_AT_ONCE)
    known = await waiting(session, [job_of(delivery) for delivery in overdue])
    lost = [delivery for delivery in overdue if job_of(delivery).argument not in known]
    for delivery in lost:
        delivery.next_attempt_at = wall
    await enqueue(session, [job_of(delivery) for delivery in lost])
    return len(lost)


def new_delivery(
    endpoint: WebhookEndpoint, event_id: UUID, event_type: str, wall: datetime, trigger: str = "event"
) -> WebhookDelivery:
    """Return a delivery that is to be made at once; it belongs to the endpoint's owner."""
    return WebhookDelivery(
        reseller_id=endpoint.reseller_id,
        id=new_id(),
        endpoint_id=endpoint.id,
        event_id=event_id,
        event_type=event_type,
        state="pending",
        trigger=trigger,
        next_attempt_at=wall,
        created_at=wall,
    )


async def fan_out(session: AsyncSession, events: Sequence[Event], wall: datetime) -> None:
    """Make the deliveries of events that are being published, and enqueue them."""
    endpoints = await queries.endpoints_hearing(session, list({event.reseller_id for event in events}))
    deliveries = [
        new_delivery(endpoint, event.id, event.type, wall)
        for event in events
        for endpoint in _hearing(endpoints, event)
    ]
    session.add_all(deliveries)
    await session.flush()
    await enqueue(session, [job_of(delivery) for delivery in deliveries])


def _hearing(endpoints: Sequence[tuple[WebhookEndpoint, bool]], event: Event) -> Iterable[WebhookEndpoint]:
    if event.type == EventType.PING:
        return  # a ping is for the endpoint that was pinged, which has its delivery already
    for endpoint, is_operators in endpoints:
        entitled = is_operators or (endpoint.reseller_id == event.reseller_id and not event.operator_only)
        if entitled and (endpoint.event_types is None or event.type in endpoint.event_types):
            yield endpoint
