"""Wire shapes of the event feed."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.events.kinds import EventType
from app.infra.ids import EventId
from app.infra.paging import PageQuery
from app.infra.wire import Instant

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


class EventQuery(PageQuery):
    """Where in the feed to begin, and what to hear."""

    after: EventId | None = None
    type: Annotated[str | None, Field(description="One or more types, by comma.")] = None
