"""Wire shapes of explanations and previews."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from app.infra.ids import CalendarId, ClockId, PolicyId, ResellerId, TicketId
from app.infra.wire import Code, Duration, Instant, Request
from app.sla.clock import State
from app.sla.explanation import Time, Turn
from app.sla.instants import SECOND, micros
from app.sla.terms import Counting, Metric
from app.sla.words import Priority


def _seconds(span: timedelta) -> int | float:
    whole, rest = divmod(micros(span), SECOND)
    return micros(span) / SECOND if rest else whole


Seconds = Annotated[
    timedelta,
    PlainSerializer(_seconds, when_used="json"),
    WithJsonSchema({"type": "number", "examples": [1800, 0.000001]}),
]
"""Seconds, with a fraction where they are not whole."""


class TermsRead(BaseModel):
    """What was promised, and which time counted."""

    target: Duration
    counting: Counting
    calendar_id: CalendarId | None
    hours: str = Field(description="When the desk was open, in words.", examples=["Mon-Sun 08:00-18:00 Europe/London"])
    policy_id: PolicyId
    policy_version: int


class SegmentRead(BaseModel):
    """A stretch of time; the totals are those at its end. An `overrun` is what lies after the deadline.

    Of more than 1,000 segments the middle is told as one, `several`, under the terms at its end.
    """

    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")
    time: Time
    reason: str | None = Field(
        description="Of a maintenance window: why there was one. Of `several`: how many they are."
    )
    terms: TermsRead
    counted_seconds: Seconds
    total_seconds: Seconds = Field(description="Counted since the clock started.")
    remaining_seconds: Seconds = Field(description="Left of the target; below zero by the overrun.")


class ClockChangeRead(BaseModel):
    """What happened between two segments, and what it moved."""

    at: Instant
    turn: Turn = Field(description="What it made of the clock; `kept`: new terms would have ended no earlier.")
    why: str = Field(description="What happened, as a code.", examples=["priority_changed"])
    said: str = Field(description="The same in words.", examples=["the priority changed from low to immediate"])
    priority: Priority | None
    target_before: Duration | None
    target: Duration
    due_before: Instant | None
    due_at: Instant | None
    remaining_before_seconds: Seconds
    remaining_seconds: Seconds


class ExplanationRead(BaseModel):
    """How a deadline comes about: the time, what happened between, and both as one paragraph."""

    due_at: Instant | None
    until: Instant = Field(description="How far the segments go: the deadline, the present, or the end of the clock.")
    time_zone: str = Field(description="Whose local time the paragraph speaks.", examples=["Europe/London"])
    segments: list[SegmentRead]
    changes: list[ClockChangeRead]
    paragraph: str


class ClockExplanation(ExplanationRead):
    """A clock, explained."""

    clock_id: ClockId
    metric: Metric
    state: State


class TicketExplanation(BaseModel):
    """A ticket's clocks, explained at an instant."""

    ticket_id: TicketId
    at: Instant
    clocks: list[ClockExplanation]


class PreviewCreate(Request):
    """A ticket that might be opened: by a reseller, or under a plan with or without an add-on."""

    reseller_id: ResellerId | None = Field(default=None, description="Without it and without `plan`: the key's own.")
    plan: Code | None = Field(default=None, examples=[None])
    add_on: Code | None = Field(default=None, examples=[None])
    priority: Priority
    opened_at: Instant
    metric: Metric | None = None


class StepPreview(BaseModel):
    """A step of the ladder, and when it would be reached."""

    code: str
    role: str
    at: Instant


class ClockPreview(BaseModel):
    """A promise as it would run if nobody did anything."""

    metric: Metric
    due_at: Instant | None = Field(description="Null where an agreed change takes the promise away before its time.")
    warning_at: Instant | None
    steps: list[StepPreview]
    explanation: ExplanationRead


class SlaPreview(BaseModel):
    """What would be promised."""

    reseller_id: ResellerId | None
    plan: str
    level: int
    priority: Priority
    opened_at: Instant
    clocks: list[ClockPreview]
