"""Writing events: the bytes are made once, here; the publisher adds the sequence, and they are sent so ever after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.events.models import Event
from app.events.size import fitted
from app.infra.ids import new_id
from app.infra.wire import Instant


class Envelope(BaseModel):
    """The body of every event, in the feed and on the wire, as it is written.

    What was too large has ``truncated``, too; the publisher puts ``sequence`` behind all else: the event's number among
    its reseller's, in the order of the feed.
    """

    type: EventType
    timestamp: Instant
    data: dict[str, object]


def frozen(kind: EventType, at: datetime, data: dict[str, object]) -> bytes:
    """Return the bytes of an event: compact UTF-8 JSON, never more than an event may have."""
    return fitted(Envelope(type=kind, timestamp=at, data=data))


def event_values(
    kind: EventType,
    at: datetime,
    data: dict[str, object],
    *,
    reseller_id: UUID,
    ticket_id: UUID | None = None,
    operator_only: bool = False,
) -> dict[str, Any]:
    """Return the columns of an event. ``at`` is the instant of what happened, in the domain's time."""
    return {
        "reseller_id": reseller_id,
        "id": new_id(),
        "type": kind.value,
        "occurred_at": at,
        "ticket_id": ticket_id,
        "operator_only": operator_only,
        "body": frozen(kind, at, data),
    }


def record(
    session: AsyncSession,
    kind: EventType,
    at: datetime,
    data: dict[str, object],
    *,
    reseller_id: UUID,
    ticket_id: UUID | None = None,
    operator_only: bool = False,
) -> Event:
    """Add an event to the transaction. ``at`` is the instant of what happened, in the domain's time."""
    event = Event(
        **event_values(kind, at, data, reseller_id=reseller_id, ticket_id=ticket_id, operator_only=operator_only)
    )
    session.add(event)
    return event
