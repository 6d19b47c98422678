"""Tables of SLA clocks, their ledger, and background recalculations."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Computed, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Instants, Json, Span, Texts, Uuids

_STATE = """case
 when cancelled_at is not null then 'cancelled'
 when met_at is not null and breached_at is not null then 'met_late'
 when met_at is not null then 'met'
 when breached_at is not null then 'breached'
 when paused_since is not null then 'paused'
 else 'running' end"""


class SlaClock(SQLModel, table=True):
    """One promise on one ticket. ``wake_at`` is the first instant at which time alone will move it.

    ``windows`` are the maintenance windows that its deadline leaves out, as a flat list of beginnings and ends.
    ``policy_id``, ``plan``, ``level`` and ``priority`` are those under which it was last unmet and unbroken: reports
    go by them.
    """

    __tablename__ = "sla_clocks"
    __table_args__ = (
        CheckConstraint(
            "metric in ('first_response', 'next_response', 'periodic_update', 'resolution')", name="metric"
        ),
        CheckConstraint("counting in ('support_hours', 'elapsed')", name="counting"),
        ForeignKeyConstraint(["reseller_id", "ticket_id"], ["tickets.reseller_id", "tickets.id"]),
        Index("ix_sla_clocks_ticket", "reseller_id", "ticket_id", "metric", "started_at"),
        # The sweep goes by time over all resellers: the named exception to leading with reseller_id.
        Index("ix_sla_clocks_wake", "wake_at", postgresql_where=text("wake_at is not null and test_clock_id is null")),
        # Reports go by when a promise was decided, over all resellers as well.
        Index(
            "ix_sla_clocks_decided",
            text("coalesce(breached_at, met_at)"),
            "reseller_id",
            postgresql_where=text("coalesce(breached_at, met_at) is not null"),
        ),
        Index(
            "ix_sla_clocks_overdue",
            "breached_at",
            postgresql_where=text("breached_at is not null and met_at is null"),
        ),
        Index(
            "ix_sla_clocks_wake_test",
            "test_clock_id",
            "wake_at",
            postgresql_where=text("wake_at is not null and test_clock_id is not null"),
        ),
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True, unique=True)
    ticket_id: UUID
    metric: str
    policy_id: UUID = Field(foreign_key="sla_policies.id")
    calendar_id: UUID | None = Field(default=None, foreign_key="calendars.id")
    target: timedelta = Field(sa_type=Span)
    counting: str
    started_at: datetime = Field(sa_type=Instant)
    anchor_at: datetime = Field(sa_type=Instant)
    remaining: timedelta = Field(sa_type=Span)
    counted: timedelta = Field(sa_type=Span)
    fresh: timedelta = Field(sa_type=Span)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_since: datetime | None = Field(default=None, sa_type=Instant)
    met_at: datetime | None = Field(default=None, sa_type=Instant)
    breached_at: datetime | None = Field(default=None, sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    passed: list[str] = Field(sa_type=Texts)
    quiet_until: timedelta | None = Field(default=None, sa_type=Span)
    withheld: list[str] = Field(sa_type=Texts)
    wake_at: datetime | None = Field(default=None, sa_type=Instant)
    windows: list[datetime] = Field(default_factory=list, sa_type=Instants)
    plan: str
    level: int
    priority: str
    voided_at: datetime | None = Field(default=None, sa_type=Instant)
    voided_by: str | None = None
    void_reason: str | None = None
    test_clock_id: UUID | None = None
    state: str | None = Field(default=None, sa_column=Column(Text, Computed(_STATE, persisted=True), nullable=True))


class SlaClockChange(SQLModel, table=True):
    """A line of a clock's ledger: what it stood at after a change. Explanations are made from these.

    ``priority`` is the ticket's; lines older than its column have none.
    """

    __tablename__ = "sla_clock_changes"
    __table_args__ = (Index("ix_sla_clock_changes_clock", "reseller_id", "clock_id", "id"),)

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    clock_id: UUID
    at: datetime = Field(sa_type=Instant)
    kind: str
    policy_id: UUID
    calendar_id: UUID | None = None
    target: timedelta = Field(sa_type=Span)
    counting: str
    counted: timedelta = Field(sa_type=Span)
    remaining: timedelta = Field(sa_type=Span)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    paused: bool
    windows: list[datetime] = Field(default_factory=list, sa_type=Instants)
    state: str
    priority: str | None = None


class Recalculation(SQLModel, table=True):
    """A background walk over live tickets after terms changed; resumed where it stopped.

    It is one reseller's, or, with ``everyone``, that of all who live on the wall's time; it is then the operator's own.
    ``aside`` are tickets that somebody held when the walk came by. ``notify`` says whether each change of a deadline
    is an event of its own, or all of a reseller's are one.
    """

    __tablename__ = "recalculations"
    __table_args__ = (
        CheckConstraint("notify in ('each', 'digest')", name="notify"),
        Index("ix_recalculations_due", "at", postgresql_where=text("finished_at is null")),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    at: datetime = Field(sa_type=Instant)
    cause: str
    cause_id: UUID | None = None
    test_clock_id: UUID | None = None
    total: int | None = None
    done: int = 0
    changed: int = 0
    breached: int = 0
    failed: int = 0
    everyone: bool = False
    notify: str = "each"
    cursor_reseller_id: UUID | None = None
    cursor_id: UUID | None = None
    aside: list[UUID] = Field(default_factory=list, sa_type=Uuids)
    progressed_at: datetime | None = Field(default=None, sa_type=Instant)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class RecalculationDigest(SQLModel, table=True):
    """What a recalculation with a digest has changed of one reseller's so far."""

    __tablename__ = "recalculation_digests"

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    recalculation_id: UUID = Field(primary_key=True, foreign_key="recalculations.id")
    changed: int
    breached: int
    examples: list[dict[str, Any]] = Field(sa_type=Json)
