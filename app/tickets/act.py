"""One act on one ticket: take it (lock and settle), do something, finish it (save and announce).

Everybody goes this way: a request, the sweep, a recalculation. So what fell due before an act has always happened
before it, at its own instant.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.visit import time_of
from app.clocks.facts import ClockFact, DeadlineMoved, PromiseBroken, PromiseDropped, PromiseKept, QuietOver, StepPassed
from app.clocks.keeper import Keeper
from app.clocks.queries import write_ledger
from app.clocks.service import keeper_of
from app.entitlements.timelines import timeline_of
from app.events.kinds import EventType
from app.events.reactions import announce
from app.events.record import record
from app.infra.ids import new_id
from app.infra.problems import NotFound
from app.tickets import queries
from app.tickets.actors import TIME, Actor
from app.tickets.facts import ClockCancelled, ClockMet, QuietEnded, StepDue, WorkEnded
from app.tickets.models import HistoryEntry, Ticket
from app.tickets.reading import clock_data, summary_of
from app.tickets.sla_schemas import DeadlineChange, SlaSummary


@dataclass(slots=True)
class Act:
    """A ticket in hand, at one instant. ``in_digest``: deadlines that move are told elsewhere, many in one."""

    session: AsyncSession
    ticket: Ticket
    keeper: Keeper
    actor: Actor
    now: datetime
    in_digest: bool = False
    said: list[ClockFact] = field(default_factory=list)

    def note(self, field: str, before: object, after: object, reason: str | None = None) -> None:
        """Put a change into the ticket's history, and let its version move."""
        self._history(self.actor, self.now, field, before, after, reason)
        self.moved(self.now)

    def moved(self, at: datetime) -> None:
        """Let the ticket's version move: something that its reseller sees is another."""
        self.ticket.version += 1
        self.ticket.updated_at = at

    def tell(self, kind: EventType, data: dict[str, object] | None = None, *, operator_only: bool = False) -> None:
        """Record an event about the ticket at the act's instant."""
        self._record(kind, self.now, data or {}, operator_only=operator_only)

    async def announce(self) -> None:
        """Record what the clocks said, and let the rooms above react, in order."""
        if not self.keeper.facts:
            return
        # What reacts may point at a clock's row, and a clock may have begun and spoken within one settling.
        await self._save()
        for fact in self.keeper.facts:
            self.said.append(fact)
            self.ticket.sla_status, self.ticket.next_due_at = fact.sla_status, fact.next_due_at
            self._record_fact(fact)
            await self._react(fact)
        self.keeper.facts.clear()

    async def ended(self) -> None:
        """Let the rooms above know that there is no more work on the ticket."""
        await announce(self.session, [WorkEnded(self.ticket, self.now)])

    async def finish(self) -> None:
        """Write the clocks, and announce what they said of the act; a step that it put into the past is reached now."""
        await self.announce()
        if self.keeper.overtaken(self.now):
            await self.settle(inclusive=True)
        await self._save()

    async def _save(self) -> None:
        started, lines = self.keeper.save()
        self.session.add_all(started)
        await self.session.flush()
        await write_ledger(self.session, lines)

    async def settle(self, *, inclusive: bool) -> None:
        """Let everything happen that fell due before the act, or, inclusive, at its instant too."""
        self.keeper.settle(self.now, inclusive=inclusive)
        await self.announce()
        closes_at = self.ticket.closes_at
        if closes_at is not None and (closes_at < self.now or (inclusive and closes_at == self.now)):
            self._close(closes_at)
            await announce(self.session, [WorkEnded(self.ticket, closes_at)])

    def _close(self, at: datetime) -> None:
        ticket = self.ticket
        self._history(TIME, at, "status", ticket.status, "closed", "seven days of silence")
        ticket.status, ticket.closed_at, ticket.closes_at = "closed", at, None
        self.moved(at)
        self._record(EventType.TICKET_CLOSED, at, {}, operator_only=False)

    def _history(
        self, actor: Actor, at: datetime, field: str, before: object, after: object, reason: str | None
    ) -> None:
        self.session.add(
            HistoryEntry(
                reseller_id=self.ticket.reseller_id,
                id=new_id(),
                ticket_id=self.ticket.id,
                at=at,
                actor=dict(actor.recorded()),
                field=field,
                before=before,
                after=after,
                reason=reason,
            )
        )

    def _record(
        self,
        kind: EventType,
        at: datetime,
        data: dict[str, object],
        *,
        operator_only: bool,
        sla: SlaSummary | None = None,
    ) -> None:
        ticket = self.ticket
        if not operator_only:
            ticket.sequence += 1  # a reseller may not tell from a gap that there was a note
        sla = sla or SlaSummary.model_validate({"status": self.keeper.status, "next_due_at": self.keeper.next_due_at})
        record(
            self.session,
            kind,
            at,
            {"ticket": summary_of(ticket, sla), **data},
            reseller_id=ticket.reseller_id,
            ticket_id=ticket.id,
            operator_only=operator_only,
        )

    def _record_fact(self, fact: ClockFact) -> None:
        kind, more = _event_of(fact, self.keeper.entitlement.policy.policy.warning_code)
        if kind is not None and not (self.in_digest and isinstance(fact, DeadlineMoved)):
            sla = SlaSummary.model_validate({"status": fact.sla_status, "next_due_at": fact.next_due_at})
            self._record(kind, fact.at, {"clock": clock_data(fact), **more}, operator_only=False, sla=sla)

    async def _react(self, fact: ClockFact) -> None:
        if isinstance(fact, StepPassed):
            await announce(self.session, [StepDue(self.ticket, self.keeper.entitlement, fact)])
        elif isinstance(fact, QuietOver):
            await announce(self.session, [QuietEnded(self.ticket, fact)])
        elif isinstance(fact, PromiseKept):
            await announce(self.session, [ClockMet(self.ticket, fact)])
        elif isinstance(fact, PromiseDropped):
            await announce(self.session, [ClockCancelled(self.ticket, fact)])


def _event_of(fact: ClockFact, warning_code: str | None) -> tuple[EventType | None, dict[str, object]]:
    if isinstance(fact, StepPassed):
        first_warning = fact.step.code == warning_code and not fact.again
        return (EventType.SLA_WARNING if first_warning else None), {}
    if isinstance(fact, PromiseBroken):
        return EventType.SLA_BREACHED, {}
    if isinstance(fact, PromiseKept):
        return EventType.SLA_MET, {}
    if isinstance(fact, DeadlineMoved):
        change = DeadlineChange(before=fact.before, after=fact.clock.due_at, why=fact.why)
        return EventType.SLA_DEADLINE_CHANGED, {"change": change}
    return None, {}


async def take(session: AsyncSession, ticket_id: UUID, actor: Actor, wall: datetime) -> Act:
    """Lock a ticket for a person's act: first everything happens that fell due before it.

    Raises:
        NotFound: there is no such ticket for this caller.
    """
    seen = await queries.find_ticket(session, ticket_id)
    if seen is None:
        raise NotFound("there is no such ticket")
    now = await time_of(session, seen.test_clock_id, wall)
    ticket = await queries.lock_ticket(session, seen.reseller_id, ticket_id)
    assert ticket is not None, "tickets are never deleted"
    act = await _in_hand(session, ticket, actor, now)
    await act.settle(inclusive=False)
    return act


async def settle_if_free(
    session: AsyncSession, ticket_id: UUID, now: datetime, *, in_digest: bool = False
) -> Act | None:
    """Let happen what time alone does to a ticket; None where somebody else has it in hand."""
    seen = await queries.find_ticket(session, ticket_id)
    if seen is None:
        return None
    ticket = await queries.lock_ticket(session, seen.reseller_id, ticket_id, wait=False)
    if ticket is None:
        return None
    act = await _in_hand(session, ticket, TIME, now)
    act.in_digest = in_digest
    await act.settle(inclusive=True)
    await act.finish()
    return act


async def _in_hand(session: AsyncSession, ticket: Ticket, actor: Actor, now: datetime) -> Act:
    timeline = await timeline_of(session, ticket.reseller_id, ticket.created_at)
    keeper = await keeper_of(session, ticket, timeline)
    # Machines' clocks differ by a little: a ticket's time never runs backwards.
    return Act(session, ticket, keeper, actor, max(now, ticket.settled_at))
