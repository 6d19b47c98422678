"""Wire shapes of recoveries."""

from typing import Literal

from pydantic import BaseModel, Field

from app.infra.ids import EndpointId, RecoveryId
from app.infra.wire import Answer, Instant, Request


class RecoveryCreate(Request):
    """Which events to send again, by the time at which they were written."""

    since: Instant
    until: Instant | None = Field(default=None, description="Left out: now.")
    missing: bool = Field(
        default=False, description="Also events that the endpoint hears now and that never were on their way to it."
    )


class RecoveryCount(BaseModel):
    """What a recovery would make."""

    failed: int = Field(description="Deliveries that failed, which are made once more.")
    missing: int = Field(description="Deliveries that never were; counted where `missing` asks for them.")
    exact: bool = Field(description="False: the span holds more than its first 100,000 events, which were counted.")


class RecoveryRead(Answer):
    """A recovery and how far it has come: `finished` once everything is on its way, arrived or not."""

    id: RecoveryId
    endpoint_id: EndpointId
    state: Literal["running", "finished", "cancelled"]
    since: Instant
    until: Instant
    missing: bool
    total: int = Field(
        description="Deliveries to make, as counted when it began: at least, if the span has over 100,000 events."
    )
    done: int = Field(
        description="Deliveries that were put on their way; the log of deliveries tells what came of each."
    )
    created_at: Instant
    finished_at: Instant | None = Field(examples=[None], description="When the last of them was put on its way.")
