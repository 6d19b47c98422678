"""Wire shapes of escalations."""

from typing import Literal

from pydantic import BaseModel, Field

from app.escalations.models import Escalation
from app.infra.ids import ClockId, EscalationId, StaffId, TicketId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Instant, Line, Request

State = Literal["open", "acknowledged", "resolved"]
Role = Literal["desk", "account_manager", "technical_director"]
Reason = Literal["sla_warning", "sla_breach", "manual"]


class Called(BaseModel):
    """Who was called."""

    staff_id: StaffId
    name: str = Field(examples=["Maria Lind"])


class EscalationRead(Answer):
    """A call to a person: by the ladder of a clock, or by hand."""

    id: EscalationId
    ticket_id: TicketId
    clock_id: ClockId | None
    step: str
    role: Role
    called: Called | None
    reason: Reason = Field(examples=["sla_breach"])
    note: str | None = Field(examples=[None])
    state: State
    raised_at: Instant
    acknowledged_at: Instant | None = Field(examples=[None])
    acknowledged_by: str | None = Field(examples=[None])
    resolved_at: Instant | None = Field(examples=[None])
    acknowledgement_note: str | None = Field(
        description="What whoever acknowledged it said; `note` is the caller's.", examples=[None]
    )


class EscalationCreate(Request):
    """An escalation by hand."""

    reason: Line


class Acknowledgement(Request):
    """Who has taken an escalation in hand."""

    by: Line | None = None
    note: Line | None = None


class EscalationQuery(PageQuery):
    """Filters of the list of escalations."""

    state: State | None = None
    ticket_id: TicketId | None = None
    role: Role | None = None


def read(row: Escalation) -> EscalationRead:
    """Return an escalation as it is shown."""
    called = {"staff_id": row.called_staff_id, "name": row.called_name} if row.called_staff_id else None
    return EscalationRead.model_validate(
        {name: getattr(row, name, None) for name in EscalationRead.model_fields} | {"called": called}
    )
