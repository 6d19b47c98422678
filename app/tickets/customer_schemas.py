"""Wire shapes of what an end customer sees. Nothing of the operator's may stand in them, nor a person of its."""

from typing import Literal

from pydantic import BaseModel, Field

from app.infra.ids import AttachmentId, MessageId, TicketId
from app.infra.wire import Instant, Page
from app.resellers.brand_schemas import Brand
from app.sla.words import Priority


class ForEndCustomers(BaseModel):
    """What a portal may show to an end customer as it is. Operations that answer it carry ``FOR_END_CUSTOMERS``."""


FOR_END_CUSTOMERS = {"x-audience": "end_customer"}
"""Marks an operation in the document: what it answers is for end customers' eyes."""


class CustomerTicket(ForEndCustomers):
    """A ticket as its end customer sees it."""

    id: TicketId
    number: str
    subject: str
    description: str
    status: str
    priority: Priority
    created_at: Instant
    updated_at: Instant


class CustomerAttachment(ForEndCustomers):
    """A file as an end customer sees it."""

    id: AttachmentId
    name: str
    media_type: str
    size: int


class CustomerMessage(ForEndCustomers):
    """A message as an end customer sees it: its own, or the brand's."""

    id: MessageId
    by: Literal["customer", "brand"]
    author: str
    body: str
    created_at: Instant
    attachments: list[CustomerAttachment]


class CustomerView(CustomerTicket):
    """A ticket as its end customer sees it, with what was said and how the brand presents itself."""

    brand: Brand
    attachments: list[CustomerAttachment] = Field(description="The first hundred that came without a message.")
    messages: Page[CustomerMessage]
