"""Test clocks: making time pass, instant by instant, each in a transaction of its own.

The clock's row is the lock. An advance that is cut short goes on from where it stopped: the worker sees to it, or
whoever asks again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import queries
from app.auth.models import TestClock
from app.infra.agenda import Source, Timeline, first_due
from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.now import wall_now
from app.infra.problems import Conflict, NotFound, ValidationFailed
from app.infra.wire import rfc3339

INTERRUPTED_AFTER = timedelta(seconds=10)
_MOST_AT_ONCE = 20_000
_FARTHEST = timedelta(days=3660)


async def make(session: AsyncSession, now: datetime, wall: datetime) -> TestClock:
    """Make a test clock that stands at an instant."""
    clock = TestClock(id=new_id(), now_at=now, created_at=wall)
    session.add(clock)
    await session.flush()
    return clock


async def remove(session: AsyncSession, test_clock_id: UUID) -> None:
    """Remove a test clock that nobody lives on.

    Raises:
        NotFound: there is none.
        Conflict: it is being advanced, resellers live on it, or a policy was published for it.
    """
    clock = await queries.lock_test_clock(session, test_clock_id)
    if clock is None:
        raise NotFound("there is no such test clock")
    if clock.target_at is not None:
        raise Conflict(f"this test clock is on its way to {rfc3339(clock.target_at)}: wait until it is there")
    if count := await queries.count_resellers_on(session, test_clock_id):
        raise Conflict(f"{count} resellers live on this test clock, and what happened to them is kept")
    await session.delete(clock)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("a version of the policy was published for this test clock, and versions are kept") from error


async def advance(database: Database, sources: Sequence[Source], test_clock_id: UUID, to: datetime) -> TestClock:
    """Advance a test clock; when this returns, all that would have happened on the way has.

    Raises:
        NotFound: there is no such clock.
        ValidationFailed: the instant lies behind the clock, or more than ten years ahead.
    """
    await _aim(database, test_clock_id, to)
    return await go_on(database, sources, test_clock_id)


async def go_on(database: Database, sources: Sequence[Source], test_clock_id: UUID) -> TestClock:
    """Go on with an advance until its target is reached."""
    while True:
        clock = await _step(database, sources, test_clock_id)
        if clock.target_at is None:
            return clock


async def _aim(database: Database, test_clock_id: UUID, to: datetime) -> None:
    async with database.transaction() as session:
        clock = await queries.lock_test_clock(session, test_clock_id)
        if clock is None:
            raise NotFound("there is no such test clock")
        if to < clock.now_at:
            raise ValidationFailed.at("/to", f"a test clock goes forward only: it stands at {rfc3339(clock.now_at)}")
        if to - clock.now_at > _FARTHEST:
            raise ValidationFailed.at("/to", "at most ten years at once")
        clock.target_at = max(to, clock.target_at or to)
        clock.advanced_at = wall_now()  # a sign of life, not a moment of the desk's


async def _step(database: Database, sources: Sequence[Source], test_clock_id: UUID) -> TestClock:
    """Go on to the next instant at which something falls due, or to the target."""
    timeline = Timeline(test_clock_id)
    async with database.transaction() as session:
        clock = await queries.lock_test_clock(session, test_clock_id)
        assert clock is not None, "a clock that is being advanced is not removed"
        if clock.target_at is None:
            return clock
        due = await first_due(session, sources, timeline)
        if due is None or due > clock.target_at:
            clock.now_at, clock.target_at = clock.target_at, None
        else:
            clock.now_at = max(due, clock.now_at)
            await session.flush()
            for source in sources:
                await source.run_due(session, timeline, clock.now_at, _MOST_AT_ONCE)
        clock.advanced_at = wall_now()
        return clock
