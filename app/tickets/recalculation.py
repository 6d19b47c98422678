"""Recalculations: a walk over a reseller's live tickets after its terms changed.

What a change does to a clock happens at the instant of the change, whenever the walk gets there; whoever touches a
ticket before the walk does the same. So the walk is only in a hurry, never in the way: small batches, each its own
transaction, and it goes on where it stopped.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import TestClock
from app.auth.visit import time_of
from app.clocks.models import Recalculation
from app.entitlements.facts import TermsChange
from app.infra.agenda import Timeline
from app.infra.ids import new_id
from app.tickets import queries
from app.tickets.act import take
from app.tickets.actors import TIME

_log = structlog.get_logger(__name__)


async def schedule(session: AsyncSession, change: TermsChange) -> None:
    """Put a walk on the agenda for the instant of a change."""
    session.add(
        Recalculation(
            reseller_id=change.reseller_id,
            id=new_id(),
            at=change.at,
            cause=change.cause,
            test_clock_id=change.test_clock_id,
            created_at=change.at,
        )
    )
    await session.flush()


class Recalculations:
    """The source of walks. On the wall clock it also serves test clocks, as far as their present instant."""

    name = "recalculations"

    async def next_due(self, session: AsyncSession, timeline: Timeline) -> datetime | None:
        """Return the first instant at which a walk is to begin or to go on."""
        query = select(col(Recalculation.at)).where(_waiting(timeline)).order_by(col(Recalculation.at)).limit(1)
        at: datetime | None = await session.scalar(query)
        return at

    async def run_due(self, session: AsyncSession, timeline: Timeline, now: datetime, limit: int) -> int:
        """Walk a batch of one reseller's tickets; returns how many were walked, and one for ending a walk."""
        walk = await _lock_due(session, timeline, now)
        if walk is None:
            return 0
        present = now if timeline.test_clock_id else await time_of(session, walk.test_clock_id, now)
        if walk.started_at is None:
            walk.started_at, walk.total = present, await queries.count_live(session, walk.reseller_id)
        batch = await queries.live_tickets(session, walk.reseller_id, walk.cursor_id, limit)
        for ticket_id in batch:
            walk.changed += await _settle(session, ticket_id, now)
            walk.cursor_id, walk.done = ticket_id, walk.done + 1
        if len(batch) < limit:
            walk.finished_at = present
        return limit  # there may be more, of this walk or of another


async def _settle(session: AsyncSession, ticket_id: UUID, wall: datetime) -> bool:
    try:
        async with session.begin_nested():
            act = await take(session, ticket_id, TIME, wall)
            await act.finish()
            return act.moved_deadline
    except Exception:  # noqa: BLE001 - whatever it is, it may hold up no other ticket
        _log.exception("ticket left out of a recalculation", ticket_id=str(ticket_id))
        return False


def _waiting(timeline: Timeline) -> ColumnElement[bool]:
    unfinished = col(Recalculation.finished_at).is_(None)
    return and_(unfinished, col(Recalculation.test_clock_id).is_not_distinct_from(timeline.test_clock_id))


async def _lock_due(session: AsyncSession, timeline: Timeline, now: datetime) -> Recalculation | None:
    due = and_(_waiting(timeline), col(Recalculation.at) <= now)
    if timeline.test_clock_id is None:
        clock_now = select(col(TestClock.now_at)).where(col(TestClock.id) == col(Recalculation.test_clock_id))
        present = and_(col(Recalculation.finished_at).is_(None), col(Recalculation.at) <= clock_now.scalar_subquery())
        due = or_(due, present)
    query = select(Recalculation).where(due).order_by(col(Recalculation.at), col(Recalculation.id)).limit(1)
    return (await session.scalars(query.with_for_update(skip_locked=True))).first()
