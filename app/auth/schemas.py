"""Wire shapes of staff and test clocks."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.infra.ids import StaffId, TestClockId
from app.infra.wire import Answer, Change, Email, Instant, Line, Request

StaffRole = Literal["agent", "account_manager", "technical_director", "admin"]
Roles = Annotated[list[StaffRole], Field(min_length=1, max_length=4)]
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reach(value: datetime) -> datetime:
    """Let an instant pass from which deadlines and paid months can still be reckoned, either way."""
    if not _FIRST <= value <= _LAST:
        msg = "a test clock stands between 1970-01-01T00:00:00Z and 2200-01-01T00:00:00Z"
        raise ValueError(msg)
    return value


Simulated = Annotated[Instant, AfterValidator(_within_reach)]


class StaffCreate(Request):
    """A person of the operator's."""

    name: Line
    email: Email
    roles: Roles


class StaffChange(Change):
    """What may be changed of a person."""

    name: Line | None = None
    email: Email | None = None
    roles: Roles | None = None


class StaffRead(Answer):
    """A person whom ladders call and tickets are assigned to."""

    id: StaffId
    name: str
    email: str
    roles: list[StaffRole]
    created_at: Instant


class TestClockCreate(Request):
    """A new test clock."""

    __test__ = False  # a shape, not a test class

    now: Simulated = Field(examples=["2026-06-10T16:30:00Z"])


class TestClockAdvance(Request):
    """Where to."""

    __test__ = False  # a shape, not a test class

    to: Simulated


class TestClockRead(Answer):
    """A test clock."""

    __test__ = False  # a shape, not a test class

    id: TestClockId
    now: Instant
    status: Literal["ready", "advancing"]
    target: Instant | None
    created_at: Instant
