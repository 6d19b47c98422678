"""Wire shapes of the catalogue."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.infra.ids import CalendarId, PolicyId
from app.infra.wire import Answer, Change, Duration, Instant
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
    """An add-on product. Without a price it is sold on application, without minutes they are not limited."""

    code: str
    name: str
    level: int
    telephone: bool
    price_minor: int | None = Field(description="The price of a month in the currency's minor unit, such as pence.")
    currency: str | None = Field(description="ISO 4217.")
    included_minutes: int | None = Field(description="Minutes of a paid month; null: not limited.")
    warn_share: int = Field(description="The share of them, in basis points, at which a warning is raised.")
    overrun_minutes: int | None = Field(description="Minutes beyond them until they are exhausted; null: no cap.")


Amount = Annotated[int, Field(strict=True, ge=0, le=2_000_000_000)]


class ProductChange(Change):
    """What may be changed of a product; a member that is left out stays. What is bought already keeps its own."""

    nullable = frozenset({"price_minor", "currency", "included_minutes", "overrun_minutes"})
    price_minor: Amount | None = Field(
        default=None, examples=[24_900], description="With its currency; null, both, is on application."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["GBP"])] | None = None
    included_minutes: Amount | None = Field(default=None, examples=[300], description="Null: not limited.")
    warn_share: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=8_000,
        examples=[8_000],
        description="The share of the minutes, in basis points, at which a warning is raised.",
    )
    overrun_minutes: Amount | None = Field(default=None, examples=[60], description="Null: no cap.")

    @model_validator(mode="after")
    def _price_with_currency(self) -> Self:
        together = {"price_minor", "currency"}
        given = self.model_fields_set & together
        if given and (given != together or (self.price_minor is None) != (self.currency is None)):
            msg = "price_minor and currency are given together: both a value, or both null (on application)"
            raise ValueError(msg)
        return self


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
