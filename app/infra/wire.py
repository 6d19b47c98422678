"""Shapes of values on the wire: instants, spans, texts, and the strict model that every request body is."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from app.sla.durations import format_duration


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _no_nul(value: str) -> str:
    # PostgreSQL's text holds every character but this one.
    if "\x00" in value:
        msg = "may not contain the NUL character"
        raise ValueError(msg)
    return value


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(_rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-06-10T16:30:00Z"]}),
]
"""RFC 3339 with an offset on the way in, in UTC with ``Z`` on the way out."""

Duration = Annotated[
    timedelta,
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["PT8H"]}),
]
"""ISO 8601, such as ``PT8H``."""

Line = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=200)]
Text = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=65_536)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Request(BaseModel):
    """A request's body or query: a field that is not named is refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A representation: built from rows or values."""

    model_config = ConfigDict(from_attributes=True)


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list; ``next_cursor`` is null on the last."""

    data: list[T]
    next_cursor: str | None = None
