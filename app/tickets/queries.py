"""SQL of tickets, one at a time; lists and searches are in ``search``."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.agenda import Timeline, lived_on
from app.resellers.models import Contact
from app.tickets.models import HistoryEntry, Message, Ticket


async def find_ticket(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """Find a ticket by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(Ticket).where(col(Ticket.id) == ticket_id))).first()


async def lock_ticket(session: AsyncSession, reseller_id: UUID, ticket_id: UUID, *, wait: bool = True) -> Ticket | None:
    """Lock a ticket and read it anew; without waiting, one that another holds is not found."""
    query = select(Ticket).where(col(Ticket.reseller_id) == reseller_id, col(Ticket.id) == ticket_id)
    query = query.with_for_update(skip_locked=not wait).execution_options(populate_existing=True)
    return (await session.scalars(query)).first()


async def list_messages(
    session: AsyncSession, ticket: Ticket, after: UUID | None, limit: int, *, internal: bool
) -> Sequence[Message]:
    """List a ticket's messages, oldest first."""
    query = select(Message).where(col(Message.reseller_id) == ticket.reseller_id, col(Message.ticket_id) == ticket.id)
    if not internal:
        query = query.where(col(Message.visibility) == "public")
    if after is not None:
        query = query.where(col(Message.id) > after)
    return (await session.scalars(query.order_by(col(Message.id)).limit(limit))).all()


async def list_history(session: AsyncSession, ticket: Ticket, after: UUID | None, limit: int) -> Sequence[HistoryEntry]:
    """List what was changed of a ticket, oldest first."""
    query = select(HistoryEntry).where(
        col(HistoryEntry.reseller_id) == ticket.reseller_id, col(HistoryEntry.ticket_id) == ticket.id
    )
    if after is not None:
        query = query.where(col(HistoryEntry.id) > after)
    return (await session.scalars(query.order_by(col(HistoryEntry.id)).limit(limit))).all()


async def list_of_contact(session: AsyncSession, contact: Contact, after: UUID | None, limit: int) -> Sequence[Ticket]:
    """List a contact's tickets, newest first."""
    query = select(Ticket).where(col(Ticket.reseller_id) == contact.reseller_id, col(Ticket.contact_id) == contact.id)
    if after is not None:
        query = query.where(col(Ticket.id) < after)
    return (await session.scalars(query.order_by(col(Ticket.id).desc()).limit(limit))).all()


async def next_closing(session: AsyncSession, timeline: Timeline) -> datetime | None:
    """Return the first instant at which a resolved ticket closes by itself."""
    query = select(func.min(col(Ticket.closes_at))).where(
        lived_on(col(Ticket.test_clock_id), timeline), col(Ticket.closes_at).is_not(None)
    )
    at: datetime | None = await session.scalar(query)
    return at


async def tickets_to_close(
    session: AsyncSession, timeline: Timeline, now: datetime, skip: Sequence[UUID], limit: int
) -> Sequence[UUID]:
    """List the resolved tickets whose seven days are over, in order of time."""
    query = select(col(Ticket.id)).where(
        lived_on(col(Ticket.test_clock_id), timeline), col(Ticket.closes_at) <= now, col(Ticket.id).not_in(skip)
    )
    return (await session.scalars(query.order_by(col(Ticket.closes_at), col(Ticket.id)).limit(limit))).all()


async def note_undelivered(session: AsyncSession, reseller_id: UUID, message_id: UUID, address: str) -> None:
    """Remember of a message that it did not reach an address."""
    message = await session.get(Message, (reseller_id, message_id), with_for_update=True)
    if message is not None and address not in message.undelivered_to:
        message.undelivered_to = [*message.undelivered_to, address]
