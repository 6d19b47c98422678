"""Wire shapes of maintenance windows."""

from typing import Annotated, Literal

from pydantic import Field

from app.events.schemas import Notify
from app.infra.ids import ResellerId, WindowId
from app.infra.wire import Answer, Instant, Line, Request

_MOST_RESELLERS = 1000
WindowState = Literal["scheduled", "running", "over", "cancelled"]


class WindowCreate(Request):
    """A maintenance window to declare."""

    reason: Line = Field(examples=["The core switch in London is replaced."])
    starts_at: Instant | None = Field(default=None, description="Now, where it is left out; never in the past.")
    ends_at: Instant
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
    reason: str
    starts_at: Instant
    ends_at: Instant
    everyone: bool = Field(description="Whether it covers all who live on the wall's time.")
    reseller_ids: list[ResellerId]
    declared_at: Instant
    declared_by: str
    ended_at: Instant | None = Field(description="When it was called off, if it was.")
    state: WindowState


class WindowData(Answer):
    """A maintenance window as events carry it."""

    id: WindowId
    reason: str
    starts_at: Instant
    ends_at: Instant
    declared_at: Instant
    ended_at: Instant | None
