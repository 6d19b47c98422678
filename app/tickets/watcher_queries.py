"""SQL of those who watch tickets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tickets.models import Ticket, TicketWatcher


async def watchers_of(
    session: AsyncSession, ticket: Ticket, after: UUID | None = None, limit: int | None = None
) -> Sequence[TicketWatcher]:
    """List those who watch a ticket, the longest first."""
    query = select(TicketWatcher).where(
        col(TicketWatcher.reseller_id) == ticket.reseller_id, col(TicketWatcher.ticket_id) == ticket.id
    )
    if after is not None:
        query = query.where(col(TicketWatcher.id) > after)
    return (await session.scalars(query.order_by(col(TicketWatcher.id)).limit(limit))).all()


async def find_watcher(session: AsyncSession, ticket: Ticket, watcher_id: UUID) -> TicketWatcher | None:
    """Find one who watches a ticket."""
    found = await session.get(TicketWatcher, (ticket.reseller_id, watcher_id))
    return found if found is not None and found.ticket_id == ticket.id else None
