"""Wire shapes of maintenance windows."""

from typing import Annotated, Literal

from pydantic import Field

from app.events.schemas import Notify
from app.infra.ids import ResellerId, WindowId
from app.infra.wire import Answer, Instant, Line, Request

_MOST_RESELLERS = 1000
WindowState = Literal["scheduled", "running", "over", "cancelled"]
Reason = Annotated[Line, Field(examples=["The core switch in London is replaced."])]
_BEGINS = ["2026-06-13T22:00:00Z"]
Begins = Annotated[Instant, Field(examples=_BEGINS)]
Ends = Annotated[Instant, Field(examples=["2026-06-14T02:00:00Z"])]


class WindowCreate(Request):
    """A maintenance window to declare."""

    reason: Reason
    starts_at: Instant | None = Field(
        default=None, examples=_BEGINS, description="Now, where it is left out; never in the past."
    )
    ends_at: Ends
    reseller_ids: Annotated[list[ResellerId], Field(min_length=1, max_length=_MOST_RESELLERS)] | None = Field(
        default=None, description="Whom it covers; where it is left out, everyone who lives on the wall's time."
    )
    notify: Notify = "each"


class WindowEnd(Request):
    """How those whom a window covers hear of its end."""

    notify: Notify = "each"


class WindowRead(Answer):
    """A span in which the clocks of whom it covers stand still."""

    id: WindowId
    reason: Reason
    starts_at: Begins
    ends_at: Ends
    everyone: bool = Field(examples=[False], description="Whether it covers all who live on the wall's time.")
    reseller_ids: list[ResellerId]
    declared_at: Instant
    declared_by: str = Field(examples=["Network operations"])
    ended_at: Instant | None = Field(examples=[None], description="When it was called off, if it was.")
    state: WindowState


class WindowData(Answer):
    """A maintenance window as events carry it."""

    id: WindowId
    reason: Reason
    starts_at: Begins
    ends_at: Ends
    declared_at: Instant
    ended_at: Instant | None = Field(examples=[None])
