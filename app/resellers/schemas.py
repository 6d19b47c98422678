"""Wire shapes of contacts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.infra.ids import ContactId, ResellerId
from app.infra.wire import Answer, Change, Email, Instant, Line, Request
from app.resellers.models import Contact

Phone = Annotated[str, Field(pattern=r"^\+?[0-9 ()./-]{3,40}$")]
ContactKind = Literal["reseller_staff", "end_customer"]


class ContactCreate(Request):
    """A new contact."""

    kind: ContactKind = "reseller_staff"
    name: Line
    email: Email | None = None
    phone: Phone | None = None
    reseller_id: ResellerId | None = Field(default=None, description="For staff: whose contact it is.")


class NotificationsChange(Change):
    """What is to be sent to a contact, and what is not; what is left out stays."""

    acknowledgements: bool | None = None
    replies: bool | None = None
    status_changes: bool | None = None
    endpoint_notices: bool | None = None


class ContactChange(Change):
    """What may be changed of a contact. Null takes its address or telephone away."""

    nullable = frozenset({"email", "phone"})

    name: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    notifications: NotificationsChange | None = None
    mail_suspended: Literal[False] | None = Field(
        default=None, description="`false`: mail is sent to its address again, which it was not since it failed."
    )


class Notifications(BaseModel):
    """What is sent to a contact by mail."""

    acknowledgements: bool = Field(description="That its ticket was taken.")
    replies: bool = Field(description="What is written to it in public.")
    status_changes: bool = Field(description="That its ticket stands elsewhere.")
    endpoint_notices: bool = Field(description="That an endpoint for webhooks of its reseller's fails.")


class ContactMail(BaseModel):
    """How mail to a contact's address fares."""

    suspended_at: Instant | None = Field(description="Since when none is sent to it.")
    bounced_at: Instant | None = Field(description="When mail to it last came back.")


class ContactRead(Answer):
    """A person at a reseller, or, with Branded, one of the reseller's own customers."""

    id: ContactId
    reseller_id: ResellerId
    kind: ContactKind
    name: str
    email: str | None
    phone: str | None
    notifications: Notifications
    mail: ContactMail
    created_at: Instant


def contact_of(contact: Contact) -> ContactRead:
    """Return a contact as it is shown."""
    mail = {"suspended_at": contact.mail_suspended_at, "bounced_at": contact.mail_bounced_at}
    return ContactRead.model_validate(contact.model_dump() | {"mail": mail})
