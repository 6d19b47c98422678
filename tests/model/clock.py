"""One promise on one ticket. It is walked from instant to instant, and counts by adding up what counts in between."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.model.calendar import NOTHING
from tests.model.policy import Step
from tests.model.terms import Terms


@dataclass
class Clock:
    """ "R what remained just before *c*, C all time counted since the clock started (under whatever terms), and F the
    time counted since its target last began afresh (at the start, or at a tightening)".
    """

    metric: str
    started_at: datetime
    terms: Terms
    paused_since: datetime | None = None
    at: datetime = field(init=False)
    remaining: timedelta = field(init=False)
    counted: timedelta = NOTHING
    fresh: timedelta = NOTHING
    met_at: datetime | None = None
    kept_due: datetime | None = None
    breached_at: datetime | None = None
    cancelled: bool = False
    ended: bool = False
    passed: set[str] = field(default_factory=set)
    withheld: list[Step] = field(default_factory=list)
    quiet_until: timedelta | None = None

    def __post_init__(self) -> None:
        self.at, self.remaining = self.started_at, self.terms.target

    @property
    def state(self) -> str:
        """ "States of a clock"; "`breached` outranks `paused`"."""
        if self.met_at is not None:
            return "met" if self.breached_at is None else "met_late"
        if self.breached_at is not None:
            return "breached"
        if self.cancelled:
            return "cancelled"
        return "running" if self.paused_since is None else "paused"

    @property
    def unmet(self) -> bool:
        """Running, paused or breached: the promise is still to be kept."""
        return self.state in {"running", "paused", "breached"}

    @property
    def counts(self) -> bool:
        """Whether time counts: a breached clock counts on, for its ladder; a paused one does not."""
        return self.unmet and self.paused_since is None

    @property
    def due_at(self) -> datetime | None:
        """ "A paused clock has no deadline"; a breached one keeps the one that it broke."""
        if self.breached_at is not None:
            return self.breached_at
        if self.met_at is not None:
            return self.kept_due
        if self.cancelled or self.paused_since is not None:
            return None
        return self.terms.reached(self.at, self.remaining)

    def walk(self, to: datetime) -> None:
        """Let time pass."""
        if self.counts:
            spent = self.terms.counted(self.at, to)
            self.remaining -= spent
            self.counted += spent
            self.fresh += spent
        self.at = max(self.at, to)

    def change(self, new: Terms) -> None:
        """ "When something changes under a running clock", at the instant to which it has been walked."""
        if self.breached_at is not None:
            return  # "After a breach a change of terms moves neither the deadline, nor the state, nor the ladder."
        old = self.terms.knowing(new.windows)
        if new.target < old.target:  # "Tightened"
            # "the clock takes the one whose deadline is earlier"; "Equal deadlines at a tightening: T1 afresh."
            # "A paused clock is compared as if it resumed at *c*."
            if old.reached(self.at, self.remaining) < new.reached(self.at, new.target):
                new = old  # "terms and all"
            else:
                self.remaining, self.fresh = new.target, NOTHING
        elif new.target > old.target:  # "Loosened"
            # "T1 - C remains if that is more than R, otherwise T1 - F; counted on the new terms."
            whole = new.target - self.counted
            self.remaining = whole if whole > self.remaining else new.target - self.fresh
        self.terms = new

    def pause(self, *, paused: bool) -> None:
        """Pause or resume, at the instant to which it has been walked."""
        if not paused:
            self.paused_since = None
        elif self.paused_since is None:
            self.paused_since = self.at

    def meet(self) -> None:
        """Keep the promise, in time or late, at the instant to which the clock has been walked."""
        self.kept_due = self.due_at
        self.met_at = self.at
        self.quiet_until, self.withheld = None, []
