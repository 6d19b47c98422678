"""SQL of attachments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tickets.attachment_models import Attachment, AttachmentContent
from app.tickets.models import Message, Ticket

_MOST_SHOWN = 100


async def keep_content(session: AsyncSession, reseller_id: UUID, sha256: bytes, content: bytes) -> None:
    """Keep the bytes of a file, unless its reseller has the same already."""
    values = {"reseller_id": reseller_id, "sha256": sha256, "content": content}
    # Without a target: with one, a tenant would have to see what is there, and may not where all of it is internal.
    await session.execute(insert(AttachmentContent).values(**values).on_conflict_do_nothing())


async def find_attachment(session: AsyncSession, attachment_id: UUID) -> Attachment | None:
    """Find an attachment by its id alone; under a tenant only its own public ones are there."""
    return (await session.scalars(select(Attachment).where(col(Attachment.id) == attachment_id))).first()


async def content_of(session: AsyncSession, attachment: Attachment) -> bytes:
    """Read the bytes of an attachment."""
    query = select(col(AttachmentContent.content)).where(
        col(AttachmentContent.reseller_id) == attachment.reseller_id,
        col(AttachmentContent.sha256) == attachment.sha256,
    )
    return (await session.scalars(query)).one()


async def lock_attachments(session: AsyncSession, ticket: Ticket, ids: Sequence[UUID]) -> Sequence[Attachment]:
    """Lock attachments of a ticket, in the order of their ids."""
    query = _of(ticket).where(col(Attachment.id).in_(ids)).order_by(col(Attachment.id))
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).all()


async def list_attachments(
    session: AsyncSession, ticket: Ticket, after: UUID | None, limit: int, *, internal: bool
) -> Sequence[Attachment]:
    """List a ticket's attachments, those of its messages included, oldest first."""
    query = _seen(_of(ticket), internal=internal)
    if after is not None:
        query = query.where(col(Attachment.id) > after)
    return (await session.scalars(query.order_by(col(Attachment.id)).limit(limit))).all()


async def attachments_alone(session: AsyncSession, ticket: Ticket, *, internal: bool) -> Sequence[Attachment]:
    """List the attachments of a ticket that came with no message, as many as are shown with it, oldest first."""
    query = _seen(_of(ticket), internal=internal).where(col(Attachment.message_id).is_(None))
    return (await session.scalars(query.order_by(col(Attachment.id)).limit(_MOST_SHOWN))).all()


async def attachments_of(session: AsyncSession, messages: Sequence[Message]) -> Mapping[UUID, list[Attachment]]:
    """Return the attachments of messages of one ticket, by the message's id."""
    found: dict[UUID, list[Attachment]] = defaultdict(list)
    if not messages:
        return found
    query = select(Attachment).where(
        col(Attachment.reseller_id) == messages[0].reseller_id,
        col(Attachment.message_id).in_([message.id for message in messages]),
    )
    for attachment in await session.scalars(query.order_by(col(Attachment.id))):
        assert attachment.message_id is not None
        found[attachment.message_id].append(attachment)
    return found


def _of(ticket: Ticket) -> Select[Attachment]:
    return select(Attachment).where(
        col(Attachment.reseller_id) == ticket.reseller_id, col(Attachment.ticket_id) == ticket.id
    )


def _seen(query: Select[Attachment], *, internal: bool) -> Select[Attachment]:
    return query if internal else query.where(col(Attachment.visibility) == "public")
