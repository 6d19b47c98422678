"""Tables of webhook endpoints, deliveries and their attempts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts


class WebhookEndpoint(SQLModel, table=True):
    """A URL that hears events: a reseller's own, or, belonging to the operator, every reseller's.

    ``headers`` are sent with every delivery: by name, each value sealed, in base64.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint("signature in ('v1', 'v1a', 'both')", name="signature"),)

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    url: str
    description: str | None = None
    event_types: list[str] | None = Field(default=None, sa_type=Texts)
    signature: str = "v1"
    headers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


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

    ``asked`` is the number of the last attempt that somebody asked for: it is made, whatever becomes of those before.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'failed', 'held')", name="state"),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_event", "event_id", "id"),
        Index("ix_webhook_deliveries_id", "id"),
        Index("ix_webhook_deliveries_pending", "next_attempt_at", postgresql_where=text("state = 'pending'")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    state: str
    attempts: int = 0
    starts: int = 0
    asked: int = 0
    trigger: str = "event"
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
