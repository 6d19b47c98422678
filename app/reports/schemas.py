"""Wire shapes of reports."""

from datetime import MAXYEAR, MINYEAR, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.entitlements.schemas import TimeZone
from app.infra.ids import ClockId, PurchaseId, ResellerId, TicketId
from app.infra.wire import Duration, Instant, Request
from app.sla.terms import Metric

_LONGEST = timedelta(days=1830)


class GroupBy(StrEnum):
    """What a report is told by."""

    priority = "priority"
    plan = "plan"
    level = "level"
    reseller = "reseller"
    metric = "metric"
    month = "month"


class ReportQuery(Request):
    """Which promises, and how they are grouped."""

    since: Annotated[Instant, Field(alias="from", description="Promises decided from this instant on,")]
    until: Annotated[Instant, Field(alias="to", description="and before this one.")]
    group_by: GroupBy = GroupBy.priority
    reseller_id: Annotated[
        ResellerId | None, Field(description="One reseller's alone; for keys of the operator's.")
    ] = None
    time_zone: Annotated[TimeZone, Field(description="Whose calendar months are meant.")] = "UTC"
    include_test_clocks: Annotated[
        bool, Field(description="Whether the operator's report counts resellers on test clocks, too.")
    ] = True

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.until - self.since <= _LONGEST:
            msg = f"`to` lies after `from`, and at most {_LONGEST.days} days after it"
            raise ValueError(msg)
        if self.since.year == MINYEAR or self.until.year == MAXYEAR:
            msg = "`from` and `to` leave a year at either end of the calendar"
            raise ValueError(msg)
        return self


class Times(BaseModel):
    """How long it took, in counted time, until the promises of a metric were kept, in time or late."""

    metric: Metric
    count: int
    p50: Duration | None
    p90: Duration | None
    p95: Duration | None
    p99: Duration | None


class Decided(BaseModel):
    """How many promises were decided, and how.

    ``met`` in time; ``missed`` and not voided, of which some were ``met_late`` since and the others are ``open``;
    ``voided`` misses count nowhere else. ``attainment`` is met / (met + missed), null where there are none.
    """

    met: int
    missed: int
    met_late: int
    open: int
    voided: int
    attainment: float | None
    times: list[Times]


class Group(Decided):
    """The promises of one group; ``group`` is its code, id or month."""

    group: str
    name: str


class OpenBreach(BaseModel):
    """A promise that was missed, on a ticket that is still worked on."""

    reseller_id: ResellerId
    reseller: str
    ticket_id: TicketId
    number: str
    clock_id: ClockId
    metric: Metric
    priority: str
    due_at: Instant


class CreditRead(BaseModel):
    """What is owed for the promises that were missed in one paid month of a purchase."""

    reseller_id: ResellerId
    reseller: str
    purchase_id: PurchaseId
    month_starts_at: Instant
    currency: str
    missed: int
    owed_minor: int
    capped: bool


class CreditTotal(BaseModel):
    """What is owed in one currency."""

    currency: str
    missed: int
    owed_minor: int


class Report(BaseModel):
    """What became of the promises that were decided in a span."""

    since: Annotated[Instant, Field(serialization_alias="from")]
    until: Annotated[Instant, Field(serialization_alias="to")]
    group_by: GroupBy
    time_zone: str
    reseller_id: ResellerId | None
    as_of: Instant
    groups: list[Group]
    total: Decided
    open_breaches: list[OpenBreach]
    open_breaches_count: int
    credits: list[CreditRead]
    credit_totals: list[CreditTotal]
