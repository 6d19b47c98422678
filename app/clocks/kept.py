"""What the keeper keeps: one clock with its row, for the ticket that it is of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.clocks.models import SlaClock
from app.clocks.rows import ClockRow, Held, Versions
from app.infra.ids import derived_id
from app.sla.clock import Clock
from app.sla.ladder import Ladder, wake_at
from app.sla.terms import Metric


class Promised(Protocol):
    """What the keeper needs of a ticket's row."""

    reseller_id: UUID
    id: UUID
    priority: str
    status: str
    first_responded_at: datetime | None
    waiting: bool
    sla_policy_id: UUID
    sla_level: int
    sla_status: str
    next_due_at: datetime | None
    settled_at: datetime
    test_clock_id: UUID | None
    created_at: datetime


@dataclass(slots=True)
class Kept:
    """One clock in the keeper's hands; ``held`` is under what it is to be reported from now on, if that is new."""

    id: UUID
    clock: Clock
    versions: Versions
    row: ClockRow | None = None
    held: Held | None = None
    _foretold: tuple[Clock, Ladder, datetime | None] | None = None

    def wake_at(self, ladder: Ladder) -> datetime | None:
        """Return the first instant at which time alone will move the clock; reckoned once for each value of it."""
        known = self._foretold
        if known is None or known[0] is not self.clock or known[1] is not ladder:
            known = self._foretold = (self.clock, ladder, wake_at(self.clock, ladder))
        return known[2]


_ORDER = {metric: place for place, metric in enumerate(Metric)}


def clock_id(ticket: Promised, clock: Clock, before: Kept | None) -> UUID:
    """Return the id of a clock that starts after another of its metric: the same for whoever reckons it.

    So a read that is ahead of the sweep names the clock as it will be written. Of two that start at one instant, the
    later has the greater id.
    """
    if before is not None and before.clock.started_at == clock.started_at:
        return UUID(int=before.id.int + 1)
    return derived_id(clock.started_at, _ORDER[clock.metric], ticket.id, clock.metric, clock.started_at.isoformat())


def new_row(kept: Kept, ticket: Promised) -> SlaClock:
    """Return a row for a clock that has none yet; its value is written afterwards."""
    return SlaClock(
        reseller_id=ticket.reseller_id,
        id=kept.id,
        ticket_id=ticket.id,
        metric=kept.clock.metric.value,
        started_at=kept.clock.started_at,
        test_clock_id=ticket.test_clock_id,
        policy_id=kept.versions.policy_id,
        plan="",
        level=0,
        priority="",
        target=timedelta(0),
        counting="",
        anchor_at=kept.clock.anchor_at,
        remaining=timedelta(0),
        counted=timedelta(0),
        fresh=timedelta(0),
        passed=[],
        withheld=[],
    )
