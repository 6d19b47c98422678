"""What is known of a clock, and what can be read off it at an instant.

A clock holds facts; its state is derived from them. Three spans are kept as of ``anchor_at``, the last instant at
which something happened to the clock, and counted on from there: so a change costs the same however old the clock is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.sla.instants import NOTHING
from app.sla.terms import Metric, Terms


class State(StrEnum):
    """What a clock is, as the world is told."""

    running = "running"
    paused = "paused"
    met = "met"
    breached = "breached"
    met_late = "met_late"
    cancelled = "cancelled"


@dataclass(frozen=True, slots=True)
class Facts:
    """A promise and what became of it so far; instants are UTC, spans whole microseconds.

    Attributes:
        metric: What is promised.
        terms: The target, the counting and the calendar that it runs on.
        started_at: When it began.
        anchor_at: The instant of which the next three spans tell.
        remaining: What is left of the target; below nothing after a breach, by the overrun.
        counted: All time counted since the start, under whatever terms.
        fresh: Time counted since the target last began afresh.
        due_at: The deadline; None while paused, kept for good after a breach.
        paused_since: When it was paused, if it is.
        met_at: When it was met, if it is.
        breached_at: The deadline that was missed, if one was.
        cancelled_at: When it was cancelled, if it is.
        ended_at: When what a cancelled promise was about came about, so that no target brings it back.
        passed: Codes of the ladder's steps that have gone by, whether they were raised or not held.
        quiet_until: The value of ``counted`` at which an acknowledgement expires, while one is live.
        withheld: Codes of the steps that fell due while acknowledged, in order.
    """

    metric: Metric
    terms: Terms
    started_at: datetime
    anchor_at: datetime
    remaining: timedelta
    counted: timedelta = NOTHING
    fresh: timedelta = NOTHING
    due_at: datetime | None = None
    paused_since: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    cancelled_at: datetime | None = None
    ended_at: datetime | None = None
    passed: frozenset[str] = frozenset()
    quiet_until: timedelta | None = None
    withheld: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """The state that the facts amount to."""
        if self.cancelled_at is not None:
            return State.cancelled
        if self.met_at is not None:
            return State.met if self.breached_at is None else State.met_late
        if self.breached_at is not None:
            return State.breached
        return State.running if self.paused_since is None else State.paused

    @property
    def unmet(self) -> bool:
        """Whether the promise is still open: running, paused or breached."""
        return self.met_at is None and self.cancelled_at is None

    @property
    def counting(self) -> bool:
        """Whether time counts, overrun included."""
        return self.unmet and self.paused_since is None

    def since_anchor(self, now: datetime) -> timedelta:
        """The time counted since the anchor; nothing while the clock stands."""
        return self.terms.elapsed(self.anchor_at, now) if self.counting else NOTHING

    def counted_at(self, now: datetime) -> timedelta:
        """All time counted since the start."""
        return self.counted + self.since_anchor(now)

    def remaining_at(self, now: datetime) -> timedelta:
        """What is left of the target; below nothing by the overrun."""
        return self.remaining - self.since_anchor(now)

    def consumed_ratio(self, now: datetime) -> float:
        """The share of the target that is gone; above 1 by the overrun."""
        return 1 - self.remaining_at(now) / self.terms.target
