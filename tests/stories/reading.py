"""An independent reading of the desk's log: what the rules say of each incident, walked minute by minute.

It shares no code with the desk. Everything in the log lies on whole minutes, and so do openings; so a promise is kept
or broken, and a deadline reached, on a whole minute. Local time is read off the zone for each minute.

Read into the log, where it is silent: the first state other than New is the desk's first answer; a state after Closed
tells nothing; Closed after more than seven days of silence finds the ticket closed already.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)
PRIORITIES = {"1": "immediate", "2": "priority", "3": "priority", "4": "low"}
TARGETS = {"immediate": 60, "priority": 480, "low": 2880}


def instant(text: str) -> datetime:
    """A minute of the log, which is London's, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def status_of(state: str) -> str | None:
    """The status that a state of the log stands for; None where it changes nothing."""
    if state.startswith("Awaiting"):
        return "pending" if state == "Awaiting User Info" else "on_hold"
    return {"Active": "open", "Resolved": "resolved", "Closed": "closed"}.get(state)


@dataclass
class Act:
    """What happens to an incident at an instant."""

    at: datetime
    status: str | None
    priority: str


def acts_of(incident: dict[str, object]) -> list[Act]:
    """The acts of an incident in the log's order, none before it was opened."""
    opened = instant(str(incident["opened_at"]))
    events: list[dict[str, str]] = incident["events"]  # type: ignore[assignment]  # the log's shape
    return [Act(max(instant(e["at"]), opened), status_of(e["state"]), PRIORITIES[e["priority"]]) for e in events]


@dataclass
class Promise:
    """One clock: how many minutes remain, under which terms."""

    target: int
    lite: bool
    elapsed: bool
    started_at: datetime
    remaining: int
    counted: int = 0
    fresh: int = 0
    due_at: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    cancelled: bool = False
    paused: bool = False

    def counts(self, minute: datetime) -> bool:
        """Whether the minute that begins here counts."""
        if self.elapsed or not self.lite:
            return True
        return 8 <= minute.astimezone(LONDON).hour < 18

    def deadline(self, at: datetime, remaining: int) -> datetime:
        """Walk from minute to minute until so many have counted."""
        while remaining > 0:
            remaining -= self.counts(at)
            at += MINUTE
        return at


@dataclass
class Reading:
    """An incident as the rules have it, on one level."""

    lite: bool
    priority: str
    opened_at: datetime
    now: datetime
    status: str = "new"
    answered: bool = False
    resolved_at: datetime | None = None
    clocks: dict[str, Promise] = field(default_factory=dict)

    def start(self, metric: str) -> None:
        """Begin a promise where the priority has one."""
        if metric == "resolution" and self.priority != "low":
            return
        target = TARGETS[self.priority]
        clock = Promise(target, self.lite, self.priority == "low", self.now, target)
        clock.paused = metric == "resolution" and self.status == "pending"
        clock.due_at = None if clock.paused else clock.deadline(self.now, target)
        self.clocks[metric] = clock

    def walk(self, to: datetime) -> None:
        """Let time pass: a deadline that lies before the instant, unmet, is broken."""
        for clock in self.clocks.values():
            if clock.met_at or clock.cancelled or clock.paused:
                continue
            minute = self.now
            while minute < to:
                gone = clock.counts(minute)
                clock.remaining -= gone
                clock.counted += gone
                clock.fresh += gone
                minute += MINUTE
            if clock.breached_at is None and clock.due_at is not None and clock.due_at < to:
                clock.breached_at = clock.due_at
        self.now = to

    def change_priority(self, priority: str) -> None:
        """The change rule, word for word, on what is unmet and not broken."""
        self.priority = priority
        if self.status in {"resolved", "closed"}:
            return
        for metric in ("first_response", "resolution"):
            clock = self.clocks.get(metric)
            owed = metric == "first_response" or priority == "low"
            if clock is None or (clock.cancelled and not owed):
                if owed and metric == "resolution":
                    self.start(metric)
            elif clock.met_at is None and clock.breached_at is None:
                self._change(clock, metric, TARGETS[priority] if owed else None)

    def _change(self, clock: Promise, metric: str, target: int | None) -> None:
        if target is None:
            clock.cancelled, clock.due_at, clock.paused = True, None, False
            return
        if clock.cancelled:
            clock.cancelled, clock.paused = False, metric == "resolution" and self.status == "pending"
        elapsed = self.priority == "low"
        if target < clock.target:
            afresh = Promise(target, clock.lite, elapsed, self.now, target)
            if clock.deadline(self.now, clock.remaining) < afresh.deadline(self.now, target):
                return
            clock.remaining, clock.fresh = target, 0
        elif target > clock.target:
            whole = target - clock.counted
            clock.remaining = whole if whole > clock.remaining else target - clock.fresh
        clock.target, clock.elapsed = target, elapsed
        clock.due_at = None if clock.paused else clock.deadline(self.now, clock.remaining)

    def enter(self, status: str) -> None:
        """Pass into another status."""
        before, self.status = self.status, status
        if status == "resolved":
            self.resolved_at = self.now
            for clock in self.clocks.values():
                if not clock.met_at and not clock.cancelled:
                    clock.met_at, clock.paused = self.now, False
        elif before == "resolved" and status != "closed":
            self._reopen()
        elif status != "closed":
            self._pause(status == "pending")

    def _reopen(self) -> None:
        clock = self.clocks.get("resolution")
        if clock is None or clock.cancelled:
            self.clocks.pop("resolution", None)
            self.start("resolution")
            return
        clock.met_at = None
        if clock.breached_at is None:
            clock.due_at = clock.deadline(self.now, clock.remaining)
            self._change(clock, "resolution", TARGETS["low"] if self.priority == "low" else None)

    def _pause(self, pending: bool) -> None:
        clock = self.clocks.get("resolution")
        if clock is None or clock.met_at or clock.cancelled or clock.paused == pending:
            return
        clock.paused = pending
        if clock.breached_at is None:
            clock.due_at = None if pending else clock.deadline(self.now, clock.remaining)
