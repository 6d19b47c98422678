"""Wire shapes of staff and test clocks."""

from typing import Annotated, Literal

from pydantic import Field

from app.infra.ids import StaffId, TestClockId
from app.infra.wire import Answer, Instant, Line, Request

StaffRole = Literal["agent", "account_manager", "technical_director", "admin"]
Roles = Annotated[list[StaffRole], Field(min_length=1, max_length=4)]
Email = Annotated[str, Field(pattern=r"^[^@\s\x00]+@[^@\s\x00]+$", max_length=254, examples=["desk@example.com"])]


class StaffCreate(Request):
    """A person of the operator's."""

    name: Line
    email: Email
    roles: Roles


class StaffChange(Request):
    """What may be changed of a person; a member that is left out stays."""

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

    now: Instant = Field(examples=["2026-06-10T16:30:00Z"])


class TestClockAdvance(Request):
    """Where to."""

    __test__ = False  # a shape, not a test class

    to: Instant


class TestClockRead(Answer):
    """A test clock."""

    __test__ = False  # a shape, not a test class

    id: TestClockId
    now: Instant
    status: Literal["ready", "advancing"]
    target: Instant | None
    created_at: Instant
