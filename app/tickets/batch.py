"""Settling many tickets at once, for recalculations: what moves deadlines alone is read and written in bulk.

The rules are those of every act, since the keeper is the same. A ticket on which more has happened (a warning, a
breach, a step) is left to the one way, ``act.take``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.versions import calendar, policy_version
from app.clocks.batch_queries import read_clocks, write_clocks
from app.clocks.batch_rows import BatchClock
from app.clocks.facts import DeadlineMoved
from app.clocks.keeper import Keeper
from app.clocks.queries import write_ledger
from app.clocks.rows import LedgerLine
from app.clocks.service import assembled
from app.entitlements.timelines import timelines_of
from app.sla.clock import Clock
from app.sla.errors import IllegalTransition, OutOfRange
from app.tickets import batch_queries as queries
from app.tickets.batch_queries import Key
from app.tickets.batch_rows import BatchTicket

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Settled:
    """A ticket of a batch whose time has passed, and the deadlines that moved on the way."""

    ticket: BatchTicket
    keeper: Keeper
    moved: list[DeadlineMoved]
    before: Mapping[UUID, Clock]


async def keepers(session: AsyncSession, named: Sequence[Key], *, lock: bool) -> list[Keeper]:
    """Take tickets in hand, those that nobody else holds; without a lock, to look at them only."""
    tickets = await queries.read_tickets(session, named, lock=lock)
    if not tickets:
        return []
    clocks = await read_clocks(session, tickets)
    since = min(ticket.created_at for ticket in tickets)
    timelines = await timelines_of(session, list({ticket.reseller_id for ticket in tickets}), since)
    policies = {id_: await policy_version(session, id_) for id_ in {ticket.sla_policy_id for ticket in tickets}}
    named_calendars = {clock.calendar_id for rows in clocks.values() for clock in rows if clock.calendar_id}
    calendars = {id_: await calendar(session, id_) for id_ in named_calendars}
    return [
        assembled(ticket, timelines[ticket.reseller_id], clocks[ticket.id], policies[ticket.sla_policy_id], calendars)
        for ticket in tickets
    ]


async def settle(session: AsyncSession, named: Sequence[Key], now: datetime) -> tuple[list[Settled], list[UUID]]:
    """Let time pass for tickets up to an instant; ``save`` writes what became of them.

    Returns those that are settled, and the ids of those that are left: held by another, or more happened to them.
    """
    settled: list[Settled] = []
    left = {key.id for key in named}
    for keeper in await keepers(session, named, lock=True):
        ticket = keeper.ticket
        assert isinstance(ticket, BatchTicket)
        before = {kept.id: kept.clock for kept in keeper.kept.values()}
        moved = _moved_alone(keeper, max(now, ticket.settled_at))
        if moved is not None:
            settled.append(Settled(ticket, keeper, moved, before))
            left.discard(ticket.id)
    return settled, [key.id for key in named if key.id in left]


def _moved_alone(keeper: Keeper, now: datetime) -> list[DeadlineMoved] | None:
    """Settle a ticket; None where more has happened than that deadlines moved, or it fails."""
    try:
        keeper.settle(now, inclusive=False)
    except (IllegalTransition, OutOfRange):
        return None
    if keeper.overtaken(now):  # a change has put a step into the past: it is raised at once, not by the next sweep
        return None
    moved = [fact for fact in keeper.facts if isinstance(fact, DeadlineMoved)]
    return moved if len(moved) == len(keeper.facts) else None


async def save(session: AsyncSession, settled: Sequence[Settled]) -> None:
    """Write tickets that were settled, their clocks and the ledger."""
    lines: list[LedgerLine] = []
    clocks: list[BatchClock] = []
    for one in settled:
        changed = [kept for kept in one.keeper.kept.values() if kept.held or kept.clock is not one.before.get(kept.id)]
        started, ledger = one.keeper.save()
        session.add_all(started)
        lines.extend(ledger)
        clocks.extend(kept.row for kept in changed if isinstance(kept.row, BatchClock))
    await write_clocks(session, clocks)
    await queries.write_tickets(session, [one.ticket for one in settled])
    await write_ledger(session, lines)
