"""A clock that is walked minute by minute, to hold the real one against.

It knows the rules and none of the arithmetic: at each minute people act first, then warnings, the breach, later steps
and the expiry of an acknowledgement, and then a minute is counted if the desk is open.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.sla import Breached, Fact, Ladder, QuietEnded, StepReached, Terms
from tests.sla.reference import MINUTE, NOTHING, Grid


@dataclass
class Walked:
    """The state of the walk at the minute ``at``; targets and shares fall on whole minutes."""

    at: datetime
    ladder: Ladder
    grids: dict[Terms, Grid]
    terms: Terms
    remaining: timedelta
    counted: timedelta = NOTHING
    fresh: timedelta = NOTHING
    paused: bool = False
    breached_at: datetime | None = None
    quiet_until: timedelta | None = None
    withheld: list[str] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)

    def walk(self, until: datetime) -> None:
        """Up to a minute, at which people have not acted yet."""
        while self.at < until:
            self.let_time_act(passing=True)
            if not self.paused and self.grids[self.terms].is_open(self.at):
                self.remaining -= MINUTE
                self.counted += MINUTE
                self.fresh += MINUTE
            self.at += MINUTE

    def let_time_act(self, *, passing: bool) -> None:
        """What falls due at this minute; a breach only where time goes on past it."""
        self._reach(warnings=True)
        if self.breached_at is None and not self.paused and self.remaining <= NOTHING:
            if not passing:
                return
            self.breached_at = self.at
            self.facts.append(Breached(self.at))
        self._reach(warnings=False)
        if self.quiet_until is not None and self.counted >= self.quiet_until:
            self.facts.append(QuietEnded(self.at))
            steps = {step.code: step for step in self.ladder.steps}
            self.facts.extend(StepReached(steps[code], self.at) for code in self.withheld)
            self.quiet_until, self.withheld = None, []

    def change(self, new: Terms) -> None:
        """The change rule, from its words."""
        if self.breached_at is not None:
            return
        old_target, new_target = self.terms.target, new.target
        if new_target < old_target:
            on_old = self.grids[self.terms].advance(self.at, self.remaining)
            afresh = self.grids[new].advance(self.at, new_target)
            if on_old is not None and (afresh is None or on_old < afresh):
                return
            self.remaining, self.fresh = new_target, NOTHING
        elif new_target > old_target:
            whole = new_target - self.counted
            self.remaining = whole if whole > self.remaining else new_target - self.fresh
        self.terms = new

    def _reach(self, *, warnings: bool) -> None:
        for step in self.ladder.steps:
            if step.code in self.passed or (step.at_share is not None) != warnings:
                continue
            if step.at_share is not None:
                reached = self.terms.target - self.remaining >= self.terms.target * step.at_share / 10_000
            else:
                after = step.after_breach if step.after_breach is not None else self.terms.target
                reached = self.breached_at is not None and -self.remaining >= after
            if reached:
                self._pass(step.code)

    def _pass(self, code: str) -> None:
        self.passed.add(code)
        if code not in self.ladder.held:
            return
        quiet = self.quiet_until is not None and self.counted < self.quiet_until
        step = next(step for step in self.ladder.steps if step.code == code)
        self.facts.append(StepReached(step, self.at, withheld=quiet))
        if quiet:
            self.withheld.append(code)
