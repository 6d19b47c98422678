"""One promise on one ticket, as a frozen value.

                 pause                          meet
      running <---------> paused ----------------------------> met
       |   |     resume     |                                 ^ |
       |   +----------------|------------ meet ---------------+ |
       |                    | cancel, target lost               | reopen: running or paused,
       | now > due_at       v                                   v         with what was consumed
       |                cancelled --- target regained ---> running | paused
       v
      breached -------- meet -------> met_late
       ^  (pausing stops its overrun;    |
       |   it stays breached)            |
       +------------ reopen -------------+   with the same deadline

Whoever acts settles first (``ladder.settle``). An act on a clock that is overdue and was not settled
records the breach all the same, at its deadline.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from app.sla.change import changed
from app.sla.errors import IllegalTransition
from app.sla.facts import Facts, State
from app.sla.instants import NOTHING, in_utc
from app.sla.terms import Metric, Terms
from app.sla.windows import Windows

__all__ = ["Clock", "State"]

_ENDED_MET = frozenset({State.met, State.met_late})


@dataclass(frozen=True, slots=True)
class Clock(Facts):
    """A clock and the acts on it; each gives the clock as it is afterwards, or the same one where nothing changes."""

    @classmethod
    def start(cls, metric: Metric, terms: Terms, now: datetime, *, paused: bool = False) -> Self:
        """A clock that begins now with the whole of its target, paused if the ticket's status pauses it.

        Raises:
            OutOfRange: Its deadline lies after year 9999.
        """
        at = in_utc(now)
        due_at = None if paused else terms.advance(at, terms.target)
        paused_since = at if paused else None
        return cls(metric, terms, at, at, terms.target, due_at=due_at, paused_since=paused_since)

    def pause(self, now: datetime) -> Self:
        """Stops the counting; a breached clock keeps its state and deadline, and its overrun stands.

        Raises:
            IllegalTransition: The clock is met or cancelled, or has changed after ``now``.
        """
        if self.unmet and self.paused_since is not None:
            return self
        clock = self.at(now, "pause")
        due_at = None if clock.breached_at is None else clock.due_at
        return replace(clock, due_at=due_at, paused_since=clock.anchor_at)

    def resume(self, now: datetime) -> Self:
        """Counts on with what remained; a breached clock's overrun counts on.

        Raises:
            IllegalTransition: The clock is met or cancelled, or has changed after ``now``.
        """
        if self.counting:
            return self
        return replace(self.at(now, "resume"), paused_since=None).with_deadline()

    def meet(self, now: datetime) -> Self:
        """Keeps the promise, late or not; at the very instant of its deadline it is kept.

        Raises:
            IllegalTransition: The clock is cancelled, or has changed after ``now``.
        """
        if self.state in _ENDED_MET:
            return self
        clock = self.at(now, "meet")
        return replace(clock, met_at=clock.anchor_at, paused_since=None, quiet_until=None, withheld=())

    def reopen(self, now: datetime, *, paused: bool = False) -> Self:
        """Takes the meeting back: what was consumed stays so, the time it lay met does not count.

        A clock that was met late is breached again, with the same deadline.

        Raises:
            IllegalTransition: The clock is not met, or was met after ``now``.
        """
        if self.state not in _ENDED_MET:
            raise IllegalTransition(f"a clock that is {self.state} cannot reopen")
        at = self._moment(now)
        return replace(self, anchor_at=at, met_at=None, paused_since=at if paused else None).with_deadline()

    def cancel(self, now: datetime) -> Self:
        """Drops a promise that is running or paused; a breached or ended one stays as it is.

        Raises:
            IllegalTransition: The clock has changed after ``now``.
        """
        if not self.unmet or self.breached_at is not None:
            return self
        clock = self.at(now, "cancel")
        if clock.breached_at is not None:
            return clock
        return replace(clock, cancelled_at=clock.anchor_at, due_at=None, paused_since=None)

    def end(self, now: datetime) -> Self:
        """Lets a cancelled promise rest for good: its exchange or interval is over, the next is another clock."""
        return replace(self, ended_at=in_utc(now)) if self.cancelled_at is not None and self.ended_at is None else self

    def change_terms(self, terms: Terms | None, now: datetime, *, paused: bool = False) -> Self:
        """Goes on under other terms by the rule of ``change``; a met or breached clock is left alone.

        Args:
            terms: The new terms; None where the metric has no target any more, which cancels the clock.
            now: The instant of the change, never the one at which it is carried out.
            paused: Whether the ticket's status pauses the metric, for a cancelled clock that comes back.

        Raises:
            IllegalTransition: The clock has changed after ``now``.
            OutOfRange: The new deadline lies after year 9999.
        """
        if self.met_at is not None or self.breached_at is not None or (terms == self.terms and self.unmet):
            return self
        if terms is None:
            return self.cancel(now)
        if self.cancelled_at is not None:
            at = self._moment(now)
            clock = replace(self, anchor_at=at, cancelled_at=None, paused_since=at if paused else None)
        else:
            clock = self.at(now, "change")
        if clock.breached_at is not None:
            return clock
        on, remaining, fresh = changed(clock, terms)
        due_at = on.advance(clock.anchor_at, remaining) if clock.counting else None
        return replace(clock, terms=on, remaining=remaining, fresh=fresh, due_at=due_at)

    def stand_still(self, windows: Windows, now: datetime) -> Self:
        """Lets other windows hold from now on; a change of terms with the same target, so nothing after a breach.

        Raises:
            IllegalTransition: The clock is unmet and has changed after ``now``.
            OutOfRange: The new deadline lies after year 9999.
        """
        terms = self.terms.apart_from(windows)
        if terms is self.terms or self.breached_at is not None:
            return self
        return self.change_terms(terms, now) if self.unmet else replace(self, terms=terms)

    def acknowledge(self, span: timedelta, now: datetime) -> Self:
        """Withholds the ladder's calls until that much more time has counted.

        Raises:
            IllegalTransition: The clock is met or cancelled, or has changed after ``now``.
            ValueError: The span is not positive.
        """
        if span <= NOTHING:
            raise ValueError(f"an acknowledgement lasts for some time, not {span}")
        clock = self.at(now, "acknowledge")
        return replace(clock, quiet_until=clock.counted + span)

    def at(self, now: datetime, act: str = "move") -> Self:
        """The same unmet clock with its spans told as of ``now``, a deadline that has passed recorded as breached.

        Raises:
            IllegalTransition: The clock is met or cancelled, or has changed after ``now``.
        """
        if not self.unmet:
            raise IllegalTransition(f"a clock that is {self.state} cannot {act}")
        at, gone = self._moment(now), self.since_anchor(now)
        overdue = self.breached_at is None and self.due_at is not None and at > self.due_at
        return replace(
            self,
            anchor_at=at,
            remaining=self.remaining - gone,
            counted=self.counted + gone,
            fresh=self.fresh + gone,
            breached_at=self.due_at if overdue else self.breached_at,
        )

    def with_deadline(self) -> Self:
        """The same clock with the deadline that follows from its anchor; a broken one stays."""
        if self.breached_at is not None:
            return self
        return replace(self, due_at=self.terms.advance(self.anchor_at, self.remaining) if self.counting else None)

    def _moment(self, now: datetime) -> datetime:
        at = in_utc(now)
        if at < self.anchor_at:
            raise IllegalTransition(f"the clock has changed at {self.anchor_at}, after {at}")
        return at
