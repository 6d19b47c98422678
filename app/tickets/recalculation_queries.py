"""All SQL of recalculations and their digests."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import TestClock
from app.clocks.models import Recalculation, RecalculationDigest
from app.infra.agenda import Timeline, lived_on


def _waiting(timeline: Timeline) -> ColumnElement[bool]:
    return and_(col(Recalculation.finished_at).is_(None), lived_on(col(Recalculation.test_clock_id), timeline))


async def next_due(session: AsyncSession, timeline: Timeline) -> datetime | None:
    """Return the first instant at which a walk is to begin or to go on."""
    query = select(col(Recalculation.at)).where(_waiting(timeline)).order_by(col(Recalculation.at)).limit(1)
    at: datetime | None = await session.scalar(query)
    return at


async def lock_due(session: AsyncSession, timeline: Timeline, now: datetime) -> Recalculation | None:
    """Lock the first walk whose instant has come and that nobody else walks.

    On the wall's time those on test clocks come along, each with its clock held where it stands; one that is being
    advanced is left to its advance.
    """
    due = and_(_waiting(timeline), col(Recalculation.at) <= now)
    if timeline.test_clock_id is None:
        passed = select(col(TestClock.id)).where(
            col(TestClock.id) == col(Recalculation.test_clock_id), col(Recalculation.at) <= col(TestClock.now_at)
        )
        held = passed.with_for_update(read=True, skip_locked=True).exists()
        due = or_(due, and_(col(Recalculation.finished_at).is_(None), held))
    query = select(Recalculation).where(due).order_by(col(Recalculation.at), col(Recalculation.id)).limit(1)
    return (await session.scalars(query.with_for_update(skip_locked=True))).first()


async def find_recalculation(session: AsyncSession, recalculation_id: UUID) -> Recalculation | None:
    """Find a recalculation by its id alone."""
    return (await session.scalars(select(Recalculation).where(col(Recalculation.id) == recalculation_id))).first()


async def list_recalculations(
    session: AsyncSession, state: str | None, after: UUID | None, limit: int
) -> Sequence[Recalculation]:
    """List recalculations, newest first."""
    query = select(Recalculation).order_by(col(Recalculation.id).desc()).limit(limit)
    if state is not None:
        query = query.where(_in_state(state))
    if after is not None:
        query = query.where(col(Recalculation.id) < after)
    return (await session.scalars(query)).all()


def _in_state(state: str) -> ColumnElement[bool]:
    if state == "finished":
        return col(Recalculation.finished_at).is_not(None)
    begun = col(Recalculation.started_at)
    begun_as_asked = begun.is_(None) if state == "scheduled" else begun.is_not(None)
    return and_(col(Recalculation.finished_at).is_(None), begun_as_asked)


async def read_digests(
    session: AsyncSession, walk_id: UUID, reseller_ids: Sequence[UUID]
) -> dict[UUID, RecalculationDigest]:
    """Read the digests of some resellers so far; the walk's lock is theirs."""
    query = select(RecalculationDigest).where(
        col(RecalculationDigest.recalculation_id) == walk_id, col(RecalculationDigest.reseller_id).in_(reseller_ids)
    )
    return {row.reseller_id: row for row in await session.scalars(query)}


async def write_digests(session: AsyncSession, digests: Sequence[dict[str, object]]) -> None:
    """Write digests, new ones and those that have grown."""
    query = insert(RecalculationDigest)
    grown = {name: query.excluded[name] for name in ("changed", "breached", "examples")}
    await session.execute(query.on_conflict_do_update(constraint="pk_recalculation_digests", set_=grown), list(digests))


async def take_digests(session: AsyncSession, walk_id: UUID) -> Sequence[RecalculationDigest]:
    """Remove a walk's digests, and return them."""
    query = delete(RecalculationDigest).where(col(RecalculationDigest.recalculation_id) == walk_id)
    return (await session.scalars(query.returning(RecalculationDigest))).all()
