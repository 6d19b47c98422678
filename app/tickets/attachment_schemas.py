"""Wire shapes of attachments."""

from typing import Annotated

from fastapi import UploadFile
from pydantic import Field

from app.infra.ids import MessageId, TicketId
from app.infra.wire import Answer, Instant, Request
from app.tickets.schemas import AttachmentListed, Author, Visibility

MOST_FILES = 20


class AttachmentsCreate(Request):
    """Files to be added to a ticket."""

    files: Annotated[list[UploadFile], Field(min_length=1, max_length=MOST_FILES, examples=[["(the bytes of a file)"]])]
    visibility: Visibility = Field(default="public", description="`internal` is for staff.")


class AttachmentRead(AttachmentListed):
    """A file on a ticket."""

    ticket_id: TicketId
    message_id: MessageId | None = Field(description="The message that carries it; null: it came alone.")
    sha256: str = Field(description="Of what is in it, in hexadecimal digits.", examples=["9f86d081884c7d65" * 4])
    visibility: Visibility
    inline: bool = Field(description="It stands inside of a mail's text.")
    author: Author
    created_at: Instant


class AttachmentsAdded(Answer):
    """The files that were added, in the order in which they were sent."""

    data: list[AttachmentRead]
