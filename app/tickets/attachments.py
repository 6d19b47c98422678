"""Files on tickets: kept once by what is in them, added alone or taken by a message."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal, Scope
from app.events.kinds import EventType
from app.infra.file_names import safe_name
from app.infra.ids import new_id
from app.infra.problems import MissingScope, ValidationFailed
from app.tickets import attachment_queries
from app.tickets.act import Act
from app.tickets.actors import Actor
from app.tickets.attachment_models import Attachment
from app.tickets.merged import refuse_ended
from app.tickets.models import Message, Ticket
from app.tickets.schemas import Visibility


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be kept. ``content_id`` names one that stands inside of a mail's text."""

    name: str
    media_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None


async def attach(
    session: AsyncSession,
    ticket: Ticket,
    message_id: UUID | None,
    files: Sequence[NewFile],
    author: Actor,
    at: datetime,
    *,
    visibility: Visibility = "public",
) -> list[Attachment]:
    """Keep files on a ticket, and tell nobody: who adds them says what happened.

    With a message they are as visible as it is; ``visibility`` is for those without one.
    """
    seen: str = visibility
    if message_id is not None:
        await session.flush()  # the message may be as new as its files
        seen = (await session.get_one(Message, (ticket.reseller_id, message_id))).visibility
    kept = []
    for file in files:
        digest = sha256(file.content).digest()
        await attachment_queries.keep_content(session, ticket.reseller_id, digest, file.content)
        kept.append(
            Attachment(
                reseller_id=ticket.reseller_id,
                id=new_id(),
                ticket_id=ticket.id,
                message_id=message_id,
                name=safe_name(file.name),
                media_type=file.media_type,
                size=len(file.content),
                sha256=digest,
                visibility=seen,
                inline=file.inline,
                content_id=file.content_id,
                author=dict(author.recorded()),
                created_at=at,
            )
        )
    session.add_all(kept)
    await session.flush()
    return kept


async def add_attachments(
    act: Act, principal: Principal, files: AsyncIterator[NewFile], visibility: Visibility
) -> list[Attachment]:
    """Add files to a ticket in hand, one after the other, so that one is in memory at a time.

    Raises:
        InvalidTransition: the ticket is closed or cancelled.
        MissingScope: a reseller's key asked for what is the desk's own.
    """
    await refuse_ended(act.session, act.ticket, "takes no attachment")
    internal = visibility == "internal"
    if internal and not principal.is_staff:
        raise MissingScope("internal attachments are the desk's own", scope=str(Scope.STAFF))
    kept: list[Attachment] = []
    async for file in files:
        kept += await attach(act.session, act.ticket, None, [file], act.actor, act.now, visibility=visibility)
    if not internal:  # what a reseller may not see moves nothing that it sees, its history neither
        act.note("attachments", None, [attachment.name for attachment in kept])
    act.tell(EventType.TICKET_UPDATED, operator_only=internal)
    return kept


async def give(session: AsyncSession, ticket: Ticket, message: Message, ids: Sequence[UUID]) -> None:
    """Let a new message, which is written, carry attachments of its ticket.

    Raises:
        ValidationFailed: one is not there, belongs to a message already, or is not as visible as the message.
    """
    found = {one.id: one for one in await attachment_queries.lock_attachments(session, ticket, ids)}
    for place, attachment_id in enumerate(ids):
        attachment, pointer = found.get(attachment_id), f"/attachment_ids/{place}"
        if attachment is None:
            raise ValidationFailed.at(pointer, "this ticket has no such attachment")
        if attachment.message_id is not None:
            raise ValidationFailed.at(pointer, "this attachment is named twice or belongs to a message already")
        if attachment.visibility != message.visibility:
            raise ValidationFailed.at(
                pointer, f"this attachment is {attachment.visibility}, and the message {message.visibility}"
            )
        attachment.message_id = message.id
