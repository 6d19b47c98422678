"""From an event to its deliveries: one per endpoint that hears it, in the publisher's transaction."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import ABOUT_WEBHOOKS, EventType
from app.events.models import Event
from app.events.publisher import After
from app.infra.ids import encode, new_id
from app.webhooks import lanes, queries
from app.webhooks.models import WebhookDelivery, WebhookEndpoint


async def fan_out(session: AsyncSession, events: Sequence[Event], wall: datetime) -> After | None:
    """Make the deliveries of events that are being published; after that, wake the lanes that have to make them.

    To an endpoint that is not verified yet, or disabled, they are held.
    """
    endpoints = await queries.endpoints_hearing(session, list({event.reseller_id for event in events}))
    made = [(new_id(), endpoint.id, event.id) for event in events for endpoint in _hearing(endpoints, event)]
    pings = [event.id for event in events if event.type == EventType.PING]
    hearing = set(await queries.place_pings(session, pings)) if pings else set()
    if made:
        await queries.add_deliveries(session, made, wall)
        hearing |= {endpoint_id for _, endpoint_id, _ in made}
    if not hearing:
        return None
    return lambda after: lanes.wake_rested(after, sorted(hearing), wall)


def ask(delivery: WebhookDelivery, wall: datetime) -> None:
    """Let a delivery be made once more, whatever became of it; its lane is to be woken.

    An attempt that is under way is not taken for the one that was asked for.
    """
    delivery.state, delivery.starts = "pending", 0
    delivery.trigger = "ping" if delivery.event_type == EventType.PING else "manual"
    delivery.counted_from = delivery.attempts  # it is tried again from the first step on
    delivery.asked_at, delivery.next_attempt_at, delivery.finished_at = wall, wall, None


def new_ping(endpoint: WebhookEndpoint, event_id: UUID, wall: datetime, after: timedelta) -> WebhookDelivery:
    """Return the delivery of a ping; it belongs to the endpoint's owner, and goes out whatever the endpoint's state."""
    return WebhookDelivery(
        reseller_id=endpoint.reseller_id,
        id=new_id(),
        endpoint_id=endpoint.id,
        event_id=event_id,
        event_type=EventType.PING,
        state="pending",
        trigger="ping",
        next_attempt_at=wall + after,
        created_at=wall,
    )


def _hearing(endpoints: Sequence[tuple[WebhookEndpoint, bool]], event: Event) -> Iterable[WebhookEndpoint]:
    if event.type == EventType.PING:
        return  # a ping is for the endpoint that was pinged, which has its delivery already: it is placed alone
    about = _endpoint_of(event)
    for endpoint, is_operators in endpoints:
        entitled = is_operators or (endpoint.reseller_id == event.reseller_id and not event.operator_only)
        wanted = endpoint.event_types is None or event.type in endpoint.event_types
        if entitled and wanted and about != encode("whe", endpoint.id):
            yield endpoint


def _endpoint_of(event: Event) -> str | None:
    """Return the endpoint that an event tells of: it is not told of itself."""
    if event.type not in ABOUT_WEBHOOKS:
        return None
    about: str = json.loads(event.body)["data"]["endpoint"]["id"]
    return about
