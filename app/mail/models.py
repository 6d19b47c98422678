"""Tables of mail in and out. They are the operator's alone: no tenant's key reads them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts


class Mailbox(SQLModel, table=True):
    """An address at which the desk takes mail: a reseller's own, or, the operator's, for all of them."""

    __tablename__ = "mailboxes"
    __table_args__ = (
        CheckConstraint("priority in ('immediate', 'priority', 'low')", name="priority"),
        Index("uq_mailboxes_address", text("lower(address)"), unique=True),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    address: str
    name: str | None = None
    priority: str
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class InboundMail(SQLModel, table=True):
    """A mail as it was accepted, and what became of it. It belongs to its mailbox's owner."""

    __tablename__ = "inbound_mails"
    __table_args__ = (
        CheckConstraint("source in ('lmtp', 'pipe', 'imap')", name="source"),
        CheckConstraint("state in ('received', 'done', 'held', 'quarantined', 'rejected')", name="state"),
        Index("uq_inbound_mails_content", "mailbox_id", "sha256", unique=True),
        Index(
            "ix_inbound_mails_kept",
            "accepted_at",
            postgresql_where=text("raw is not null and state in ('done', 'rejected')"),
        ),
        Index("ix_inbound_mails_list", "state", "id"),
        Index("ix_inbound_mails_key", "message_key"),
        Index("ix_inbound_mails_sender", "sender", "accepted_at"),
        Index("ix_inbound_mails_ticket", "ticket_id", "id", postgresql_where=text("ticket_id is not null")),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    mailbox_id: UUID = Field(foreign_key="mailboxes.id")
    source: str
    envelope_from: str | None = None  # None where it is not known; empty for the null sender
    envelope_to: list[str] = Field(sa_type=Texts)
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)  # None once it was kept for as long as it is to be
    size: int
    truncated: bool = False
    sha256: bytes = Field(sa_type=LargeBinary)
    accepted_at: datetime = Field(sa_type=Instant)
    state: str = "received"
    reason: str | None = None
    detail: str | None = None
    attempts: int = 0
    released: dict[str, Any] | None = Field(default=None, sa_type=Json)  # by whom, and as whose mail it is to be taken
    read: dict[str, Any] | None = Field(default=None, sa_type=Json)  # what staff see of it without parsing it again
    body_text: str | None = None  # all of its text, and its HTML as it may be shown
    body_html: str | None = None
    message_key: str | None = None
    body_sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    sender: str | None = None
    verified: bool | None = None
    automatic: str | None = None
    routed_reseller_id: UUID | None = Field(default=None, foreign_key="resellers.id")
    contact_id: UUID | None = None
    ticket_id: UUID | None = None
    message_id: UUID | None = None
    related_ticket_id: UUID | None = None
    same_as_id: UUID | None = None
    opened: bool = False
    reopened: bool = False
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class MailLink(SQLModel, table=True):
    """A Message-ID by which a later mail finds its ticket: of a mail that was sent or received, or one they named."""

    __tablename__ = "mail_links"
    __table_args__ = (
        CheckConstraint("kind in ('sent', 'received', 'ancestor')", name="kind"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
    )

    reseller_id: UUID = Field(primary_key=True)
    message_key: str = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
    kind: str
    mailbox_id: UUID | None = None
    at: datetime = Field(sa_type=Instant)


class ReplyHandle(SQLModel, table=True):
    """A person on a ticket, by the number that stands in the address to which they reply."""

    __tablename__ = "reply_handles"
    __table_args__ = (
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        CheckConstraint("num_nonnulls(contact_id, staff_id) = 1", name="person"),
        Index(
            "uq_reply_handles_person",
            "reseller_id",
            "ticket_id",
            "contact_id",
            "staff_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    reseller_id: UUID = Field(primary_key=True)
    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Identity(always=True), primary_key=True, nullable=False, unique=True),
    )
    ticket_id: UUID
    contact_id: UUID | None = None
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")


class OutgoingMail(SQLModel, table=True):
    """A mail that is to be sent, as it will stand in its recipient's inbox, and what became of it."""

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        CheckConstraint(
            "kind in ('acknowledgement', 'reply', 'status', 'call', 'call_digest', 'endpoint_notice')", name="kind"
        ),
        CheckConstraint(
            "state in ('queued', 'sent', 'captured', 'failed', 'bounced', 'suppressed', 'gathered')", name="state"
        ),
        Index("uq_outgoing_mails_once", "event_id", "kind", "recipient", unique=True),
        Index("uq_outgoing_mails_message_key", "message_key", unique=True),
        Index("ix_outgoing_mails_list", "state", "id"),
        Index("ix_outgoing_mails_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
        Index("ix_outgoing_mails_slot", "slot_at", postgresql_where=text("slot_at is not null")),
        Index(
            "ix_outgoing_mails_gathered",
            "recipient",
            "id",
            postgresql_where=text("state = 'gathered' and digest_id is null"),
        ),
        Index("ix_outgoing_mails_calls", "staff_id", "created_at", postgresql_where=text("staff_id is not null")),
        Index("ix_outgoing_mails_recipient", "recipient", "created_at"),
        Index("ix_outgoing_mails_ticket", "ticket_id", "id", postgresql_where=text("ticket_id is not null")),
        Index("ix_outgoing_mails_message", "message_id", postgresql_where=text("message_id is not null")),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    number: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True)
    )
    kind: str
    event_id: UUID | None = None
    ticket_id: UUID | None = None
    message_id: UUID | None = None
    escalation_id: UUID | None = None
    contact_id: UUID | None = None
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    mailbox_id: UUID | None = None
    digest_id: UUID | None = None  # of a gathered one: the mail that told of it
    sender: str  # the From address
    sender_name: str
    bounces_to: str  # the envelope's sender; empty: none
    recipient: str
    recipient_name: str
    subject: str
    body_text: str
    body_html: str | None = None
    headers: dict[str, str] = Field(sa_type=Json)
    message_key: str
    state: str
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    slot_at: datetime | None = Field(default=None, sa_type=Instant)  # its place among those that an hour takes
    answer: str | None = None
    bounce: dict[str, Any] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)


class MailBounce(SQLModel, table=True):
    """That a mail of ours did not arrive; hard ones count towards suspending an address."""

    __tablename__ = "mail_bounces"
    __table_args__ = (
        ForeignKeyConstraint(["reseller_id", "outgoing_id"], ["outgoing_mails.reseller_id", "outgoing_mails.id"]),
        Index("ix_mail_bounces_recipient", "recipient", "at"),
        Index("uq_mail_bounces_report", "outgoing_id", "inbound_id", unique=True),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    outgoing_id: UUID
    inbound_id: UUID | None = None  # None where our mail server told at once
    recipient: str
    status: str
    hard: bool
    diagnostic: str
    at: datetime = Field(sa_type=Instant)
