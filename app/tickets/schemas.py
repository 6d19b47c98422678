"""Wire shapes of tickets, messages and history."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.infra.ids import AttachmentId, ContactId, MessageId, PolicyId, ResellerId, StaffId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Change, Instant, Line, Request, Storable, Text, storable
from app.sla.words import Priority, Status
from app.tickets.lifecycle import Side
from app.tickets.sla_schemas import SlaRead, SlaSummary

TicketType = Literal["incident", "question", "task"]
Channel = Literal["email", "website", "telephone", "alarm"]
Visibility = Literal["public", "internal"]

_MOST_MEMBERS = 50
_LONGEST_NAME = 100
_LONGEST_VALUE = 4000


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    if len(fields) > _MOST_MEMBERS:
        msg = f"at most {_MOST_MEMBERS} members"
        raise ValueError(msg)
    for name, value in fields.items():
        if fault := _fault_of(name, value):
            msg = f"{name[:_LONGEST_NAME]!a}: {fault}"
            raise ValueError(msg)
    return fields


def _fault_of(name: str, value: object) -> str | None:
    if len(name) > _LONGEST_NAME or not isinstance(value, str | int | float | bool | None):
        return f"names have up to {_LONGEST_NAME} characters, values are texts, numbers, booleans or null"
    if isinstance(value, float) and not math.isfinite(value):
        return "JSON has no number that is infinite or none"
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"a text has up to {_LONGEST_VALUE} characters"
    try:
        storable(name + str(value))
    except ValueError as error:
        return str(error)
    return None


Tags = Annotated[list[Annotated[Storable, Field(pattern=r"^[^\x00-\x1f]{1,50}$")]], Field(max_length=20)]
CustomFields = Annotated[dict[str, Any], AfterValidator(_flat)]


class TicketCreate(Request):
    """A new ticket."""

    subject: Line = Field(examples=["Trunk 7 is down"])
    description: Text = Field(examples=["All calls over trunk 7 fail with 503 since 16:20 UTC."])
    priority: Priority
    type: TicketType = "incident"
    channel: Channel = Field(default="website", description="`telephone` is for staff; mail and alarms open their own.")
    contact_id: ContactId | None = None
    external_ref: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom_fields: CustomFields = Field(default_factory=dict)
    follows_id: TicketId | None = Field(default=None, description="The ended ticket that this one follows.")
    reseller_id: ResellerId | None = Field(default=None, description="For staff: whose ticket it is.")


class TicketChange(Change):
    """What may be changed of a ticket. Null takes the assignee away."""

    nullable = frozenset({"assignee"})

    subject: Line | None = None
    priority: Priority | None = None
    status: Status | None = None
    assignee: StaffId | None = None
    tags: Tags | None = None
    custom_fields: CustomFields | None = None
    reason: Line | None = None


class Assignee(BaseModel):
    """Who works on a ticket."""

    staff_id: StaffId
    name: str = Field(examples=["Maria Lind"])


class TicketSummary(Answer):
    """A ticket without its text, as events carry it."""

    id: TicketId
    number: str
    reseller_id: ResellerId
    subject: str
    type: TicketType
    priority: Priority
    requested_priority: Priority
    status: Status
    channel: Channel
    assignee: Assignee | None
    external_ref: str | None
    tags: list[str]
    created_at: Instant
    updated_at: Instant
    sla: SlaSummary
    sequence: int


class TicketFacts(Answer):
    """What a ticket shows wherever it is shown."""

    id: TicketId
    number: str
    reseller_id: ResellerId
    subject: str
    description: str
    type: TicketType
    priority: Priority
    requested_priority: Priority
    status: Status
    channel: Channel
    contact_id: ContactId | None
    assignee: Assignee | None
    tags: list[str]
    custom_fields: dict[str, Any]
    external_ref: str | None
    follows_id: TicketId | None
    sla_policy_id: PolicyId
    created_at: Instant
    updated_at: Instant
    first_responded_at: Instant | None
    resolved_at: Instant | None
    closed_at: Instant | None


class TicketListed(TicketFacts):
    """A ticket in a list."""

    sla: SlaSummary


class AttachmentListed(Answer):
    """A file, as tickets and messages name it; `GET /v1/attachments/{id}` is what is in it."""

    id: AttachmentId
    name: str = Field(examples=["trunk-7.pcap"])
    media_type: str = Field(description="Told by its bytes.", examples=["application/vnd.tcpdump.pcap"])
    size: int = Field(description="Bytes.", examples=[4096])


class TicketNamed(Answer):
    """A ticket, by its id and number."""

    id: TicketId
    number: str


class TicketRead(TicketFacts):
    """A ticket."""

    merged_into: TicketNamed | None = Field(
        description="The ticket that goes on in its place: where that was merged, too, the last one."
    )
    attachments: list[AttachmentListed] = Field(
        description="The first hundred that came without a message; `GET /v1/tickets/{id}/attachments` lists all."
    )
    sla: SlaRead


class MessageCreate(Request):
    """A message on a ticket."""

    body: Text
    visibility: Visibility = "public"
    author: Annotated[str, Field(pattern="^(ctc|stf)_[0-9a-z]{26}$")] | None = Field(
        examples=["ctc_01jb9z32jcfcz9rn8z5rymrpva"],
        default=None,
        description="Who wrote it. A contact's message is the customer's, whoever sends it in.",
    )
    automatic: bool = Field(default=False, description="For staff: not written by a person, so it answers nothing.")
    attachment_ids: Annotated[list[AttachmentId], Field(max_length=20)] = Field(
        default_factory=list,
        description="Attachments of the ticket that this message is to carry: as visible as it, and no other's.",
        examples=[[]],
    )


class Author(BaseModel):
    """Who wrote or did something."""

    kind: Literal["contact", "staff", "key", "system", "sender"] = Field(
        description="`sender` is whoever a mail says it is from, where that is not verified or no contact's."
    )
    id: str | None
    name: str


class MessageRead(Answer):
    """A message."""

    id: MessageId
    ticket_id: TicketId
    body: str
    visibility: Visibility
    side: Side
    automatic: bool
    author: Author
    created_at: Instant
    undelivered_to: list[str] = Field(
        description="Addresses of contacts to which mail with this message came back for good.", examples=[[]]
    )
    attachments: list[AttachmentListed]


class MessageData(BaseModel):
    """A message as events carry it: without its text."""

    id: MessageId
    visibility: Visibility
    side: Side


class HistoryRead(Answer):
    """A change of a ticket."""

    at: Instant
    actor: Author
    field: str
    before: Any
    after: Any
    reason: str | None


class TicketQuery(PageQuery):
    """Filters of a list of tickets; a filter that is given twice or with commas means any of the values."""

    status: Annotated[str | None, Field(description="One or more, by comma.")] = None
    priority: str | None = None
    type: TicketType | None = None
    sla_status: str | None = None
    assignee: StaffId | None = None
    tag: Line | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    due_before: Instant | None = None
    external_ref: Line | None = None
    reseller_id: ResellerId | None = Field(default=None, description="For staff.")
    q: Annotated[Line | None, Field(description="Words to search for; best first.")] = None
    sort: Literal["created_at", "-created_at", "next_due_at", "-updated_at"] = "-created_at"
