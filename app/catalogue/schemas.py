"""Wire shapes of the catalogue."""

from pydantic import BaseModel

from app.infra.ids import CalendarId, PolicyId
from app.infra.wire import Answer, Duration, Instant
from app.sla.policy import Reopen
from app.sla.terms import Counting, Metric


class PlanRead(Answer):
    """A service plan."""

    code: str
    name: str
    level: int


class LevelRead(Answer):
    """A support level."""

    level: int
    code: str
    name: str
    hours: str
    channels: list[str]
    may_escalate: bool
    task_tickets: bool
    branded: bool


class ProductRead(Answer):
    """An add-on product. Without a price it is sold on application."""

    code: str
    name: str
    level: int
    telephone: bool
    price_minor: int | None
    currency: str | None


class Listed(BaseModel):
    """A whole list: short enough for one page."""

    next_cursor: None = None


class Plans(Listed):
    """The plans."""

    data: list[PlanRead]


class Levels(Listed):
    """The support levels."""

    data: list[LevelRead]


class Products(Listed):
    """The add-on products."""

    data: list[ProductRead]


class PromiseRead(BaseModel):
    """What is promised at a level and priority."""

    level: int
    priority: str
    metric: Metric
    target: Duration
    counting: Counting


class StepRead(BaseModel):
    """A step of the ladder."""

    code: str
    role: str
    at_share: float | None
    after_breach: Duration | None
    after_targets: float | None
    levels: list[int]


class CalendarRead(BaseModel):
    """A support calendar that a level counts in."""

    id: CalendarId
    code: str
    levels: list[int]
    hours: str
    time_zone: str


class CreditsRead(BaseModel):
    """What a missed promise is worth, in basis points of the month's price."""

    per_miss: int
    cap: int


class SlaPolicyRead(BaseModel):
    """A version of the policy: what drives the clocks. ``changes`` are those against the version that it replaced."""

    id: PolicyId
    version: int
    effective_at: Instant | None
    until: Instant | None
    note: str | None
    replaces: int | None
    changes: list[str]
    promises: list[PromiseRead]
    pauses: dict[Metric, list[str]]
    ladder: list[StepRead]
    acknowledge_for: dict[str, Duration]
    reopen: Reopen
    credits: CreditsRead | None
    calendars: list[CalendarRead]
