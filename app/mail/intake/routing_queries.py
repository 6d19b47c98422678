"""SQL of routing: what was taken before, mails of ours, people by their addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnExpressionArgument, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import Staff
from app.infra.ids import encode
from app.mail.models import InboundMail, Mailbox, OutgoingMail
from app.resellers.models import Contact
from app.tickets.models import Message, Ticket

# In the order of what is locked, or two mails that name the same ones would wait for each other.
_HOLD = text("""
select pg_advisory_xact_lock(lock) from (
  select distinct hashtextextended('mail thread ' || key, 0) as lock from unnest(cast(:keys as text[])) as t (key)
   order by lock
) as ordered
""")


async def hold_threads(session: AsyncSession, keys: Sequence[str]) -> None:
    """Let mails that name the same Message-IDs be taken one after the other, so that two do not open two tickets.

    Taken before every other lock but that on the mail itself.
    """
    await session.execute(_HOLD, {"keys": list(keys)})


async def staff_with_address(session: AsyncSession, address: str) -> Staff | None:
    """Find one of the operator's people by their address."""
    return (await session.scalars(select(Staff).where(func.lower(col(Staff.email)) == address.lower()))).first()


async def mailboxes_at(session: AsyncSession, addresses: Sequence[str]) -> Sequence[UUID]:
    """List the mailboxes of ours among addresses."""
    query = select(col(Mailbox.id)).where(func.lower(col(Mailbox.address)).in_([each.lower() for each in addresses]))
    return (await session.scalars(query)).all()


async def earlier_ones(session: AsyncSession, mail: InboundMail, reseller_id: UUID) -> Sequence[InboundMail]:
    """List the mails with the same Message-ID that became a reseller's within a day, the first one first."""
    day = timedelta(days=1)
    query = select(InboundMail).where(
        col(InboundMail.message_key) == mail.message_key,
        col(InboundMail.id) != mail.id,
        col(InboundMail.routed_reseller_id) == reseller_id,
        col(InboundMail.ticket_id).is_not(None),
        col(InboundMail.accepted_at).between(mail.accepted_at - day, mail.accepted_at + day),
    )
    return (await session.scalars(query.order_by(col(InboundMail.id)).limit(50))).all()


async def opened_by(session: AsyncSession, sender: str, since: datetime, until: datetime) -> int:
    """Count the tickets that a sender's mails opened, by when they were accepted."""
    return await _count(session, since, until, col(InboundMail.sender) == sender, col(InboundMail.opened))


async def written_by(session: AsyncSession, sender: str, ticket_id: UUID, since: datetime, until: datetime) -> int:
    """Count the mails of a sender on a ticket, by when they were accepted."""
    on_ticket = col(InboundMail.ticket_id) == ticket_id
    return await _count(session, since, until, col(InboundMail.sender) == sender, on_ticket)


async def reopened_of(session: AsyncSession, ticket_id: UUID, since: datetime, until: datetime) -> int:
    """Count how often mails reopened a ticket, by when they were accepted."""
    return await _count(session, since, until, col(InboundMail.ticket_id) == ticket_id, col(InboundMail.reopened))


async def _count(
    session: AsyncSession, since: datetime, until: datetime, *which: ColumnExpressionArgument[bool]
) -> int:
    at = col(InboundMail.accepted_at)
    return (
        await session.scalar(select(func.count()).select_from(InboundMail).where(*which, at > since, at <= until)) or 0
    )


async def tickets_numbered(session: AsyncSession, reseller_id: UUID, numbers: Sequence[int]) -> Sequence[Ticket]:
    """List the tickets of a reseller that have these numbers."""
    query = select(Ticket).where(col(Ticket.reseller_id) == reseller_id, col(Ticket.number).in_(numbers))
    return (await session.scalars(query.order_by(col(Ticket.id)))).all()


async def has_written(session: AsyncSession, ticket: Ticket, contact: Contact) -> bool:
    """Tell whether a contact has written on a ticket."""
    query = select(col(Message.id)).where(
        col(Message.reseller_id) == ticket.reseller_id,
        col(Message.ticket_id) == ticket.id,
        col(Message.author)["id"].astext == encode("ctc", contact.id),
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def outgoing_numbered(session: AsyncSession, number: int) -> OutgoingMail | None:
    """Find a mail of ours by its number."""
    return (await session.scalars(select(OutgoingMail).where(col(OutgoingMail.number) == number))).first()


async def outgoing(session: AsyncSession, mail_id: UUID) -> OutgoingMail | None:
    """Find a mail of ours."""
    return (await session.scalars(select(OutgoingMail).where(col(OutgoingMail.id) == mail_id))).first()


async def lock_outgoing(session: AsyncSession, mail: OutgoingMail) -> OutgoingMail:
    """Lock a mail of ours and read it anew."""
    key = (mail.reseller_id, mail.id)
    return await session.get_one(OutgoingMail, key, with_for_update=True, populate_existing=True)
