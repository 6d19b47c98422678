"""Wire shapes of webhook endpoints and deliveries."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.events.kinds import EventType
from app.infra.ids import DeliveryId, EndpointId, EventId, ResellerId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Change, Instant, Line, Request, Storable
from app.webhooks.secret_schemas import HeadersChanged, HeadersGiven, HeadersShown, Signature

Url = Annotated[Storable, Field(min_length=1, max_length=4096, examples=["https://hooks.example.com/desk"])]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=50)]
State = Literal["pending", "delivered", "failed", "held"]


class EndpointCreate(Request):
    """A new endpoint."""

    url: Url
    event_types: EventTypes | None = Field(default=None, description="Left out: every type.")
    description: Line | None = None
    signature: Signature = Field(
        default="v1", description="`v1`: HMAC-SHA256 with a shared secret; `v1a`: Ed25519, with published keys."
    )
    headers: HeadersGiven | None = Field(
        default=None, description="Up to ten header fields of your own, sent with every delivery."
    )
    reseller_id: ResellerId | None = Field(
        default=None, description="For staff: whose it is. Left out, it is the operator's and hears every reseller."
    )


class EndpointChange(Change):
    """What may be changed of an endpoint. Null lets it hear every type, or takes the description or headers away."""

    nullable = frozenset({"event_types", "description", "headers"})

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Line | None = None
    signature: Signature | None = None
    headers: HeadersChanged | None = None


class EndpointRead(Answer):
    """A URL that hears events."""

    id: EndpointId
    reseller_id: ResellerId
    url: str
    event_types: list[EventType] | None
    description: str | None
    signature: Signature
    headers: HeadersShown
    created_at: Instant


class EndpointCreated(EndpointRead):
    """A new endpoint with what its deliveries are signed with, or checked by."""

    secret: str | None = Field(description="Signs as `v1`; null where that is not sent.")
    public_key: str | None = Field(description="Checks `v1a`; null where that is not sent.")


class DeliveryRead(Answer):
    """One event on its way to one endpoint."""

    id: DeliveryId
    endpoint_id: EndpointId
    event_id: EventId
    event_type: EventType
    state: State
    trigger: Literal["event", "ping", "manual"]
    attempts_made: int
    next_attempt_at: Instant | None
    created_at: Instant
    finished_at: Instant | None


class AttemptRead(BaseModel):
    """An attempt to deliver."""

    number: int
    at: Instant
    duration_ms: int
    status: int | None
    reason: str = Field(description="`ok`, or how it failed: one of a closed list.")
    answer: str = Field(description="The first 4 KiB of the answer's body; what is not UTF-8 is shown replaced.")


class DeliveryDetail(DeliveryRead):
    """A delivery with its attempts."""

    attempts: list[AttemptRead]


class DeliveryQuery(PageQuery):
    """Filters of the list of deliveries."""

    endpoint_id: EndpointId | None = None
    state: State | None = None
    event_id: EventId | None = None
