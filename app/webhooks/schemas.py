"""Wire shapes of webhook endpoints and deliveries."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.events.kinds import EventType
from app.infra.ids import DeliveryId, EndpointId, EventId, ResellerId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Change, Instant, Line, Request, Storable
from app.webhooks.schedule import Profile
from app.webhooks.secret_schemas import HeadersChanged, HeadersGiven, HeadersShown, Signature

Url = Annotated[Storable, Field(min_length=1, max_length=4096, examples=["https://hooks.example.com/desk"])]
Description = Annotated[Line | None, Field(examples=["What the NOC's dashboard shows."])]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=50)]
State = Literal["pending", "delivered", "failed", "held"]
EndpointState = Literal["unverified", "active", "disabled"]
AtOnce = Annotated[int, Field(ge=1, le=50, description="How many deliveries may be under way at once.")]
PerSecond = Annotated[int, Field(ge=1, le=1000, description="How many deliveries a second at most. Null: no limit.")]
Ordered = Annotated[
    bool,
    Field(description="Send the events of a ticket, from now on, in order: none before the one before it has ended."),
]
RetryProfile = Annotated[
    Profile, Field(description="When a failed delivery is tried again: for 76 hours, for 2.6, or for 7 days.")
]


class EndpointCreate(Request):
    """A new endpoint."""

    url: Url
    event_types: EventTypes | None = Field(default=None, description="Left out: every type.")
    description: Description = None
    max_concurrency: AtOnce = 8
    max_per_second: PerSecond | None = None
    ordered: Ordered = False
    retry_profile: RetryProfile = "standard"
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
    """What may be changed of an endpoint. Null lets it hear every type, or takes what it names away.


    With another `url` it is verified anew. `disabled` holds what is on its way, `active` lets it go on.
    """

    nullable = frozenset({"event_types", "description", "headers", "max_per_second"})

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description = None
    state: Literal["active", "disabled"] | None = None
    max_concurrency: AtOnce | None = None
    max_per_second: PerSecond | None = None
    ordered: Ordered | None = None
    retry_profile: RetryProfile | None = None
    signature: Signature | None = None
    headers: HeadersChanged | None = None


class EndpointRead(Answer):
    """A URL that hears events."""

    id: EndpointId
    reseller_id: ResellerId
    url: str
    event_types: list[EventType] | None
    description: str | None = Field(examples=["What the NOC's dashboard shows."])
    state: EndpointState = Field(examples=["active"])
    disabled_reason: Literal["failing", "gone", "manual"] | None = Field(examples=[None])
    max_concurrency: int
    max_per_second: int | None
    ordered: bool
    retry_profile: Profile
    signature: Signature
    headers: HeadersShown
    created_at: Instant


class FailingData(BaseModel):
    """Since when nothing has reached an endpoint, and when it will be disabled if that goes on."""

    failures: int = Field(description="Attempts that failed, one after another.")
    failing_since: Instant
    will_be_disabled_at: Instant


class ExhaustedData(BaseModel):
    """A delivery that failed for good, so that nobody tries it again unless asked to."""

    id: DeliveryId
    event_id: EventId
    event_type: EventType
    attempts: int


class EndpointHealth(BaseModel):
    """How deliveries to an endpoint go at this moment. Counts stop at 10,000."""

    state: EndpointState = Field(examples=["active"])
    failures: int = Field(description="Attempts that failed, one after another, since the last that succeeded.")
    failing_since: Instant | None
    will_be_disabled_at: Instant | None = Field(description="When it will be disabled if nothing succeeds until then.")
    paused_until: Instant | None = Field(description="It rests until then: nothing is sent but what was asked for.")
    waiting: int = Field(description="Deliveries that are on their way, or wait to be tried again.")
    held: int = Field(description="Deliveries that are kept until it is active.")


class EndpointCreated(EndpointRead):
    """A new endpoint with what its deliveries are signed with, or checked by."""

    state: EndpointState = Field(examples=["unverified"])
    secret: str | None = Field(description="Signs as `v1`; null where that is not sent.")
    public_key: str | None = Field(description="Checks `v1a`; null where that is not sent.")


class DeliveryRead(Answer):
    """One event on its way to one endpoint."""

    id: DeliveryId
    endpoint_id: EndpointId
    event_id: EventId
    event_type: EventType
    state: State
    trigger: Literal["event", "ping", "manual", "recovery"]
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
    location: str | None = Field(description="Where a redirect pointed. None is followed.")
    answer: str = Field(description="The first 4 KiB of the answer's body; what is not UTF-8 is shown replaced.")
    answer_truncated: bool
    first_byte_ms: int | None = Field(description="When the answer's head had come. Null: none came.")
    address: str | None = Field(description="For staff: the IP address that was last dialled. Null for anybody else.")


class DeliveryDetail(DeliveryRead):
    """A delivery with its attempts."""

    attempts: list[AttemptRead]


class DeliveryQuery(PageQuery):
    """Filters of the list of deliveries."""

    endpoint_id: EndpointId | None = None
    state: State | None = None
    event_id: EventId | None = None
    event_type: EventType | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
