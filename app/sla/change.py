"""What a change of terms leaves of a target.

A change never rewrites what was counted. Let T0 be the old target and T1 the new one, R what remains, C all time
counted, F the time counted since the target last began afresh.

    T1 = T0     R remains, counted on the new terms
    T1 < T0     the earlier deadline of "R on the old terms" and "T1 afresh on the new ones"; T1 afresh if equal
    T1 > T0     T1 - C remains if that is more than R, otherwise T1 - F; counted on the new terms
    none        cancelled with what it had consumed, and goes on with that if a target comes back

Windows are not chosen between: those of the new terms hold for whichever terms the clock goes on with.
"""

from datetime import timedelta
from typing import NamedTuple

from app.sla.facts import Facts
from app.sla.instants import NOTHING
from app.sla.terms import Terms


class Changed(NamedTuple):
    """The terms that a clock runs on after a change, what remains of the target, and F."""

    terms: Terms
    remaining: timedelta
    fresh: timedelta


def changed(clock: Facts, terms: Terms) -> Changed:
    """The rule proper, at the clock's anchor; a paused clock is compared as if it resumed there.

    Raises:
        OutOfRange: A deadline that has to be compared lies after year 9999.
    """
    old = clock.terms.apart_from(terms.windows)
    if terms.target == old.target:
        return Changed(terms, clock.remaining, clock.fresh)
    if terms.target > old.target:
        whole = terms.target - clock.counted
        return Changed(terms, whole if whole > clock.remaining else terms.target - clock.fresh, clock.fresh)
    kept = old.advance(clock.anchor_at, clock.remaining)
    if kept < terms.advance(clock.anchor_at, terms.target):
        return Changed(old, clock.remaining, clock.fresh)
    return Changed(terms, terms.target, NOTHING)
