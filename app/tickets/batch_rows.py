"""Tickets as a batch reads and writes them: the table's columns without the table's machinery."""

from dataclasses import dataclass
from datetime import datetime
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
