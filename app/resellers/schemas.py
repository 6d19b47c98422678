"""Wire shapes of contacts."""

from typing import Annotated, Literal

from pydantic import Field

from app.infra.ids import ContactId, ResellerId
from app.infra.wire import Answer, Email, Instant, Line, Request

ContactKind = Literal["reseller_staff", "end_customer"]


class ContactCreate(Request):
    """A new contact."""

    kind: ContactKind = "reseller_staff"
    name: Line
    email: Email | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 ()./-]{3,40}$")] | None = None
    reseller_id: ResellerId | None = Field(default=None, description="For staff: whose contact it is.")


class ContactRead(Answer):
    """A person at a reseller, or, with Branded, one of the reseller's own customers."""

    id: ContactId
    reseller_id: ResellerId
    kind: ContactKind
    name: str
    email: str | None
    phone: str | None
    created_at: Instant
