"""Wire shapes of the event feed."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.events.kinds import EventType
from app.events.models import Event
from app.infra.ids import EventId
from app.infra.paging import PageQuery
from app.infra.wire import Instant, Request

Notify = Annotated[
    Literal["each", "digest"],
    Field(description="Whether each moved deadline is an event, or all of a reseller's are one."),
]


class EventRead(BaseModel):
    """An event: the body that webhooks carry, with its id, which is their ``webhook-id``."""

    id: EventId
    type: EventType
    timestamp: Instant
    data: dict[str, Any]
    sequence: int | None = Field(
        default=None,
        description="Its number among its reseller's events, rising; null for those of before there was one.",
    )
    truncated: bool = Field(default=False, description="Whether long texts or lists in it were cut.")


def read(event: Event) -> EventRead:
    """Return an event as the feed and the stream show it."""
    return EventRead.model_validate({"id": event.id, **json.loads(event.body)})


class StreamQuery(Request):
    """Where a stream begins, and what it is to hear."""

    after: EventId | None = Field(
        default=None, description="Go on behind this event; left out, the stream begins with what comes from now on."
    )
    type: Annotated[str | None, Field(description="One or more types, by comma.")] = None


class EventQuery(PageQuery):
    """Where in the feed to begin, and what to hear."""

    after: EventId | None = None
    type: Annotated[str | None, Field(description="One or more types, by comma.")] = None
