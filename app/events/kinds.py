"""The closed list of event types; the OpenAPI document describes each under ``webhooks``."""

from enum import StrEnum


class EventType(StrEnum):
    """What can happen, as callers see it."""

    TICKET_CREATED = "ticket.created"
    TICKET_UPDATED = "ticket.updated"
    TICKET_MESSAGE_ADDED = "ticket.message_added"
    TICKET_RESOLVED = "ticket.resolved"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_CLOSED = "ticket.closed"
    TICKET_MERGED = "ticket.merged"
    SLA_WARNING = "sla.warning"
    SLA_BREACHED = "sla.breached"
    SLA_MET = "sla.met"
    SLA_BREACH_VOIDED = "sla.breach_voided"
    SLA_DEADLINE_CHANGED = "sla.deadline_changed"
    SLA_DEADLINES_CHANGED = "sla.deadlines_changed"
    ESCALATION_RAISED = "escalation.raised"
    ESCALATION_ACKNOWLEDGED = "escalation.acknowledged"
    ESCALATION_RESOLVED = "escalation.resolved"
    ADD_ON_ACTIVATED = "add_on.activated"
    ADD_ON_ENDED = "add_on.ended"
    PLAN_CHANGED = "plan.changed"
    MAINTENANCE_WINDOW_DECLARED = "maintenance_window.declared"
    MAINTENANCE_WINDOW_ENDED = "maintenance_window.ended"
    USAGE_WARNING = "usage.warning"
    USAGE_EXHAUSTED = "usage.exhausted"
    WEBHOOK_ENDPOINT_FAILING = "webhook_endpoint.failing"
    WEBHOOK_ENDPOINT_RECOVERED = "webhook_endpoint.recovered"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_DELIVERY_EXHAUSTED = "webhook_delivery.exhausted"
    PING = "ping"


ABOUT_WEBHOOKS = frozenset(kind for kind in EventType if kind.startswith(("webhook_endpoint.", "webhook_delivery.")))
"""What tells of endpoints and their deliveries."""
