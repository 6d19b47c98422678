"""The words that tickets and promises share: priorities, statuses and the names of promises, listed here alone."""

from typing import Literal, get_args

from app.sla.terms import Metric

Priority = Literal["immediate", "priority", "low"]
Status = Literal["new", "open", "pending", "on_hold", "resolved", "closed", "cancelled"]

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""The most pressing first."""

STATUSES: tuple[Status, ...] = get_args(Status)

METRICS = {
    Metric.first_response: "first response",
    Metric.next_response: "further response",
    Metric.periodic_update: "regular update",
    Metric.resolution: "resolution",
}
"""The name of each promise, as it stands inside a sentence."""
