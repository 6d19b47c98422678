"""Telling an endpoint's owner of deliveries that failed for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import ABOUT_WEBHOOKS, EventType
from app.events.record import record
from app.webhooks.models import WebhookEndpoint, WebhookLane
from app.webhooks.schemas import EndpointRead, ExhaustedData

_AT_MOST_EVERY = timedelta(hours=1)  # of an endpoint: one that is down for days would tell of each delivery
_BY_ITSELF = {"event", "recovery"}


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A delivery that failed for good, after so many attempts."""

    id: UUID
    event_id: UUID
    event_type: str
    trigger: str
    attempts: int


def tell_exhausted(
    session: AsyncSession, endpoint: WebhookEndpoint, lane: WebhookLane, failed: Sequence[Exhausted], now: datetime
) -> None:
    """Tell of the first of some deliveries, unless an hour has not passed since this was last told of the endpoint.

    Who asked for a delivery sees what became of it; and of what tells of webhooks nothing is told, or it had no end.
    """
    told_of = [one for one in failed if one.trigger in _BY_ITSELF and one.event_type not in ABOUT_WEBHOOKS]
    if not told_of or (lane.exhausted_told_at is not None and now - lane.exhausted_told_at < _AT_MOST_EVERY):
        return
    lane.exhausted_told_at, first = now, told_of[0]
    delivery = ExhaustedData(
        id=first.id, event_id=first.event_id, event_type=EventType(first.event_type), attempts=first.attempts
    )
    data: dict[str, object] = {"endpoint": EndpointRead.model_validate(endpoint), "delivery": delivery}
    record(session, EventType.WEBHOOK_DELIVERY_EXHAUSTED, now, data, reseller_id=endpoint.reseller_id)
