"""Wire shapes of mail out."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.infra.ids import (
    ContactId,
    EscalationId,
    EventId,
    MailboxId,
    MessageId,
    OutgoingMailId,
    ResellerId,
    StaffId,
    TicketId,
)
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Email, Instant

State = Literal["queued", "sent", "captured", "failed", "bounced", "suppressed", "gathered"]
Kind = Literal["acknowledgement", "reply", "status", "call", "call_digest", "endpoint_notice"]


class HeaderField(BaseModel):
    """A header field of a mail."""

    name: str = Field(examples=["Subject"])
    value: str = Field(examples=["[TL-1042] Trunk 7 is down"])


class OutgoingMailListed(Answer):
    """A mail of the desk's."""

    id: OutgoingMailId
    reseller_id: ResellerId
    kind: Kind
    state: State = Field(examples=["sent"])
    ticket_id: TicketId | None
    message_id: MessageId | None
    sender: str = Field(examples=["support@example.com"])
    recipient: str = Field(examples=["ann@customer.example"])
    subject: str = Field(examples=["[TL-1042] Trunk 7 is down"])
    attempts: int = Field(examples=[1])
    next_attempt_at: Instant | None = Field(examples=[None])
    answer: str | None = Field(
        description="What the mail server answered last, or why nothing was sent.", examples=["250 2.0.0 queued"]
    )
    created_at: Instant
    sent_at: Instant | None


class OutgoingMailRead(OutgoingMailListed):
    """A mail of the desk's, whole."""

    event_id: EventId | None = Field(description="What it tells of; null for a digest.")
    escalation_id: EscalationId | None = Field(examples=[None])
    contact_id: ContactId | None
    staff_id: StaffId | None = Field(examples=[None])
    mailbox_id: MailboxId | None = Field(description="Where replies to it come in; null: nowhere.")
    digest_id: OutgoingMailId | None = Field(
        description="Of a gathered call: the mail that told of it.", examples=[None]
    )
    envelope_from: str = Field(
        description="Where it comes back to if it cannot be delivered; empty: nowhere.",
        examples=["support@example.com"],
    )
    headers: list[HeaderField] = Field(description="Its header fields as they are sent, in order.")
    text: str = Field(description="Its plain text. The HTML is at `.../html`.", examples=["Hello Ann,"])
    bounce: dict[str, Any] | None = Field(examples=[None])


class OutgoingMailQuery(PageQuery):
    """Filters of the list of mails."""

    state: State | None = None
    kind: Kind | None = None
    ticket_id: TicketId | None = None
    message_id: MessageId | None = None
    recipient: Email | None = None
