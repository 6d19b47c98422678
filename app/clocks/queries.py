"""All SQL of clocks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.clocks.models import SlaClock, SlaClockChange
from app.clocks.rows import LedgerLine
from app.infra.agenda import Timeline, lived_on
from app.infra.arrays import as_arrays, columns_of, insert_of
from app.sla.terms import Metric

_LEDGER = columns_of(SlaClockChange, SlaClockChange.model_fields)
_WRITE_LEDGER = text(insert_of("sla_clock_changes", _LEDGER))


async def latest_clocks(session: AsyncSession, reseller_id: UUID, ticket_id: UUID) -> Sequence[SlaClock]:
    """Read the latest clock of each metric of a ticket."""
    query = (
        select(SlaClock)
        .ext(distinct_on(col(SlaClock.metric)))
        .where(col(SlaClock.reseller_id) == reseller_id, col(SlaClock.ticket_id) == ticket_id)
        .order_by(col(SlaClock.metric), col(SlaClock.started_at).desc(), col(SlaClock.id).desc())
    )
    return (await session.scalars(query)).all()


async def list_clocks(session: AsyncSession, reseller_id: UUID, ticket_id: UUID) -> Sequence[SlaClock]:
    """Read every clock that a ticket ever had, oldest first."""
    query = select(SlaClock).where(col(SlaClock.reseller_id) == reseller_id, col(SlaClock.ticket_id) == ticket_id)
    return (await session.scalars(query.order_by(col(SlaClock.started_at), col(SlaClock.id)))).all()


async def write_ledger(session: AsyncSession, lines: Sequence[LedgerLine]) -> None:
    """Add lines to the ledger: however many, in one statement."""
    if lines:
        await session.execute(_WRITE_LEDGER, as_arrays(lines, _LEDGER))


async def find_clock(session: AsyncSession, reseller_id: UUID, ticket_id: UUID, clock_id: UUID) -> SlaClock | None:
    """Find a clock of a ticket."""
    query = select(SlaClock).where(col(SlaClock.reseller_id) == reseller_id, col(SlaClock.id) == clock_id)
    return (await session.scalars(query.where(col(SlaClock.ticket_id) == ticket_id))).first()


async def read_ledgers(session: AsyncSession, reseller_id: UUID, clock_ids: Sequence[UUID]) -> Sequence[SlaClockChange]:
    """Read the ledgers of clocks, each in order."""
    change = SlaClockChange
    query = select(change).where(col(change.reseller_id) == reseller_id, col(change.clock_id).in_(clock_ids))
    return (await session.scalars(query.order_by(col(change.at), col(change.id)))).all()


async def next_wake(session: AsyncSession, timeline: Timeline) -> datetime | None:
    """Return the first instant at which time alone moves a clock."""
    query = select(func.min(col(SlaClock.wake_at))).where(
        lived_on(col(SlaClock.test_clock_id), timeline), col(SlaClock.wake_at).is_not(None)
    )
    at: datetime | None = await session.scalar(query)
    return at


async def tickets_to_wake(
    session: AsyncSession, timeline: Timeline, now: datetime, skip: Sequence[UUID], limit: int
) -> Sequence[UUID]:
    """List the tickets whose clocks are to be looked at, in order of time.

    The index is read from its beginning and no further than is needed: grouping by ticket would read all that is due,
    for each batch again. A ticket has at most one clock of each metric that time moves.
    """
    query = (
        select(col(SlaClock.ticket_id))
        .where(
            lived_on(col(SlaClock.test_clock_id), timeline),
            col(SlaClock.wake_at) <= now,
            col(SlaClock.ticket_id).not_in(skip),
        )
        .order_by(col(SlaClock.wake_at), col(SlaClock.ticket_id))
        .limit(limit * len(Metric))
    )
    return list(dict.fromkeys(await session.scalars(query)))[:limit]
