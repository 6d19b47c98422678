"""Tables of tickets, messages and history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts

TICKET_NUMBERS = Sequence("ticket_numbers", start=1001, metadata=SQLModel.metadata)

# Nulls last, as a plain value that a cursor can hold; written out, so that a query is seen to be the index's. LEAST
# passes over nulls, and, unlike coalesce, is known to tell nothing: a policy may be looked at after it.
URGENCY = text("LEAST(next_due_at, '9999-12-31 00:00:00+00'::timestamptz)")


class Ticket(SQLModel, table=True):
    """A ticket. ``version`` moves with every fact that its reseller can see and change, and makes its ETag."""

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint("type in ('incident', 'question', 'task')", name="type"),
        CheckConstraint("priority in ('immediate', 'priority', 'low')", name="priority"),
        CheckConstraint("requested_priority in ('immediate', 'priority', 'low')", name="requested_priority"),
        CheckConstraint(
            "status in ('new', 'open', 'pending', 'on_hold', 'resolved', 'closed', 'cancelled')", name="status"
        ),
        CheckConstraint("channel in ('email', 'website', 'telephone', 'alarm')", name="channel"),
        CheckConstraint(
            "sla_status in ('breached', 'at_risk', 'on_track', 'paused', 'met', 'none')", name="sla_status"
        ),
        ForeignKeyConstraint(["reseller_id", "contact_id"], ["contacts.reseller_id", "contacts.id"]),
        ForeignKeyConstraint(["reseller_id", "merged_into_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("ix_tickets_list", "reseller_id", "created_at", "id"),
        Index("ix_tickets_updated", "reseller_id", "updated_at", "id"),
        Index("ix_tickets_urgency", "reseller_id", URGENCY, "id"),
        Index("ix_tickets_all", "created_at", "id"),  # these three: lists of the operator's, over all resellers
        Index("ix_tickets_all_updated", "updated_at", "id"),
        Index("ix_tickets_all_urgency", URGENCY, "id"),
        Index("ix_tickets_external_ref", "reseller_id", "external_ref"),
        Index("ix_tickets_contact", "reseller_id", "contact_id", "id", postgresql_where=text("contact_id is not null")),
        Index("ix_tickets_search", "search", postgresql_using="gin"),
        Index("ix_tickets_live", "reseller_id", "id", postgresql_where=text("status not in ('closed', 'cancelled')")),
        Index(
            "ix_tickets_closing",
            "closes_at",
            postgresql_where=text("closes_at is not null and test_clock_id is null"),
        ),
        Index(
            "ix_tickets_closing_test", "test_clock_id", "closes_at", postgresql_where=text("test_clock_id is not null")
        ),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    number: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger, TICKET_NUMBERS, server_default=TICKET_NUMBERS.next_value(), unique=True, nullable=False
        ),
    )
    subject: str
    description: str
    type: str
    priority: str
    requested_priority: str
    status: str
    channel: str
    contact_id: UUID | None = None
    assignee_id: UUID | None = Field(default=None, foreign_key="staff.id")
    assignee_name: str | None = None
    tags: list[str] = Field(sa_type=Texts)
    custom_fields: dict[str, Any] = Field(sa_type=Json)
    external_ref: str | None = None
    follows_id: UUID | None = None
    merged_into_id: UUID | None = None
    sla_policy_id: UUID = Field(foreign_key="sla_policies.id")
    sla_level: int
    sla_status: str
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)
    waiting: bool = False
    sequence: int = 0
    version: int = 1
    test_clock_id: UUID | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    settled_at: datetime = Field(sa_type=Instant)
    first_responded_at: datetime | None = Field(default=None, sa_type=Instant)
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    closes_at: datetime | None = Field(default=None, sa_type=Instant)
    search: str | None = Field(
        default=None,
        sa_column=Column(
            TSVECTOR,
            Computed("to_tsvector('simple'::regconfig, subject || ' ' || description)", persisted=True),
            nullable=True,
        ),
    )


class Message(SQLModel, table=True):
    """A message on a ticket: never changed but for whom it did not reach, never deleted.

    Internal ones are the operator's alone.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
        CheckConstraint("side in ('desk', 'customer')", name="side"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("ix_messages_ticket", "reseller_id", "ticket_id", "id"),
        # Two vectors, so that a reseller's search cannot meet an internal note even by a wrong query.
        Index("ix_messages_search", "search", postgresql_using="gin", postgresql_where=text("visibility = 'public'")),
        Index("ix_messages_notes", "search", postgresql_using="gin", postgresql_where=text("visibility = 'internal'")),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    ticket_id: UUID
    body: str
    visibility: str
    side: str
    automatic: bool = False
    undelivered_to: list[str] = Field(default_factory=list, sa_type=Texts)
    author: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
    search: str | None = Field(
        default=None,
        sa_column=Column(TSVECTOR, Computed("to_tsvector('simple'::regconfig, body)", persisted=True), nullable=True),
    )


class TicketWatcher(SQLModel, table=True):
    """A person who follows a ticket: a contact of its reseller's, or one of the operator's people."""

    __tablename__ = "ticket_watchers"
    __table_args__ = (
        CheckConstraint("num_nonnulls(contact_id, staff_id) = 1", name="person"),
        UniqueConstraint("reseller_id", "ticket_id", "contact_id", name="uq_ticket_watchers_contact"),
        UniqueConstraint("reseller_id", "ticket_id", "staff_id", name="uq_ticket_watchers_staff"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        ForeignKeyConstraint(["reseller_id", "contact_id"], ["contacts.reseller_id", "contacts.id"]),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    ticket_id: UUID
    contact_id: UUID | None = None
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    name: str
    created_at: datetime = Field(sa_type=Instant)


class HistoryEntry(SQLModel, table=True):
    """Who changed what of a ticket, when, from what, to what. Append-only."""

    __tablename__ = "ticket_history"
    __table_args__ = (
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("ix_ticket_history_ticket", "reseller_id", "ticket_id", "id"),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    ticket_id: UUID
    at: datetime = Field(sa_type=Instant)
    actor: dict[str, Any] = Field(sa_type=Json)
    field: str
    before: Any = Field(default=None, sa_column=Column(Json, nullable=True))  # nobody, where nobody was assigned
    after: Any = Field(default=None, sa_column=Column(Json, nullable=True))
    reason: str | None = None


class WorkLog(SQLModel, table=True):
    """Minutes that the desk worked on a ticket, and the paid month that they were taken from. Append-only."""

    __tablename__ = "work_logs"
    __table_args__ = (
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        CheckConstraint("minutes <> 0", name="minutes"),
        Index("ix_work_logs_ticket", "reseller_id", "ticket_id", "id"),
        Index("ix_work_logs_month", "reseller_id", "purchase_id", "month_starts_at", "id"),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    ticket_id: UUID
    minutes: int
    note: str
    author: dict[str, Any] = Field(sa_type=Json)
    at: datetime = Field(sa_type=Instant)
    purchase_id: UUID | None = None
    month_starts_at: datetime | None = Field(default=None, sa_type=Instant)
