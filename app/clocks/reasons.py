"""Pure: what happened to a clock, in words, from the kind of its ledger's line and what its reseller held."""

from datetime import datetime

from app.entitlements.entitlement import AddOnHeld, Entitlement, Timeline
from app.sla.instants import TICK

_SAID = {
    "started": "the clock started",
    "answered": "the desk answered",
    "customer_wrote": "the customer wrote",
    "resolved": "the ticket was resolved",
    "reopened": "the ticket was reopened",
    "cancelled": "the ticket was cancelled",
    "merged": "the ticket was merged into another",
    "breached": "the deadline passed",
    "maintenance_window": "the maintenance windows changed",
}
_HELD_CHANGED = frozenset({"terms_changed", "level_changed", "policy_changed"})


def what_happened(kind: str, at: datetime, priorities: tuple[str | None, str | None], timeline: Timeline) -> str:
    """Return a line's cause in words.

    Args:
        kind: The kind of the ledger's line.
        at: Its instant.
        priorities: The ticket's priority before and after, as far as the ledger knows them.
        timeline: What the reseller held and will hold.
    """
    if kind == "priority_changed":
        before, after = priorities
        known = before is not None and after is not None and before != after
        return f"the priority changed from {before} to {after}" if known else "the priority changed"
    if kind in _HELD_CHANGED:
        return _held_changed(timeline.at(at - TICK), timeline.at(at))
    if kind.startswith("status_"):
        return f"the ticket became {kind.removeprefix('status_').replace('_', ' ')}"
    return _SAID.get(kind, kind.replace("_", " "))


def _held_changed(before: Entitlement | None, after: Entitlement | None) -> str:
    said = []
    if before is not None and after is not None:
        if before.plan.code != after.plan.code:
            said.append(f"the plan changed from {before.plan.code} to {after.plan.code}")
        if before.add_on != after.add_on:
            said.append(_add_on_changed(before.add_on, after.add_on))
        if before.policy.id != after.policy.id:
            said.append(f"version {after.policy.version} of the policy came into force")
    return " and ".join(said) or "what the reseller holds changed"


def _add_on_changed(before: AddOnHeld | None, after: AddOnHeld | None) -> str:
    if before is None and after is not None:
        return f"the add-on {after.product} began"
    if after is None and before is not None:
        return f"the add-on {before.product} ended"
    assert before is not None
    assert after is not None
    return f"the add-on {after.product} replaced {before.product}"
