"""Wire shapes of alarms and of their sources."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.alarms.details import bounded
from app.alarms.models import Alarm
from app.alarms.wording import Severity
from app.infra.ids import AlarmId, AlarmSourceId, ResellerId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Instant, Line, Request, Storable

State = Literal["triggered", "acknowledged", "resolved"]
Action = Literal["trigger", "acknowledge", "resolve"]
Status = Literal["opened", "repeated", "acknowledged", "resolved", "ignored"]
Name = Annotated[Storable, Field(min_length=1, max_length=255)]
# A machine's clock may be wrong, but the edges of the calendar are no instants to the database's driver.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
Summary = Annotated[Storable, Field(min_length=1, max_length=1024)]


class AlarmSent(Request):
    """What a machine reports. A trigger says what is wrong and how grave it is; the other actions need only the key."""

    source: Name = Field(examples=["switch-1.example.net"], description="Which machine or probe reports it.")
    dedup_key: Name = Field(examples=["trunk-7"], description="What is wrong there, the same in every report of it.")
    action: Action
    severity: Severity | None = Field(default=None, validate_default=True, description="A trigger has one.")
    summary: Summary | None = Field(
        default=None, validate_default=True, examples=["Trunk 7 is down"], description="A trigger has one."
    )
    details: Annotated[dict[str, Any], AfterValidator(bounded)] = Field(
        default_factory=dict,
        examples=[{"code": 503, "calls_failed": 118}],
        description="Whatever helps: up to 16,384 bytes of JSON, eight levels deep.",
    )
    occurred_at: Annotated[Instant, Field(ge=_EARLIEST, le=_LATEST)] | None = Field(
        default=None, description="By the sender's clock; no deadline goes by it."
    )
    reseller_id: ResellerId | None = Field(default=None, description="For the operator's keys: whose alarm it is.")

    @field_validator("severity", "summary")
    @classmethod
    def _said_by_a_trigger(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("action") == "trigger":
            msg = f"a trigger has a {info.field_name}"
            raise ValueError(msg)
        return value


class AlarmReceipt(Answer):
    """What became of a report. `ignored`: there was nothing live under its key, and it was no trigger."""

    status: Status
    alarm_id: AlarmId | None
    state: State | None
    severity: Severity | None
    count: int = Field(description="How often the alarm was triggered.")
    ticket_id: TicketId | None
    ticket_number: str | None = Field(examples=["TL-1042"])


class AlarmRead(Answer):
    """An alarm; `severity` is the gravest that was reported, `summary` and `details` are the latest."""

    id: AlarmId
    reseller_id: ResellerId
    source: str
    dedup_key: str
    state: State
    severity: Severity
    summary: str
    details: dict[str, Any]
    occurred_at: Instant | None
    count: int
    first_at: Instant
    last_at: Instant
    acknowledged_at: Instant | None
    resolved_at: Instant | None
    ticket_id: TicketId
    ticket_number: str = Field(examples=["TL-1042"])


class AlarmQuery(PageQuery):
    """Filters of a list of alarms."""

    state: State | None = None
    source: Name | None = None
    ticket_id: TicketId | None = None
    reseller_id: ResellerId | None = Field(default=None, description="For staff.")


class AlarmSourceCreate(Request):
    """A new source."""

    name: Line = Field(examples=["Monitoring"])
    reseller_id: ResellerId | None = Field(default=None, description="For the operator's keys: whose source it is.")


class AlarmSourceRead(Answer):
    """A source."""

    id: AlarmSourceId
    reseller_id: ResellerId
    name: str
    created_at: Instant


class AlarmSourceCreated(AlarmSourceRead):
    """A source, with the secret that it signs with: shown this once."""

    secret: str


def read(alarm: Alarm) -> AlarmRead:
    """Return an alarm as it is shown."""
    return AlarmRead.model_validate(alarm)


def receipt(status: Status, alarm: Alarm | None) -> AlarmReceipt:
    """Return what a sender is told."""
    if alarm is None:
        nothing = dict.fromkeys(("alarm_id", "state", "severity", "ticket_id", "ticket_number"))
        return AlarmReceipt.model_validate({"status": status, "count": 0} | nothing)
    return AlarmReceipt.model_validate(
        {
            "status": status,
            "alarm_id": alarm.id,
            "state": alarm.state,
            "severity": alarm.severity,
            "count": alarm.count,
            "ticket_id": alarm.ticket_id,
            "ticket_number": alarm.ticket_number,
        }
    )
