"""Pure: which events cause mail, and of which kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.events.kinds import EventType
from app.events.models import Event
from app.infra.ids import decode
from app.mail.outbox.recipients import Kind

KINDS: Mapping[str, Kind] = {
    EventType.TICKET_CREATED: "acknowledgement",
    EventType.TICKET_MESSAGE_ADDED: "reply",
    EventType.TICKET_RESOLVED: "status",
    EventType.TICKET_REOPENED: "status",
    EventType.TICKET_CLOSED: "status",
    EventType.ESCALATION_RAISED: "call",
    EventType.WEBHOOK_ENDPOINT_FAILING: "endpoint_notice",
    EventType.WEBHOOK_ENDPOINT_DISABLED: "endpoint_notice",
    EventType.WEBHOOK_ENDPOINT_RECOVERED: "endpoint_notice",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that may cause mail."""

    event_id: UUID
    reseller_id: UUID
    kind: Kind
    type: str
    at: datetime
    ticket_id: UUID | None
    data: Mapping[str, Any]

    @property
    def message_id(self) -> UUID | None:
        """The message that it tells of."""
        return decode("msg", self.data["message"]["id"]) if self.kind == "reply" else None

    @property
    def escalation_id(self) -> UUID | None:
        """The escalation that it tells of."""
        return decode("esc", self.data["escalation"]["id"]) if self.kind == "call" else None

    @property
    def called_id(self) -> UUID | None:
        """Whom the escalation calls; None where it is nobody by name."""
        called = self.data["escalation"]["called"] if self.kind == "call" else None
        return decode("stf", called["staff_id"]) if called else None


def heard(event: Event) -> Heard | None:
    """Return an event as mail hears it; None for those that cause none, which are not even read."""
    kind = KINDS.get(event.type)
    if kind is None or event.operator_only:
        return None
    data = json.loads(event.body)["data"]
    return Heard(event.id, event.reseller_id, kind, event.type, event.occurred_at, event.ticket_id, data)
