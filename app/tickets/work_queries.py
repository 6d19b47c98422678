"""All SQL of the ledger of work."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tickets.models import Ticket, WorkLog


async def ledger_of(session: AsyncSession, ticket: Ticket) -> Sequence[WorkLog]:
    """List all work on a ticket, oldest first; its lock keeps more from being added."""
    return (await session.scalars(_on(ticket).order_by(col(WorkLog.id)))).all()


async def list_work(session: AsyncSession, ticket: Ticket, after: UUID | None, limit: int) -> Sequence[WorkLog]:
    """List the work on a ticket, oldest first."""
    return await _page(session, _on(ticket), after, limit)


async def list_work_of_month(
    session: AsyncSession, reseller_id: UUID, month: tuple[UUID, datetime], after: UUID | None, limit: int
) -> Sequence[WorkLog]:
    """List the work that was taken from a paid month, oldest first."""
    query = select(WorkLog).where(
        col(WorkLog.reseller_id) == reseller_id,
        col(WorkLog.purchase_id) == month[0],
        col(WorkLog.month_starts_at) == month[1],
    )
    return await _page(session, query, after, limit)


def _on(ticket: Ticket) -> Select[WorkLog]:
    return select(WorkLog).where(col(WorkLog.reseller_id) == ticket.reseller_id, col(WorkLog.ticket_id) == ticket.id)


async def _page(session: AsyncSession, query: Select[WorkLog], after: UUID | None, limit: int) -> Sequence[WorkLog]:
    if after is not None:
        query = query.where(col(WorkLog.id) > after)
    return (await session.scalars(query.order_by(col(WorkLog.id)).limit(limit))).all()
