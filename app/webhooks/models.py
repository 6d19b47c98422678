"""Tables of webhook endpoints, their lanes, deliveries, attempts and recoveries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Uuid, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts


class WebhookEndpoint(SQLModel, table=True):
    """A URL that hears events: a reseller's own, or, belonging to the operator, every reseller's.

    ``verified`` tells that this URL has answered a ping; it outlasts that the endpoint is disabled. ``headers`` are
    sent with every delivery: by name, each value sealed, in base64.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("state in ('unverified', 'active', 'disabled')", name="state"),
        CheckConstraint("(state = 'disabled') = (disabled_reason is not null)", name="disabled"),
        CheckConstraint("disabled_reason in ('failing', 'gone', 'manual')", name="disabled_reason"),
        CheckConstraint("retry_profile in ('standard', 'brief', 'patient')", name="retry_profile"),
        CheckConstraint("signature in ('v1', 'v1a', 'both')", name="signature"),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    url: str
    description: str | None = None
    event_types: list[str] | None = Field(default=None, sa_type=Texts)
    state: str = "unverified"
    verified: bool = False
    disabled_reason: str | None = None
    max_concurrency: int = 8
    max_per_second: int | None = None
    ordered: bool = False
    retry_profile: str = "standard"
    signature: str = "v1"
    headers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class WebhookLane(SQLModel, table=True):
    """How an endpoint is served: one job at a time, and what the answers say of its health.

    ``busy`` tells that a job of the lane is queued or being run, and ``job`` is its number: any other is stale.
    ``wake_at`` is when an idle lane has something to do again. One that ``catches_up`` sends what was held first.
    """

    __tablename__ = "webhook_lanes"
    __table_args__ = (
        Index("ix_webhook_lanes_wake_at", "wake_at", postgresql_where=text("not busy and wake_at is not null")),
    )

    reseller_id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(
        sa_type=Uuid,
        sa_column_args=[ForeignKey("webhook_endpoints.id", ondelete="CASCADE")],
        primary_key=True,
        unique=True,
    )
    job: int = Field(default=0, sa_type=BigInteger)
    busy: bool = False
    wake_at: datetime | None = Field(default=None, sa_type=Instant)
    starts: int = 0
    catches_up: bool = False
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    notices: int = 0
    openings: int = 0
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    slow_until: datetime | None = Field(default=None, sa_type=Instant)
    exhausted_told_at: datetime | None = Field(default=None, sa_type=Instant)


class WebhookSecret(SQLModel, table=True):
    """A secret that deliveries to an endpoint are signed with: a shared one (v1), or a private key (v1a).

    Of each scheme one has no end: the newest. Those before it are used until their grace is over.
    """

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        ForeignKeyConstraint(
            ["reseller_id", "endpoint_id"],
            ["webhook_endpoints.reseller_id", "webhook_endpoints.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("scheme in ('v1', 'v1a') and (public_key is not null) = (scheme = 'v1a')", name="scheme"),
        Index(
            "uq_webhook_secrets_newest",
            "endpoint_id",
            "scheme",
            unique=True,
            postgresql_where=text("expires_at is null"),
        ),
        Index("ix_webhook_secrets_endpoint", "endpoint_id"),
        Index("ix_webhook_secrets_key", "key_id", "id"),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    endpoint_id: UUID
    scheme: str
    sealed: bytes = Field(sa_type=LargeBinary)
    key_id: str
    public_key: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one endpoint. Partitioned by month on the id.

    ``position`` is its event's, and ``order_key`` what it is kept in order by: the ticket, where the endpoint asked
    for that. Its steps are counted from the attempt ``counted_from`` on. An attempt that was begun before ``asked_at``
    is not the one that somebody asked for then.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'failed', 'held')", name="state"),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_event", "event_id", "id"),
        Index("ix_webhook_deliveries_id", "id"),
        Index(
            "ix_webhook_deliveries_due", "endpoint_id", "next_attempt_at", postgresql_where=text("state = 'pending'")
        ),
        Index("ix_webhook_deliveries_held", "endpoint_id", "position", postgresql_where=text("state = 'held'")),
        Index(
            "ix_webhook_deliveries_order",
            "endpoint_id",
            "order_key",
            "position",
            postgresql_where=text("order_key is not null and state in ('pending', 'held')"),
        ),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    state: str
    attempts: int = 0
    counted_from: int = 0
    starts: int = 0
    trigger: str = "event"
    position: int | None = Field(default=None, sa_type=BigInteger)
    order_key: UUID | None = None
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class WebhookAttempt(SQLModel, table=True):
    """One attempt to deliver, with what came of it."""

    __tablename__ = "webhook_attempts"

    reseller_id: UUID = Field(primary_key=True)
    delivery_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Instant)
    duration_ms: int
    status: int | None = None
    reason: str
    answer: bytes = Field(sa_type=LargeBinary)
    truncated: bool = False
    location: str | None = None
    first_byte_ms: int | None = None
    address: str | None = None


class WebhookRecovery(SQLModel, table=True):
    """Deliveries of a span of time that are made again, in the background; ``reached`` is the last position done."""

    __tablename__ = "webhook_recoveries"
    __table_args__ = (
        CheckConstraint("state in ('running', 'finished', 'cancelled')", name="state"),
        Index("ux_webhook_recoveries_running", "endpoint_id", unique=True, postgresql_where=text("state = 'running'")),
        Index("ix_webhook_recoveries_endpoint", "endpoint_id", "id"),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    endpoint_id: UUID = Field(sa_type=Uuid, sa_column_args=[ForeignKey("webhook_endpoints.id", ondelete="CASCADE")])
    state: str = "running"
    since: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)
    missing: bool = False
    total: int
    done: int = 0
    batches: int = 0
    reached: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
