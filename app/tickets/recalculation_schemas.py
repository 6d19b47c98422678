"""Wire shapes of background recalculations and of what they tell."""

from typing import Literal

from pydantic import BaseModel, Field

from app.infra.ids import ClockId, RecalculationId, ResellerId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Instant
from app.sla.terms import Metric

MOST_EXAMPLES = 20


class RecalculationRead(Answer):
    """A walk over live tickets after terms changed."""

    id: RecalculationId
    reseller_id: ResellerId | None = Field(description="Whose tickets; null for everyone on the wall's time.")
    at: Instant = Field(description="The instant of the change, at which its effect counts.")
    cause: str = Field(examples=["maintenance_window.declared"])
    cause_id: str | None = Field(description="The version of the policy or the window that it is about.")
    notify: Literal["each", "digest"]
    total: int | None = Field(description="Tickets at work when it began; null before that.")
    done: int = Field(description="Tickets walked so far.")
    failed: int = Field(description="Tickets that failed: the log says why, and their next act does what was due.")
    changed: int = Field(description="Deadlines that it moved.")
    breached: int = Field(description="Promises found missed on the way.")
    rate_per_second: float | None = Field(description="Tickets a second so far.")
    eta_seconds: float | None = Field(description="At that rate, how long the rest takes.")
    started_at: Instant | None
    finished_at: Instant | None


class RecalculationQuery(PageQuery):
    """Which recalculations to list."""

    state: Literal["scheduled", "running", "finished"] | None = None


class MovedDeadline(BaseModel):
    """One deadline that was moved."""

    ticket_id: TicketId
    number: str
    clock_id: ClockId
    metric: Metric
    before: Instant | None
    after: Instant | None


class Cause(BaseModel):
    """The recalculation that a digest is of."""

    id: RecalculationId
    at: Instant
    cause: str


class DeadlinesDigest(BaseModel):
    """What a recalculation did to one reseller's deadlines."""

    recalculation: Cause
    reseller_id: ResellerId
    changed: int
    breached: int
    examples: list[MovedDeadline] = Field(max_length=MOST_EXAMPLES)
