"""Wire shapes of where a ticket's promises stand: clocks, deadlines, counts by urgency."""

from pydantic import BaseModel, Field

from app.infra.ids import CalendarId, ClockId, PolicyId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Duration, Instant, Line, Request
from app.sla.clock import State
from app.sla.status import SlaStatus
from app.sla.terms import Counting, Metric
from app.sla.words import Priority


class Voided(BaseModel):
    """That a breach does not stand against the desk: since when, by whom and why."""

    at: Instant
    by: str
    reason: str


class ClockRead(BaseModel):
    """A clock at an instant."""

    id: ClockId
    metric: Metric
    state: State
    target: Duration
    counting: Counting
    calendar_id: CalendarId | None
    policy_id: PolicyId
    started_at: Instant
    due_at: Instant | None
    met_at: Instant | None
    breached_at: Instant | None
    paused_since: Instant | None
    voided: Voided | None = Field(description="Set where staff have voided the breach, which stays a fact.")
    remaining_seconds: int = Field(description="What is left, in whole seconds; below zero by the overrun.")
    consumed_ratio: float
    next_step_at: Instant | None


class BreachVoid(Request):
    """The clock whose breach is voided, and why; the reseller reads it."""

    clock_id: ClockId
    reason: Line


class SlaRead(BaseModel):
    """Where a ticket stands."""

    status: SlaStatus
    next_due_at: Instant | None
    clocks: list[ClockRead]


class TicketSla(SlaRead):
    """Where a ticket stands, by itself."""

    ticket_id: TicketId


class SlaSummary(BaseModel):
    """Where a ticket stands, in short."""

    status: SlaStatus
    next_due_at: Instant | None


class ClockData(BaseModel):
    """A clock as events carry it."""

    id: ClockId
    metric: Metric
    state: State
    target: Duration
    counting: Counting
    started_at: Instant
    due_at: Instant | None
    met_at: Instant | None
    breached_at: Instant | None


class DeadlineChange(BaseModel):
    """A deadline as it was and as it is, and what moved it."""

    before: Instant | None
    after: Instant | None
    why: str


class SlaStatusQuery(PageQuery):
    """Filters of the list by urgency."""

    sla_status: str | None = None
    priority: str | None = None
    due_before: Instant | None = None


class SlaCount(BaseModel):
    """How many open tickets stand at a status and priority."""

    sla_status: SlaStatus
    priority: Priority
    count: int


class SlaCounts(BaseModel):
    """Open tickets, counted."""

    total: int
    counts: list[SlaCount]
