"""Clocks as a batch reads and writes them: the table's columns without the table's machinery."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


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
