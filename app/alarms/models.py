"""Tables of alarms and of the sources that sign them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json

_LIVE = text("state <> 'resolved'")


class Alarm(SQLModel, table=True):
    """A fault as a machine reports it, from its first trigger until it is over. Of each key one is live at most."""

    __tablename__ = "alarms"
    __table_args__ = (
        CheckConstraint("state in ('triggered', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint("severity in ('critical', 'error', 'warning', 'info')", name="severity"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("uq_alarms_live", "reseller_id", "source", "dedup_key", unique=True, postgresql_where=_LIVE),
        Index("ix_alarms_key", "reseller_id", "source", "dedup_key", "id"),
        Index("ix_alarms_ticket", "ticket_id", "id"),
        Index("ix_alarms_list", "reseller_id", "state", "id"),
        Index("ix_alarms_all", "state", "id"),  # lists of the operator's, over all resellers
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    source: str
    dedup_key: str
    state: str
    severity: str
    summary: str
    details: dict[str, Any] = Field(sa_type=Json)
    occurred_at: datetime | None = Field(default=None, sa_type=Instant)
    count: int = 1
    first_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    acknowledged_at: datetime | None = Field(default=None, sa_type=Instant)
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    ticket_id: UUID
    ticket_number: str


class AlarmSource(SQLModel, table=True):
    """A sender that signs its alarms; its secret is sealed, and bound to its id."""

    __tablename__ = "alarm_sources"

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    name: str
    secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
