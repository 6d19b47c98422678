"""Keeps the time of one ticket: its clocks in memory, from when it is locked until it is saved.

Whoever takes a ticket settles first: what fell due before its instant happens at its own instants, in order. So a
late sweep, or none, changes nothing but lateness.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from app.clocks.facts import ClockFact, DeadlineMoved, PromiseBroken, PromiseDropped, PromiseKept, QuietOver, StepPassed
from app.clocks.kept import Kept, Promised, clock_id, new_row
from app.clocks.models import SlaClock
from app.clocks.rows import Held, LedgerLine, Versions, ledger_line, write
from app.entitlements.entitlement import Entitlement, Timeline
from app.sla import promises
from app.sla.clock import Clock, State
from app.sla.due import Rank
from app.sla.ladder import Breached, Fact, Ladder, StepReached, places, settle
from app.sla.policy import Policy
from app.sla.promises import Heard, Situation
from app.sla.status import next_due_at, sla_status
from app.sla.terms import Counting, Metric, Terms
from app.sla.windows import Windows

_OPEN = frozenset({State.running, State.paused})

Told = tuple[tuple[datetime, Rank], Metric, Clock, Fact]
"""A fact and its place at its instant, of which clock, and that clock as it was before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger is to say: the clock right after something, and what it and its ticket were under then."""

    kept: Kept
    clock: Clock
    at: datetime
    kind: str
    versions: Versions
    priority: str


@dataclass(slots=True)
class Keeper:
    """The clocks of one ticket. ``facts`` gathers what they said, in order, for whoever announces it."""

    ticket: Promised
    timeline: Timeline
    kept: dict[Metric, Kept]
    entitlement: Entitlement
    settled_at: datetime
    facts: list[ClockFact] = field(default_factory=list)
    ended: list[Kept] = field(default_factory=list)
    ledger: list[Entry] = field(default_factory=list)

    @property
    def book(self) -> dict[Metric, Clock]:
        """The latest clock of each metric."""
        return {metric: kept.clock for metric, kept in self.kept.items()}

    @property
    def status(self) -> str:
        """The ticket's SLA status as it stands."""
        return sla_status(self.book.values(), self.entitlement.policy.policy.warning_code)

    @property
    def next_due_at(self) -> datetime | None:
        """The least deadline of the unmet clocks."""
        return next_due_at(self.book.values())

    def settle(self, until: datetime, *, inclusive: bool) -> None:
        """Let everything happen that falls due up to an instant: changes of terms, steps, breaches."""
        for at in self._changes_of_terms(until):
            self._pass_time(at, inclusive=False)
            self._change_entitlement(at)
        self._pass_time(until, inclusive=inclusive)
        self.settled_at = until

    def opened(self, now: datetime) -> None:
        """Start the clocks of a new ticket."""
        self._hear(promises.opened(self._terms_of, self._policy, self._situation(), now), now, "started")

    def answered(self, now: datetime) -> None:
        """A person of the desk wrote in public."""
        args = (self._terms_of, self._policy, self._situation(), now)
        self._hear(promises.answered(self.book, *args), now, "answered")

    def wrote(self, now: datetime) -> None:
        """A customer wrote."""
        args = (self._terms_of, self._policy, self._situation(), now)
        self._hear(promises.wrote(self.book, *args), now, "customer_wrote")

    def status_changed(self, now: datetime) -> None:
        """The ticket passed between statuses in which it is worked on."""
        heard = promises.status_changed(self.book, self._policy, self.ticket.status, now)
        self._hear(heard, now, f"status_{self.ticket.status}")

    def resolved(self, now: datetime) -> None:
        """The ticket was resolved."""
        self._hear(promises.resolved(self.book, now), now, "resolved")

    def reopened(self, now: datetime) -> None:
        """The ticket is worked on again, under the terms now in force."""
        heard = promises.reopened(self.book, self._terms_of, self._policy, self.ticket.status, now)
        self._hear(heard, now, "reopened")

    def cancelled(self, now: datetime, *, merged: bool = False) -> None:
        """The ticket was cancelled, or merged into another."""
        self._hear(promises.cancelled(self.book, now), now, "merged" if merged else "cancelled")

    def priority_changed(self, now: datetime) -> None:
        """The ticket's priority, and with it what is promised, is another."""
        self._report_under()
        self._change_terms(now, "priority_changed")

    def acknowledge(self, clock_id: UUID, now: datetime) -> None:
        """Withhold the ladder's calls for one clock for a while."""
        metric = next(metric for metric, kept in self.kept.items() if kept.id == clock_id)
        kept = self.kept[metric]
        span = self._policy.quiet_span(self.ticket.priority, kept.clock.terms)
        self._replace(metric, kept.clock.acknowledge(span, now), now, "acknowledged")

    def overtaken(self, now: datetime) -> bool:
        """Whether something is due by now: after an act, what the act has put into the past."""
        return any((at := kept.wake_at(self._ladder)) is not None and at <= now for kept in self.kept.values())

    def find(self, clock_id: UUID) -> Kept | None:
        """Return one of the latest clocks by its id."""
        return next((kept for kept in self.kept.values() if kept.id == clock_id), None)

    def save(self) -> tuple[list[SlaClock], list[LedgerLine]]:
        """Write the values into their rows and the ticket; returns the rows that are new, and the ledger's lines."""
        started: list[SlaClock] = []
        for kept in (*self.ended, *self.kept.values()):
            if kept.row is None:
                started.append(new := new_row(kept, self.ticket))
                kept.row = new
            write(kept.row, kept.clock, kept.versions, kept.held, kept.wake_at(self._ladder))
        lines = [
            ledger_line(entry.kept.row, entry.clock, entry.versions, entry.at, entry.kind, entry.priority)
            for entry in self.ledger
            if entry.kept.row is not None
        ]
        self.ledger.clear()
        self.ended.clear()
        ticket = self.ticket
        ticket.sla_level = self.entitlement.level
        ticket.sla_policy_id = self.entitlement.policy.id
        ticket.settled_at = self.settled_at
        ticket.sla_status, ticket.next_due_at = self.status, self.next_due_at
        return started, lines

    # What time does.

    def _pass_time(self, until: datetime, *, inclusive: bool) -> None:
        while wakes := [at for kept in self.kept.values() if (at := kept.wake_at(self._ladder)) is not None]:
            at = min(wakes)
            if at > until:
                break
            last = at == until and not inclusive
            told = [line for metric in list(self.kept) for line in self._settle_one(metric, at, inclusive=not last)]
            for _, metric, before, fact in sorted(told, key=itemgetter(0)):  # at one instant, across all clocks
                self._told(metric, before, fact)
            if last:
                break

    def _settle_one(self, metric: Metric, at: datetime, *, inclusive: bool) -> Iterator[Told]:
        before = self.kept[metric].clock
        after, facts = settle(before, self._ladder, at, inclusive=inclusive)
        if after is before:
            return
        self.kept[metric].clock = after
        for place, fact in zip(places(facts), facts, strict=True):
            yield place, metric, before, fact

    def _told(self, metric: Metric, before: Clock, fact: Fact) -> None:
        kept = self.kept[metric]
        where = (kept.id, kept.clock, fact.at, self.status, self.next_due_at)
        if isinstance(fact, StepReached):
            self.facts.append(StepPassed(*where, fact.step, fact.withheld, again=fact.step.code in before.withheld))
        elif isinstance(fact, Breached):
            self._enter(kept, kept.clock.at(fact.at), fact.at, "breached")
            self.facts.append(PromiseBroken(*where))
        else:
            self.facts.append(QuietOver(*where))

    def _changes_of_terms(self, until: datetime) -> Iterator[datetime]:
        # What was agreed while another transaction opened the ticket shows first at the instant it was left at.
        yield self.settled_at
        yield from self.timeline.changes(self.settled_at, until)

    def _change_entitlement(self, at: datetime) -> None:
        before, self.entitlement = self.entitlement, self.timeline.at(at) or self.entitlement
        if self.entitlement is not before:
            self._report_under()
        for metric, kept in self.kept.items():
            clock = kept.clock.stand_still(self._windows, at)
            if clock.unmet and clock is not kept.clock:
                self._replace(metric, clock, at, "maintenance_window")
            kept.clock = clock  # what is met has no deadline to move, but may be reopened
        if self.entitlement.policy.id != before.policy.id:
            self._anchor(at)
            self._change_terms(at, "policy_changed")
        elif self.entitlement.level != before.level:
            self._change_terms(at, "level_changed")

    def _anchor(self, at: datetime) -> None:
        """Reckon on from an instant: a step that another ladder puts in the past falls due then, and not before."""
        for kept in self.kept.values():
            if kept.clock.unmet:
                kept.clock = kept.clock.at(at)

    def _change_terms(self, at: datetime, why: str) -> None:
        heard = promises.terms_changed(self.book, self._terms_of, self._policy, self._situation(), at)
        self._hear(heard, at, why)

    def _report_under(self) -> None:
        """Let the clocks that are neither met nor missed be reported under what is held from now on."""
        for kept in self.kept.values():
            if kept.clock.state in _OPEN:
                self._put_under(kept)

    def _put_under(self, kept: Kept) -> None:
        """Let a clock be under what is held; its calendar stays that of its terms, which may be the same as before."""
        kept.held = self._held
        kept.versions = Versions(self.entitlement.policy.id, kept.versions.calendar_id)

    @property
    def _held(self) -> Held:
        return Held(self.entitlement.plan.code, self.entitlement.level, self.ticket.priority)

    # What people do.

    @property
    def _policy(self) -> Policy:
        return self.entitlement.policy.policy

    @property
    def _ladder(self) -> Ladder:
        return self.entitlement.policy.ladder(self.entitlement.level)

    def _terms_of(self, metric: Metric) -> Terms | None:
        terms = self.entitlement.terms(self.ticket.priority, metric)
        return None if terms is None else terms.apart_from(self._windows)

    @property
    def _windows(self) -> Windows:
        """The windows known now, as far as they bear on this ticket."""
        windows = self.entitlement.windows
        return windows and tuple(window for window in windows if window[1] > self.ticket.created_at)

    def _situation(self) -> Situation:
        ticket = self.ticket
        return Situation(ticket.status, ticket.first_responded_at is not None, ticket.waiting)

    def _hear(self, heard: Heard, now: datetime, why: str) -> None:
        for metric, clock in heard.changed.items():
            self._replace(metric, clock, now, why)
        for metric, clock in heard.started.items():
            before = self.kept.get(metric)
            if before is not None:
                self.ended.append(before)
            id_ = clock_id(self.ticket, clock, before)
            self.kept[metric] = Kept(id_, clock, self._versions(clock), held=self._held)
            self._enter(self.kept[metric], clock, now, "started")
            if clock.met_at is not None:
                self._say(metric, PromiseKept, now)

    def _replace(self, metric: Metric, clock: Clock, now: datetime, why: str) -> None:
        kept = self.kept[metric]
        before, kept.clock = kept.clock, clock
        if clock.terms != before.terms:
            kept.versions = self._versions(clock)
        if clock.state in _OPEN and before.state not in _OPEN:
            self._put_under(kept)
        self._enter(kept, clock, now, why)
        if clock.met_at is not None and before.met_at is None:
            self._say(metric, PromiseKept, now)
        elif clock.cancelled_at is not None and before.cancelled_at is None:
            self._say(metric, PromiseDropped, now)
        elif clock.due_at != before.due_at and clock.state in {State.running, State.paused}:
            where = (kept.id, clock, now, self.status, self.next_due_at)
            self.facts.append(DeadlineMoved(*where, before=before.due_at, why=why))

    def _enter(self, kept: Kept, clock: Clock, at: datetime, kind: str) -> None:
        self.ledger.append(Entry(kept, clock, at, kind, kept.versions, self.ticket.priority))

    def _say(self, metric: Metric, kind: Callable[..., ClockFact], now: datetime) -> None:
        kept = self.kept[metric]
        self.facts.append(kind(kept.id, kept.clock, now, self.status, self.next_due_at))

    def _versions(self, clock: Clock) -> Versions:
        policy = self.entitlement.policy
        timed = clock.terms.counting is Counting.support_hours
        return Versions(policy.id, policy.calendar(self.entitlement.level)[0] if timed else None)
