"""Writing events: the bytes are made once, here, and sent unchanged ever after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.events.models import Event
from app.infra.ids import new_id
from app.infra.wire import Instant


class Envelope(BaseModel):
    """The body of every event, in the feed and on the wire."""

    type: EventType
    timestamp: Instant
    data: dict[str, object]


def frozen(kind: EventType, at: datetime, data: dict[str, object]) -> bytes:
    """Return the bytes of an event: compact UTF-8 JSON."""
    return to_json(Envelope(type=kind, timestamp=at, data=data))


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
