"""All SQL of escalations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.escalations.models import Escalation


async def raise_once(session: AsyncSession, values: dict[str, object]) -> Escalation | None:
    """Insert an escalation; None where this step of this clock was raised before."""
    statement = insert(Escalation).values(**values).on_conflict_do_nothing().returning(Escalation)
    return (await session.scalars(statement)).first()


async def find_escalation(session: AsyncSession, escalation_id: UUID) -> Escalation | None:
    """Find an escalation by its id alone; under a tenant only its own are there."""
    query = select(Escalation).where(col(Escalation.id) == escalation_id).execution_options(populate_existing=True)
    return (await session.scalars(query)).first()


async def unresolved_of_clock(session: AsyncSession, reseller_id: UUID, clock_id: UUID) -> Sequence[Escalation]:
    """Lock the escalations of a clock that are not resolved, in the order in which they were raised."""
    query = select(Escalation).where(
        col(Escalation.reseller_id) == reseller_id,
        col(Escalation.clock_id) == clock_id,
        col(Escalation.state) != "resolved",
    )
    return (await session.scalars(query.order_by(col(Escalation.id)).with_for_update())).all()


async def unresolved_by_hand(session: AsyncSession, reseller_id: UUID, ticket_id: UUID) -> Sequence[Escalation]:
    """Lock a ticket's escalations by hand that are not resolved, in the order in which they were raised."""
    query = select(Escalation).where(
        col(Escalation.reseller_id) == reseller_id,
        col(Escalation.ticket_id) == ticket_id,
        col(Escalation.clock_id).is_(None),
        col(Escalation.state) != "resolved",
    )
    return (await session.scalars(query.order_by(col(Escalation.id)).with_for_update())).all()


async def unresolved_of_ticket(session: AsyncSession, reseller_id: UUID, ticket_id: UUID) -> Sequence[Escalation]:
    """Lock all of a ticket's escalations that are not resolved, in the order in which they were raised."""
    query = select(Escalation).where(
        col(Escalation.reseller_id) == reseller_id,
        col(Escalation.ticket_id) == ticket_id,
        col(Escalation.state) != "resolved",
    )
    return (await session.scalars(query.order_by(col(Escalation.id)).with_for_update())).all()


async def list_escalations(
    session: AsyncSession,
    after: UUID | None,
    limit: int,
    *,
    state: str | None,
    ticket_id: UUID | None,
    role: str | None,
) -> Sequence[Escalation]:
    """List escalations, newest first."""
    query = select(Escalation).order_by(col(Escalation.id).desc()).limit(limit)
    if state is not None:
        query = query.where(col(Escalation.state) == state)
    if ticket_id is not None:
        query = query.where(col(Escalation.ticket_id) == ticket_id)
    if role is not None:
        query = query.where(col(Escalation.role) == role)
    if after is not None:
        query = query.where(col(Escalation.id) < after)
    return (await session.scalars(query)).all()


def resolve(escalation: Escalation, at: datetime) -> None:
    """Put an escalation's resolution into its row."""
    escalation.state, escalation.resolved_at = "resolved", at
    escalation.version += 1
