"""Tickets and clocks as a batch reads and writes them: the tables' columns without the tables' machinery."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass
class BatchTicket:
    """A ticket as far as its clocks and its summary need it; the columns are those of the table."""

    reseller_id: UUID
    id: UUID
    number: int
    subject: str
    type: str
    priority: str
    requested_priority: str
    status: str
    channel: str
    assignee_id: UUID | None
    assignee_name: str | None
    external_ref: str | None
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    first_responded_at: datetime | None
    waiting: bool
    sla_policy_id: UUID
    sla_level: int
    sla_status: str
    next_due_at: datetime | None
    settled_at: datetime
    test_clock_id: UUID | None
    sequence: int


@dataclass
class BatchClock:
    """A clock's row, without the table's machinery."""

    reseller_id: UUID
    ticket_id: UUID
    id: UUID
    metric: str
    policy_id: UUID
    calendar_id: UUID | None
    target: timedelta
    counting: str
    started_at: datetime
    anchor_at: datetime
    remaining: timedelta
    counted: timedelta
    fresh: timedelta
    due_at: datetime | None
    paused_since: datetime | None
    met_at: datetime | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    ended_at: datetime | None
    passed: list[str]
    quiet_until: timedelta | None
    withheld: list[str]
    wake_at: datetime | None
    windows: list[datetime]
    plan: str
    level: int
    priority: str
