"""The ladder of a clock: which step falls due when, and what raising it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.model.clock import Clock
from tests.model.policy import Policy, Step

# "Order at one instant: changes of terms, the caller's act, warnings, breaches, later steps, expiry of
# acknowledgements, auto-close."
TERMS, WARNING, BREACH, LATER, EXPIRY, CLOSE = range(6)
Due = tuple[datetime, int, Callable[[], None]]


@dataclass
class Escalation:
    """A call to a person; one by hand has no clock."""

    clock: Clock | None
    step: str
    role: str
    reason: str
    raised_at: datetime
    state: str = "open"
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None

    def resolve(self, now: datetime) -> None:
        """It is over."""
        if self.state != "resolved":
            self.state, self.resolved_at = "resolved", now


def due_steps(clock: Clock, policy: Policy) -> Iterator[tuple[datetime, int, Step]]:
    """The steps that are not raised, each with the instant at which it falls due as things are now."""
    for step in policy.steps:
        if step.code in clock.passed or not clock.unmet:
            continue
        if step.share is not None and clock.breached_at is None:
            left = step.left_at(clock.terms.target)
            if clock.remaining <= left:
                yield clock.at, WARNING, step  # "a change that puts it in the past raises it at once"
            elif clock.counts:
                yield clock.terms.reached(clock.at, clock.remaining - left), WARNING, step
        elif step.share is None and clock.breached_at is not None and clock.counts:
            # "While the ticket is paused, a breached clock's later steps wait."
            over = step.after_breach(clock.terms.target) + clock.remaining
            yield clock.terms.reached(clock.at, over), LATER, step


class Ladder:
    """The escalations of a ticket."""

    def __init__(self) -> None:
        self.raised: list[Escalation] = []

    def reach(self, clock: Clock, step: Step, policy: Policy, level: int) -> None:
        """A step is reached, once: "unique per clock and code, through all changes of ladder"."""
        clock.passed.add(step.code)
        if not policy.holds(level, step.code):
            return  # "A step that a level lacked at its instant is not raised after an upgrade."
        if clock.quiet_until is not None:
            clock.withheld.append(step)  # "Acknowledging withholds calls, never the breach."
        else:
            self._call(clock, step)

    def expire(self, clock: Clock, policy: Policy, level: int) -> None:
        """ "At expiry, if the clock is unmet, the escalation is `open` again and the withheld steps are raised at that
        instant, in order."
        """
        clock.quiet_until = None
        for escalation in self.of(clock):
            if escalation.state == "acknowledged":
                escalation.state = "open"
        for step in clock.withheld:
            if policy.holds(level, step.code):  # "the level that holds when they are raised"
                self._call(clock, step)
        clock.withheld = []

    def of(self, clock: Clock | None) -> list[Escalation]:
        """The escalations of a clock, or those by hand."""
        return [each for each in self.raised if each.clock is clock]

    def by_hand(self, now: datetime) -> Escalation | None:
        """ "The first unresolved one calls the account manager, the next the technical director, a third is 409."""
        unresolved = [each for each in self.of(None) if each.state != "resolved"]
        if len(unresolved) > 1:
            return None
        role = ("account_manager", "technical_director")[len(unresolved)]
        self.raised.append(Escalation(None, "manual", role, "manual", now))
        return self.raised[-1]

    def resolve(self, clock: Clock | None, now: datetime) -> None:
        """ "Meeting the clock resolves its escalations"; one by hand "is resolved with the ticket"."""
        for escalation in self.of(clock):
            escalation.resolve(now)

    def _call(self, clock: Clock, step: Step) -> None:
        self.raised.append(Escalation(clock, step.code, step.role, step.reason, clock.at))
