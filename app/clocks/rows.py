"""Rows of clocks to values and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.clocks.batch_rows import BatchClock
from app.clocks.models import SlaClock
from app.infra.ids import new_id
from app.sla.calendar import ALWAYS, Calendar
from app.sla.clock import Clock
from app.sla.terms import Counting, Metric, Terms
from app.sla.windows import Windows

LedgerLine = dict[str, object]
"""The columns of a line of the ledger."""


ClockRow = SlaClock | BatchClock
"""A clock's row: the table's, or one of a batch."""


@dataclass(frozen=True, slots=True)
class Held:
    """What its reseller and its ticket held: a clock that is unmet and unbroken is reported under it."""

    plan: str
    level: int
    priority: str


@dataclass(frozen=True, slots=True)
class Versions:
    """Which published versions a clock is under: the policy while it ran, the calendar that its terms count by."""

    policy_id: UUID
    calendar_id: UUID | None


def to_value(row: ClockRow, calendar: Calendar | None) -> Clock:
    """Return the value that a row holds."""
    return Clock(
        metric=Metric(row.metric),
        terms=Terms(row.target, Counting(row.counting), calendar or ALWAYS, paired(row.windows)),
        started_at=row.started_at,
        anchor_at=row.anchor_at,
        remaining=row.remaining,
        counted=row.counted,
        fresh=row.fresh,
        due_at=row.due_at,
        paused_since=row.paused_since,
        met_at=row.met_at,
        breached_at=row.breached_at,
        cancelled_at=row.cancelled_at,
        ended_at=row.ended_at,
        passed=frozenset(row.passed),
        quiet_until=row.quiet_until,
        withheld=tuple(row.withheld),
    )


def write(row: ClockRow, clock: Clock, versions: Versions, held: Held | None, wake_at: datetime | None) -> None:
    """Put a value into its row, and the instant at which the sweep is to look at it again."""
    if held is not None:
        row.plan, row.level, row.priority = held.plan, held.level, held.priority
    row.policy_id = versions.policy_id
    row.calendar_id = versions.calendar_id
    row.target = clock.terms.target
    row.counting = clock.terms.counting.value
    row.anchor_at = clock.anchor_at
    row.remaining = clock.remaining
    row.counted = clock.counted
    row.fresh = clock.fresh
    row.due_at = clock.due_at
    row.paused_since = clock.paused_since
    row.met_at = clock.met_at
    row.breached_at = clock.breached_at
    row.cancelled_at = clock.cancelled_at
    row.ended_at = clock.ended_at
    row.passed = sorted(clock.passed)
    row.quiet_until = clock.quiet_until
    row.withheld = list(clock.withheld)
    row.windows = flat(clock.terms.windows)
    row.wake_at = wake_at


def paired(instants: Sequence[datetime]) -> Windows:
    """Return the windows of a flat list of beginnings and ends."""
    return tuple(zip(instants[::2], instants[1::2], strict=True))


def flat(windows: Windows) -> list[datetime]:
    """Return windows as a flat list of beginnings and ends."""
    return [instant for window in windows for instant in window]


def ledger_line(row: ClockRow, clock: Clock, versions: Versions, at: datetime, kind: str, priority: str) -> LedgerLine:
    """Return the line of the ledger that a change leaves: what the clock stood at after it."""
    return {
        "reseller_id": row.reseller_id,
        "id": new_id(),
        "clock_id": row.id,
        "at": at,
        "kind": kind,
        "policy_id": versions.policy_id,
        "calendar_id": versions.calendar_id,
        "target": clock.terms.target,
        "counting": clock.terms.counting.value,
        "counted": clock.counted,
        "remaining": clock.remaining,
        "due_at": clock.due_at,
        "paused": clock.paused_since is not None,
        "state": clock.state.value,
        "priority": priority,
        "windows": flat(clock.terms.windows),
    }
