"""Wire shapes of mailboxes and of mail in."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, field_validator

from app.infra.ids import ContactId, InboundMailId, MailboxId, MessageId, ResellerId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Change, Code, Email, Instant, Line, Request
from app.sla.words import Priority

_BOX = re.compile(r"(?=.{1,23}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")

State = Literal["received", "done", "held", "quarantined", "rejected"]


class MailboxCreate(Request):
    """A new mailbox."""

    address: Email = Field(
        description="In ASCII, with at most 23 characters before its @: what the desk adds behind a plus is to fit in.",
        examples=["support@example.com"],
    )
    name: Line | None = Field(default=None, examples=["Support"])
    priority: Priority = Field(default="low", description="Of the tickets that mail to it opens.")
    reseller_id: ResellerId | None = Field(
        default=None, description="Whose it is; without one the operator's, for the mail of all resellers."
    )

    @field_validator("address")
    @classmethod
    def _takes_tokens(cls, address: str) -> str:
        if not _BOX.fullmatch(address):
            raise ValueError(
                "the address of a mailbox is plain ASCII, with at most 23 letters, digits or single marks before its @,"
                " since the desk adds a plus and 40 more for each reply; write a domain in its xn-- form"
            )
        return address


class MailboxChange(Change):
    """What may be changed of a mailbox. Null takes its name away."""

    nullable = frozenset({"name"})

    name: Line | None = None
    priority: Priority | None = None


class MailboxRead(Answer):
    """An address at which the desk takes mail."""

    id: MailboxId
    reseller_id: ResellerId
    address: str = Field(examples=["support@example.com"])
    name: str | None = Field(examples=["Support"])
    priority: Priority
    created_at: Instant


class InboundMailListed(Answer):
    """A mail that came in."""

    id: InboundMailId
    mailbox_id: MailboxId
    state: State = Field(examples=["held"])
    reason: str | None = Field(description="Why it is in that state, as a code.", examples=["unknown_sender"])
    detail: str | None = Field(examples=["its sender is no contact, and no reseller has claimed the domain"])
    sender: str | None = Field(description="The address of its one author.", examples=["ann@customer.example"])
    verified: bool | None = Field(description="Whether our mail server states that it is from there.")
    automatic: str | None = Field(description="What tells that nobody wrote it.", examples=[None])
    size: int = Field(description="In bytes.", examples=[20480])
    routed_reseller_id: ResellerId | None
    contact_id: ContactId | None
    ticket_id: TicketId | None
    message_id: MessageId | None
    accepted_at: Instant
    finished_at: Instant | None


class Seen(BaseModel):
    """What was read of a mail."""

    model_config = {"populate_by_name": True}

    from_: str = Field(alias="from", examples=["Ann Lee <ann@customer.example>"])
    author_fault: str | None = Field(description="Why it has no author.", examples=[None])
    subject: str = Field(examples=["Trunk 7 is down"])
    sent_at: Instant | None
    to: list[str] = Field(examples=[["support@example.com"]])
    cc: list[str] = Field(examples=[[]])
    flags: list[str] = Field(description="What was mended or left out.", examples=[["charset_guessed"]])
    attachments: list[dict[str, Any]] = Field(
        examples=[[{"name": "trace.pcap", "media_type": "application/vnd.tcpdump.pcap", "size": 4096}]]
    )
    authentication_results: str | None = Field(
        description="What the last mail server before the desk stated.",
        examples=["mx.example.com; dmarc=pass header.from=customer.example"],
    )


class InboundMailRead(InboundMailListed):
    """A mail that came in, with what was read of it."""

    source: Literal["lmtp", "pipe", "imap"]
    envelope_from: str | None = Field(description="Empty for the null sender; null where it is not known.")
    envelope_to: list[str] = Field(examples=[["support@example.com"]])
    truncated: bool = Field(description="It was too large, and only its beginning is kept.")
    attempts: int = Field(examples=[0])
    read: Seen | None = Field(description="Null where it was not parsed.")
    text: str | None = Field(description="All of its text. The HTML is at `.../html`.", examples=["Every call fails."])
    released: dict[str, Any] | None = Field(description="By whom it was released, and as whose mail.")
    related_ticket_id: TicketId | None = Field(description="A ticket that may have to do with it.")
    same_as_id: InboundMailId | None = Field(description="The mail that this is another copy of.")


class InboundMailQuery(PageQuery):
    """Filters of the list of mail in."""

    state: State | None = None
    reason: Code | None = None
    ticket_id: TicketId | None = None
    mailbox_id: MailboxId | None = None
    sender: Annotated[Email, AfterValidator(str.lower)] | None = None  # as it is kept
    verified: bool | None = Field(default=None, description="False: nothing proves that it is its sender's.")


class Release(Request):
    """How a mail that was held is to be taken: as a contact's, for a reseller, or as what it says it is."""

    contact_id: ContactId | None = Field(default=None, description="It is this contact's, whatever its sender is.")
    reseller_id: ResellerId | None = Field(default=None, description="It is for this reseller.")


class Rejection(Request):
    """Why a mail is turned away."""

    reason: Line | None = Field(default=None, examples=["an advertisement"])
