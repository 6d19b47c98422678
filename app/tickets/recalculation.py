"""Recalculations: a walk over live tickets after terms changed.

What a change does to a clock happens at the instant of the change, whenever the walk gets there; whoever touches a
ticket before the walk does the same. So the walk is only in a hurry, never in the way: it takes small batches, each a
transaction, leaves aside what somebody holds until the rest of the batch is let go, and goes on where it stopped.
"""

from datetime import datetime
from enum import Enum, auto
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.visit import time_of
from app.catalogue.facts import PolicyPublished
from app.clocks.models import Recalculation
from app.entitlements.facts import TermsChange, TermsChangeForAll
from app.infra.agenda import Timeline
from app.infra.ids import new_id
from app.resellers.queries import operator_id, resellers_on
from app.tickets import batch, batch_queries
from app.tickets import recalculation_queries as queries
from app.tickets.act import settle_if_free
from app.tickets.digests import Told, close_digests, tell

BATCH = 500
_AT_ONCE = 25
_log = structlog.get_logger(__name__)


async def schedule(session: AsyncSession, change: TermsChange) -> list[UUID]:
    """Put a walk over one reseller's tickets on the agenda for the instant of a change; returns its id."""
    walk = _walk(change.reseller_id, change.at, change.cause, change.cause_id, digest=change.digest)
    walk.test_clock_id = change.test_clock_id
    session.add(walk)
    await session.flush()
    return [walk.id]


async def schedule_for_all(session: AsyncSession, change: TermsChangeForAll) -> list[UUID]:
    """Put a walk over everyone's tickets on the agenda; returns its id."""
    operator = await operator_id(session)
    walk = _walk(operator, change.at, change.cause, change.cause_id, digest=change.digest)
    walk.everyone = True
    session.add(walk)
    await session.flush()
    return [walk.id]


async def schedule_policy(session: AsyncSession, published: PolicyPublished) -> list[UUID]:
    """Put what a version of the policy changes on the agenda, for everyone or for each of those on a test clock."""
    cause = (published.at, "sla_policy.published", published.policy_id, published.digest)
    if published.test_clock_id is None:
        return await schedule_for_all(session, TermsChangeForAll(*cause))
    walks: list[UUID] = []
    for reseller_id in await resellers_on(session, published.test_clock_id):
        walks += await schedule(session, TermsChange(reseller_id, published.test_clock_id, *cause))
    return walks


def _walk(reseller_id: UUID, at: datetime, cause: str, cause_id: UUID | None, *, digest: bool) -> Recalculation:
    return Recalculation(
        reseller_id=reseller_id,
        id=new_id(),
        at=at,
        cause=cause,
        cause_id=cause_id,
        notify="digest" if digest else "each",
    )


class Recalculations:
    """The source of walks. On the wall clock it also serves test clocks, as far as their present instant."""

    name = "recalculations"

    async def next_due(self, session: AsyncSession, timeline: Timeline) -> datetime | None:
        """Return the first instant at which a walk is to begin or to go on."""
        return await queries.next_due(session, timeline)

    async def run_due(self, session: AsyncSession, timeline: Timeline, now: datetime, limit: int) -> int:
        """Walk a batch of one walk; returns ``limit`` where there may be more, of this walk or of another."""
        walk = await queries.lock_due(session, timeline, now)
        if walk is None:
            return 0
        present = now if timeline.test_clock_id else await time_of(session, walk.test_clock_id, now)
        if walk.started_at is None:
            walk.started_at, walk.total = present, await batch_queries.count_at_work(session, walk)
        walk.progressed_at = present
        if not walk.aside:
            await _in_bulk(session, walk, present, max(limit, BATCH))
            return limit
        return limit if await _one_by_one(session, walk, present) else 0


async def _in_bulk(session: AsyncSession, walk: Recalculation, present: datetime, size: int) -> None:
    named = await batch_queries.next_tickets(session, walk, size)
    settled, left = await batch.settle(session, named, present)
    await tell(session, walk, Told.of_batch(settled))
    await batch.save(session, settled)
    walk.aside = left
    walk.done += len(settled)
    if named:
        walk.cursor_reseller_id, walk.cursor_id = named[-1]
    if len(named) < size and not left:
        await _end(session, walk, present)


async def _one_by_one(session: AsyncSession, walk: Recalculation, present: datetime) -> int:
    """Settle tickets that were left aside the one way; those that are held still wait their turn.

    One that fails is counted apart and left to whoever touches it next. Returns how many are off the list: where
    there are none, it is better to wait a moment.
    """
    now, later = walk.aside[:_AT_ONCE], walk.aside[_AT_ONCE:]
    ends = {ticket_id: await _settle(session, walk, ticket_id, present) for ticket_id in now}
    held = [ticket_id for ticket_id, end in ends.items() if end is _End.held]
    failed = sum(end is _End.failed for end in ends.values())
    walk.aside = [*later, *held]
    walk.failed += failed
    walk.done += len(now) - len(held) - failed
    return len(now) - len(held)


class _End(Enum):
    settled = auto()
    held = auto()
    failed = auto()


async def _settle(session: AsyncSession, walk: Recalculation, ticket_id: UUID, present: datetime) -> _End:
    try:
        async with session.begin_nested():
            act = await settle_if_free(session, ticket_id, present, in_digest=walk.notify == "digest")
            if act is None:
                return _End.held
            await tell(session, walk, Told.of_act(act))
            return _End.settled
    except Exception:
        if walk.test_clock_id is not None:
            raise  # an advance is told of a failure, and repeats from there
        _log.exception("ticket left out of a recalculation", ticket_id=str(ticket_id), recalculation_id=str(walk.id))
        return _End.failed


async def _end(session: AsyncSession, walk: Recalculation, present: datetime) -> None:
    walk.finished_at = present
    await close_digests(session, walk, present)
