"""The SLA status of a ticket, told from its clocks: the worst of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from app.sla.clock import Clock, State

SlaStatus = Literal["breached", "at_risk", "on_track", "paused", "met", "none"]

_WORST_FIRST: tuple[SlaStatus, ...] = ("breached", "at_risk", "on_track", "paused", "met")


def sla_status(clocks: Iterable[Clock], warning: str | None) -> SlaStatus:
    """The worst that can be said of any of the clocks; ``none`` where there is no promise.

    Args:
        clocks: The ticket's clocks, settled.
        warning: The code of the ladder's first step at a share of the target (``Policy.warning_code``).
    """
    said = {_status_of(clock, warning) for clock in clocks}
    return next((status for status in _WORST_FIRST if status in said), "none")


def next_due_at(clocks: Iterable[Clock]) -> datetime | None:
    """The least deadline of unmet clocks that are not paused; that of a breached one counts, paused or not."""
    due = [clock.due_at for clock in clocks if clock.unmet and clock.due_at is not None]
    return min(due, default=None)


def _status_of(clock: Clock, warning: str | None) -> SlaStatus:
    match clock.state:
        case State.running:
            return "at_risk" if warning in clock.passed else "on_track"
        case State.met | State.met_late:
            return "met"
        case State.breached:
            return "breached"
        case State.paused:
            return "paused"
        case State.cancelled:
            return "none"
