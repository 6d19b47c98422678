"""What the API ought to show of the model."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.clock import Clock
from tests.model.ladder import Escalation
from tests.model.reseller import Reseller
from tests.model.ticket import Ticket

Shown = dict[str, Any]
_SECOND = timedelta(seconds=1)


def shown(instant: datetime | None) -> str | None:
    """An instant as the API writes it."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ticket_view(ticket: Ticket) -> Shown:
    """A ticket and its latest clocks."""
    latest = [clock for clock in ticket.clocks if clock is ticket.latest(clock.metric)]
    due = [clock.due_at for clock in latest if clock.unmet and clock.due_at]
    return {
        "status": ticket.status,
        "priority": ticket.priority,
        "requested_priority": ticket.requested,
        **({} if ticket.status == "closed" else {"resolved_at": shown(ticket.resolved_at)}),
        "sla": {
            "status": sla_status(ticket, latest),
            "next_due_at": shown(min(due, default=None)),
            "clocks": sorted((clock_view(clock) for clock in latest), key=_order),
        },
    }


def clocks_view(ticket: Ticket) -> list[Shown]:
    """Every clock that a ticket ever had."""
    return sorted((clock_view(clock) for clock in ticket.clocks), key=_order)


def clock_view(clock: Clock) -> Shown:
    """A clock."""
    hours, rest = divmod(clock.terms.target, timedelta(hours=1))
    return {
        "metric": clock.metric,
        "state": clock.state,
        "target": "PT" + (f"{hours}H" if hours else "") + (f"{rest // timedelta(minutes=1)}M" if rest else ""),
        "counting": "elapsed" if clock.terms.elapsed else "support_hours",
        "started_at": shown(clock.started_at),
        "due_at": shown(clock.due_at),
        "met_at": shown(clock.met_at),
        "breached_at": shown(clock.breached_at),
        "remaining_seconds": clock.remaining // _SECOND,
    }


def sla_status(ticket: Ticket, latest: list[Clock]) -> str:
    """The worst of its clocks: `breached`, `at_risk` (running, past the warning), `on_track`, `paused`, `met`.

    Past the warning is a clock whose warning has gone by, whatever a later change of terms gave it: it is raised once.
    """
    of_states = {"breached": "breached", "paused": "paused", "met": "met", "met_late": "met"}
    found = {of_states.get(clock.state, "none") for clock in latest if clock.state != "running"}
    for clock in latest:
        if clock.state == "running":
            warning = next((step.code for step in ticket.policy.steps if step.share is not None), None)
            found.add("at_risk" if warning in clock.passed else "on_track")
    return next(one for one in ("breached", "at_risk", "on_track", "paused", "met", "none") if one in {*found, "none"})


def escalation_view(escalation: Escalation) -> Shown:
    """An escalation."""
    return {
        "metric": escalation.clock.metric if escalation.clock else None,
        "step": escalation.step,
        "role": escalation.role,
        "reason": escalation.reason,
        "state": escalation.state,
        "raised_at": shown(escalation.raised_at),
        "resolved_at": shown(escalation.resolved_at),
    }


def events_view(ticket: Ticket) -> list[Shown]:
    """What its clocks had to tell, each once and at its own instant."""
    return [{"type": kind, "at": shown(at), "metric": metric} for kind, at, metric in ticket.told]


def entitlement_view(reseller: Reseller, at: datetime) -> Shown:
    """What a reseller holds at an instant."""
    level, held = reseller.level(at), reseller.purchase(at)
    return {"plan": reseller.plan(at), "level": level, "source": "add_on" if held else "plan"}


def purchase_view(reseller: Reseller, at: datetime) -> list[Shown]:
    """The purchases of a reseller, in the order in which they were made."""
    return [
        {
            "product": each.product,
            "state": reseller.state(each, at),
            "starts_at": shown(each.starts_at),
            **({} if each.cancelled else {"ends_at": shown(reseller.end_of(each))}),
        }
        for each in reseller.purchases
    ]


def _order(view: Shown) -> tuple[str, str]:
    return view["metric"], view["started_at"] or ""
