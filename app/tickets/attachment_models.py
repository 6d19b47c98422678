"""Tables of attachments and of what is in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json


class AttachmentContent(SQLModel, table=True):
    """The bytes of a file, one copy for each reseller; not compressed, since most files are already."""

    __tablename__ = "attachment_contents"

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    sha256: bytes = Field(sa_type=LargeBinary, primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class Attachment(SQLModel, table=True):
    """A file on a ticket, alone or with a message. Internal ones are the operator's alone."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        ForeignKeyConstraint(["reseller_id", "message_id"], ["messages.reseller_id", "messages.id"]),
        ForeignKeyConstraint(
            ["reseller_id", "sha256"], ["attachment_contents.reseller_id", "attachment_contents.sha256"]
        ),
        Index("ix_attachments_ticket", "reseller_id", "ticket_id", "id"),
        Index(
            "ix_attachments_message",
            "reseller_id",
            "message_id",
            "id",
            postgresql_where=text("message_id is not null"),
        ),
        Index("ix_attachments_content", "reseller_id", "sha256"),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    ticket_id: UUID
    message_id: UUID | None = None
    name: str
    media_type: str
    size: int
    sha256: bytes = Field(sa_type=LargeBinary)
    visibility: str
    inline: bool = False
    content_id: str | None = None
    author: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
