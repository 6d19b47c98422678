"""Wire shapes of versions of policies and calendars."""

from typing import Annotated, Any

from pydantic import Field

from app.events.schemas import Notify
from app.infra.ids import CalendarId, PolicyId, RecalculationId, TestClockId
from app.infra.wire import Answer, Code, Instant, Line, Request
from app.sla.defaults import DEFAULT_CALENDARS, DEFAULT_POLICY_DATA

_WEEKLY = DEFAULT_CALENDARS["lite"]["weekly"]


class CalendarCreate(Request):
    """A new version of a support calendar; a policy that names its code takes it up."""

    code: Code = Field(examples=["lite"])
    time_zone: Line = Field(examples=["Europe/London"])
    weekly: dict[str, Any] = Field(
        examples=[_WEEKLY], description="The openings that begin on each day, such as `mon`: `[[opens, closes], ...]`."
    )
    exceptions: dict[str, Any] = Field(
        default_factory=dict,
        examples=[{"2026-12-25": [], "2026-12-31": [["08:00", "12:00"]]}],
        description="Dates whose openings replace those of the week; none at all means closed.",
    )


class CalendarVersionRead(Answer):
    """A version of a support calendar. It never changes."""

    id: CalendarId
    code: str
    version: int
    time_zone: str
    weekly: dict[str, Any] = Field(examples=[_WEEKLY])
    exceptions: dict[str, Any] = Field(examples=[{"2026-12-25": []}])
    hours: str
    created_at: Instant


class PolicyDraft(Request):
    """A policy as it is to be, and from when."""

    policy: dict[str, Any] = Field(
        examples=[DEFAULT_POLICY_DATA],
        description="Targets by level, priority and metric; pauses; the ladder's steps, and which level has which;"
        " how long an acknowledgement lasts; the code of each level's calendar; what reopening does (`continue` or"
        " `restart`); credits, in basis points of the month's price.",
    )
    effective_at: Instant | None = Field(default=None, description="Now, where it is left out; never in the past.")
    test_clock_id: TestClockId | None = Field(
        default=None, description="The test clock on which alone it is to be in force."
    )


class PolicyCreate(PolicyDraft):
    """A new version of the policy."""

    note: Annotated[str, Field(max_length=2000)] | None = Field(default=None, examples=["Faster answers at night."])
    notify: Notify = "each"


class PolicyVersionRead(Answer):
    """A published version of the policy. It never changes."""

    id: PolicyId
    version: int
    effective_at: Instant | None = Field(description="Null for the first version, which was always in force.")
    test_clock_id: TestClockId | None
    policy: dict[str, Any] = Field(examples=[DEFAULT_POLICY_DATA])
    calendars: dict[str, CalendarId] = Field(description="The version of each calendar that it names.")
    note: str | None
    recalculation_id: RecalculationId | None = Field(
        description="The recalculation of live deadlines that its publication has set off, from its instant on. Null"
        " for the first version, and on a test clock on which not one reseller lives but several, or none."
    )
    created_at: Instant
