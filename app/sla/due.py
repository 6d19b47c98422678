"""What time alone will do to a clock next, and when.

Everything is reckoned from what remains at the clock's anchor. What a change has put in the past falls due at the
anchor itself, even on a paused clock; otherwise a paused clock waits.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from app.sla.clock import Clock
from app.sla.errors import OutOfRange
from app.sla.instants import NOTHING
from app.sla.steps import Ladder, Step


class Rank(IntEnum):
    """What comes first of all that falls due at one instant."""

    warning = 0
    breach = 1
    later_step = 2
    expiry = 3


class Due(NamedTuple):
    """One thing that falls due: in order of instant, rank and place on the ladder."""

    at: datetime
    rank: Rank
    place: int
    step: Step | None


def dues(clock: Clock, ladder: Ladder) -> Iterator[Due]:
    """Everything that can be foretold, in no order; nothing for a clock that is met or cancelled."""
    if not clock.unmet:
        return
    if clock.breached_at is None and clock.due_at is not None:
        yield Due(clock.due_at, Rank.breach, 0, None)
    for place, step in enumerate(ladder.steps):
        if step.code in clock.passed or (step.at_share is None and clock.breached_at is None):
            continue
        at = _when(clock, clock.remaining - step.left_at(clock.terms.target))
        if at is not None:
            yield Due(at, Rank.later_step if step.at_share is None else Rank.warning, place, step)
    if clock.quiet_until is not None:
        at = _when(clock, clock.quiet_until - clock.counted)
        if at is not None:
            yield Due(at, Rank.expiry, 0, None)


def _when(clock: Clock, ahead: timedelta) -> datetime | None:
    """The instant at which that much more will have counted; None when it never will as things stand."""
    if ahead <= NOTHING:
        return clock.anchor_at
    if not clock.counting:
        return None
    try:
        return clock.terms.advance(clock.anchor_at, ahead)
    except OutOfRange:
        return None
