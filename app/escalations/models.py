"""The table of escalations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant


class Escalation(SQLModel, table=True):
    """A call to a person. A step of a ladder is raised once per clock: the index says so."""

    __tablename__ = "escalations"
    __table_args__ = (
        CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint("role in ('desk', 'account_manager', 'technical_director')", name="role"),
        CheckConstraint("reason in ('sla_warning', 'sla_breach', 'manual')", name="reason"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("uq_escalations_step", "clock_id", "step", unique=True, postgresql_where=text("clock_id is not null")),
        Index("ix_escalations_ticket", "ticket_id", "id"),
        Index("ix_escalations_list", "reseller_id", "state", "id"),
        Index("ix_escalations_all", "state", "id"),  # lists of the operator's, over all resellers
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    ticket_id: UUID
    clock_id: UUID | None = Field(default=None, foreign_key="sla_clocks.id")
    step: str
    role: str
    called_staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    called_name: str | None = None
    reason: str
    note: str | None = None
    state: str
    raised_at: datetime = Field(sa_type=Instant)
    acknowledged_at: datetime | None = Field(default=None, sa_type=Instant)
    acknowledged_by: str | None = None
    acknowledgement_note: str | None = None
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
