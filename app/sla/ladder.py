"""The ladder of a clock, and what time alone does to it.

At one instant warnings come first, then the breach, then the steps after it, then the expiry of an acknowledgement.
A breach falls due when its deadline has passed, everything else at its own instant. ``settle`` does what is due one
thing at a time, the earliest first: so one late settling tells the same facts as many punctual ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from app.sla.clock import Clock
from app.sla.due import Due, Rank, dues
from app.sla.instants import TICK, in_utc
from app.sla.steps import DEFAULT_STEPS, Ladder, Step

__all__ = [
    "DEFAULT_STEPS",
    "Breached",
    "Fact",
    "Ladder",
    "QuietEnded",
    "Step",
    "StepReached",
    "next_step_at",
    "places",
    "settle",
    "wake_at",
]


@dataclass(frozen=True, slots=True)
class StepReached:
    """A step fell due; withheld where a person has acknowledged, so that nobody is called."""

    step: Step
    at: datetime
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Breached:
    """The promise was missed; ``at`` is its deadline."""

    at: datetime


@dataclass(frozen=True, slots=True)
class QuietEnded:
    """An acknowledgement expired with the clock unmet; the steps that it withheld follow."""

    at: datetime


Fact = StepReached | Breached | QuietEnded


def settle(clock: Clock, ladder: Ladder, now: datetime, *, inclusive: bool) -> tuple[Clock, tuple[Fact, ...]]:
    """Does everything that time alone does up to ``now``.

    Args:
        clock: The clock as it was last left.
        ladder: The policy's steps, and those that the level in force has.
        now: Until when.
        inclusive: Whether what falls due at ``now`` itself is done; a caller who acts at ``now`` says no, since
            people come before time. A breach is never due at its own deadline.

    Returns:
        The clock, and the facts in order, each with its own instant. A step that the level lacks goes by without one.
    """
    facts: list[Fact] = []
    at = in_utc(now)
    while (due := _first(clock, ladder)) and (due.at < at or (due.at == at and inclusive and due.rank != Rank.breach)):
        clock, told = _done(clock, ladder, due)
        facts.extend(told)
    return clock, tuple(facts)


def places(facts: Iterable[Fact]) -> list[tuple[datetime, Rank]]:
    """Where the facts of one clock stand among those of the ticket's others, each no earlier than the one before it.

    So what an expiry had withheld stays behind the expiry.
    """
    return list(accumulate(((fact.at, _rank(fact)) for fact in facts), max))


def wake_at(clock: Clock, ladder: Ladder) -> datetime | None:
    """The first instant at which settling would do something; None when time alone never will."""
    due = _first(clock, ladder)
    if due is None:
        return None
    return due.at + TICK if due.rank == Rank.breach else due.at


def next_step_at(clock: Clock, ladder: Ladder) -> datetime | None:
    """The instant at which something next happens by time alone, as people are told it.

    A breach is told at its deadline, and a step that the level lacks is left out.
    """
    told = [due.at for due in dues(clock, ladder) if due.step is None or due.step.code in ladder.held]
    return min(told, default=None)


def _rank(fact: Fact) -> Rank:
    if isinstance(fact, StepReached):
        return Rank.later_step if fact.step.at_share is None else Rank.warning
    return Rank.breach if isinstance(fact, Breached) else Rank.expiry


def _first(clock: Clock, ladder: Ladder) -> Due | None:
    return min(dues(clock, ladder), key=lambda due: due[:3], default=None)


def _done(clock: Clock, ladder: Ladder, due: Due) -> tuple[Clock, Iterator[Fact]]:
    """The clock after one thing that fell due, and what is told of it."""
    if due.rank == Rank.breach:
        return replace(clock, breached_at=due.at), iter([Breached(due.at)])
    if due.step is None:
        return replace(clock, quiet_until=None, withheld=()), _called(clock, ladder, due.at)
    passed = replace(clock, passed=clock.passed | {due.step.code})
    if due.step.code not in ladder.held:
        return passed, iter([])
    if clock.quiet_until is None or clock.counted_at(due.at) >= clock.quiet_until:
        return passed, iter([StepReached(due.step, due.at)])
    withheld = replace(passed, withheld=(*clock.withheld, due.step.code))
    return withheld, iter([StepReached(due.step, due.at, withheld=True)])


def _called(clock: Clock, ladder: Ladder, at: datetime) -> Iterator[Fact]:
    """What an expiry tells: the steps that it withheld, as far as the level still holds them."""
    steps = {step.code: step for step in ladder.steps if step.code in ladder.held}
    yield QuietEnded(at)
    yield from (StepReached(steps[code], at) for code in clock.withheld if code in steps)
