"""Every event under ``webhooks``, its payload built from the same models that write it."""

from typing import Any, Literal

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import models_json_schema

from app.entitlements.schemas import PlanChangeData, PurchaseRead, UsageData
from app.entitlements.window_schemas import WindowData
from app.escalations.schemas import EscalationRead
from app.events.kinds import EventType
from app.infra.wire import Instant
from app.openapi.examples import NOW, example_of
from app.tickets.recalculation_schemas import DeadlinesDigest
from app.tickets.schemas import MessageData, TicketNamed, TicketSummary
from app.tickets.sla_schemas import ClockData, DeadlineChange
from app.webhooks.schemas import EndpointRead, ExhaustedData, FailingData

_REF = "#/components/schemas/{model}"

_DATA: dict[str, dict[str, type[BaseModel | str]]] = {
    "ticket.merged": {"ticket": TicketSummary, "merged_into": TicketNamed},
    "ticket.message_added": {"ticket": TicketSummary, "message": MessageData},
    "sla.warning": {"ticket": TicketSummary, "clock": ClockData},
    "sla.breached": {"ticket": TicketSummary, "clock": ClockData},
    "sla.met": {"ticket": TicketSummary, "clock": ClockData},
    "sla.breach_voided": {"ticket": TicketSummary, "clock": ClockData, "reason": str},
    "sla.deadline_changed": {"ticket": TicketSummary, "clock": ClockData, "change": DeadlineChange},
    "sla.deadlines_changed": {"digest": DeadlinesDigest},
    "escalation.raised": {"escalation": EscalationRead, "ticket": TicketSummary},
    "escalation.acknowledged": {"escalation": EscalationRead, "ticket": TicketSummary},
    "escalation.resolved": {"escalation": EscalationRead, "ticket": TicketSummary},
    "add_on.activated": {"add_on_purchase": PurchaseRead},
    "add_on.ended": {"add_on_purchase": PurchaseRead},
    "plan.changed": {"plan_change": PlanChangeData},
    "maintenance_window.declared": {"maintenance_window": WindowData},
    "maintenance_window.ended": {"maintenance_window": WindowData},
    "usage.warning": {"usage": UsageData},
    "usage.exhausted": {"usage": UsageData},
    "webhook_endpoint.failing": {"endpoint": EndpointRead, "health": FailingData},
    "webhook_endpoint.recovered": {"endpoint": EndpointRead},
    "webhook_endpoint.disabled": {"endpoint": EndpointRead},
    "webhook_delivery.exhausted": {"endpoint": EndpointRead, "delivery": ExhaustedData},
    "ping": {"endpoint": EndpointRead},
}
_SAID = {
    EventType.TICKET_CREATED: "A ticket was opened.",
    EventType.TICKET_UPDATED: "A ticket's fields, priority or status are others.",
    EventType.TICKET_MESSAGE_ADDED: "A message was added. Its text is read over the API.",
    EventType.TICKET_RESOLVED: "A ticket was resolved.",
    EventType.TICKET_REOPENED: "A resolved ticket is worked on again.",
    EventType.TICKET_CLOSED: "A ticket was closed, by its reseller or after seven days of silence.",
    EventType.TICKET_MERGED: "A ticket was merged into another, and so closed; `merged_into` is that one.",
    EventType.SLA_WARNING: "The first warning of a clock: a share of its target is gone.",
    EventType.SLA_BREACHED: "A deadline has passed unmet; `timestamp` is that deadline.",
    EventType.SLA_MET: "A promise was kept, in time or late.",
    EventType.SLA_BREACH_VOIDED: "Staff have voided a breach, which stays a fact; `reason` says why.",
    EventType.SLA_DEADLINE_CHANGED: "A deadline is another than it was; `change` says why.",
    EventType.SLA_DEADLINES_CHANGED: "A change of terms has moved many of a reseller's deadlines: all of them in one.",
    EventType.ESCALATION_RAISED: "A person was called.",
    EventType.ESCALATION_ACKNOWLEDGED: "A person has taken an escalation in hand.",
    EventType.ESCALATION_RESOLVED: "An escalation is over.",
    EventType.ADD_ON_ACTIVATED: "An add-on came into force.",
    EventType.ADD_ON_ENDED: "An add-on ended.",
    EventType.PLAN_CHANGED: "A reseller is on another plan.",
    EventType.MAINTENANCE_WINDOW_DECLARED: "A maintenance window was declared: its time counts for no clock.",
    EventType.MAINTENANCE_WINDOW_ENDED: "A maintenance window was ended early, or cancelled before it began.",
    EventType.USAGE_WARNING: "A share of a paid month's minutes is used; once a month.",
    EventType.USAGE_EXHAUSTED: "A paid month's minutes, and those beyond them, are used up; once a month.",
    EventType.WEBHOOK_ENDPOINT_FAILING: "Nothing has reached an endpoint for a day, or for three.",
    EventType.WEBHOOK_ENDPOINT_RECOVERED: "An endpoint that was failing takes deliveries again.",
    EventType.WEBHOOK_ENDPOINT_DISABLED: "An endpoint was disabled; what is on its way to it is held.",
    EventType.WEBHOOK_DELIVERY_EXHAUSTED: "A delivery failed for good. Told once an hour of an endpoint, not of each.",
    EventType.PING: "A test of one endpoint.",
}
_SEQUENCE = "Its number among its reseller's events: it rises in their order, with gaps where an event is not for you."
_TRUNCATED = "There where long texts or lists were cut, so that the body has no more than 20,000 bytes."
_TO_ANSWER = "Answer with any 2xx within 15 seconds; everything else is tried again."
# In words: a page makes a field to fill in of each parameter, and nobody sends these but the desk.
_SIGNED = """Header fields:

- `webhook-id`: the id of the event (`evt_...`), the same at every attempt and every redelivery.
- `webhook-timestamp`: when this attempt was made, in whole seconds since 1970.
- `webhook-signature`: `v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}`, `v1a,` Ed25519; several by space."""
# What an event has made of an object, where the example of its schema shows it as it was before.
_TAKEN = {"state": "acknowledged", "raised_at": "2026-06-10T16:24:00Z", "acknowledged_by": "Maria Lind"}
_SHOWN: dict[EventType, dict[str, dict[str, Any]]] = {
    EventType.ESCALATION_ACKNOWLEDGED: {"escalation": _TAKEN | {"acknowledged_at": NOW}},
    EventType.ESCALATION_RESOLVED: {
        "escalation": _TAKEN | {"state": "resolved", "acknowledged_at": "2026-06-10T16:27:00Z", "resolved_at": NOW}
    },
    EventType.TICKET_MERGED: {
        "ticket": {"status": "closed"},
        "merged_into": {"id": "tkt_01jb9z32jcfcz9rn8z5rymrpva", "number": "TL-1017"},
    },
    EventType.WEBHOOK_ENDPOINT_DISABLED: {"endpoint": {"state": "disabled", "disabled_reason": "failing"}},
}


def _name(kind: EventType) -> str:
    return "".join(part.capitalize() for part in kind.value.replace(".", "_").split("_")) + "Event"


def _left_out(schema: dict[str, Any]) -> None:
    """Say of a member that it may be absent, which is not to be null."""
    schema.pop("default", None)


def _model(kind: EventType) -> type[BaseModel]:
    members: dict[str, Any] = {name: (model, ...) for name, model in _DATA.get(kind, {"ticket": TicketSummary}).items()}
    data = create_model(f"{_name(kind)}Data", **members)
    fields: dict[str, Any] = {
        "type": (Literal[kind.value], ...),
        "timestamp": (Instant, ...),
        "data": (data, Field(...)),
        "sequence": (int, Field(default=None, ge=1, description=_SEQUENCE, json_schema_extra=_left_out, examples=[41])),
        "truncated": (Literal[True], Field(default=None, description=_TRUNCATED, json_schema_extra=_left_out)),
    }
    return create_model(_name(kind), __doc__=_SAID[kind], **fields)


MODELS = {kind: _model(kind) for kind in EventType}


def event_schemas() -> dict[str, Any]:
    """Return the schemas of every event's body and of what is in it."""
    _, made = models_json_schema([(model, "serialization") for model in MODELS.values()], ref_template=_REF)
    schemas: dict[str, Any] = made["$defs"]
    return schemas


def webhooks() -> dict[str, Any]:
    """Return the ``webhooks`` of the document: one per type of event."""
    return {kind.value: {"post": _operation(kind)} for kind in EventType}


def _operation(kind: EventType) -> dict[str, Any]:
    name = _name(kind)
    schema = {"$ref": _REF.format(model=name)}
    return {
        "operationId": name,
        "summary": _SAID[kind].replace("`", ""),
        "description": f"{_SAID[kind]} {_TO_ANSWER}\n\n{_SIGNED}",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": _example(kind, schema)}},
        },
        "responses": {"2XX": {"description": "Taken."}},
    }


def _example(kind: EventType, schema: dict[str, Any]) -> Any:
    example = example_of(schema, event_schemas())
    del example["truncated"]
    for member, changes in _SHOWN.get(kind, {}).items():
        example["data"][member] |= changes
    return example
