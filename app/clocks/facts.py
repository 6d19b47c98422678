"""What clocks say when they have moved. Each fact holds the clock as it was right after."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.sla.clock import Clock
from app.sla.ladder import Step


@dataclass(frozen=True, slots=True)
class ClockFact:
    """Something about one clock, at its own instant; with the ticket's SLA as it stood then."""

    clock_id: UUID
    clock: Clock
    at: datetime
    sla_status: str
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepPassed(ClockFact):
    """A step of the ladder fell due. ``withheld``: nobody is called. ``again``: it was withheld until now."""

    step: Step
    withheld: bool
    again: bool


@dataclass(frozen=True, slots=True)
class PromiseBroken(ClockFact):
    """The deadline has passed unmet."""


@dataclass(frozen=True, slots=True)
class PromiseKept(ClockFact):
    """The clock is met, in time or late."""


@dataclass(frozen=True, slots=True)
class PromiseDropped(ClockFact):
    """The clock is cancelled: with its ticket, or because nothing is promised any more."""


@dataclass(frozen=True, slots=True)
class QuietOver(ClockFact):
    """An acknowledgement has expired with the clock unmet."""


@dataclass(frozen=True, slots=True)
class DeadlineMoved(ClockFact):
    """The deadline is another than it was, and why."""

    before: datetime | None
    why: str
