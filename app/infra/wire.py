"""Shapes of values on the wire: instants, spans, texts, and the strict model that every request body is."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.sla.durations import format_duration

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def _written_out(value: object) -> object:
    """Let a time pass that is written as RFC 3339 has it, or is one of our own; no number of seconds, no bare date."""
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    msg = "a time is RFC 3339 with an offset, such as 2026-06-10T16:30:00Z (in a URL, + is written %2B)"
    raise ValueError(msg)


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        msg = "lies outside the years 1 to 9999 in UTC"
        raise ValueError(msg) from error


def rfc3339(value: datetime) -> str:
    """Return an instant as the API writes it: in UTC, with ``Z``."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def storable(value: str) -> str:
    """Let a text pass that PostgreSQL can hold: it has no place for NUL, nor UTF-8 for half of a surrogate pair."""
    if "\x00" in value:
        msg = "may not contain the NUL character"
        raise ValueError(msg)
    if any("\ud800" <= character <= "\udfff" for character in value):
        msg = "may not contain half of a surrogate pair"
        raise ValueError(msg)
    return value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_in_utc),
    PlainSerializer(rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-06-10T16:30:00Z"]}),
]
"""RFC 3339 with an offset on the way in, in UTC with ``Z`` on the way out."""

Duration = Annotated[
    timedelta,
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["PT8H"]}),
]
"""ISO 8601, such as ``PT8H``."""

Storable = Annotated[str, AfterValidator(storable)]
Line = Annotated[Storable, Field(min_length=1, max_length=200)]
Text = Annotated[Storable, Field(min_length=1, max_length=65_536)]
Email = Annotated[Storable, Field(pattern=r"^[^@\s\x00]+@[^@\s\x00]+$", max_length=254, examples=["desk@example.com"])]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Request(BaseModel):
    """A request's body or query: a field that is not named is refused."""

    model_config = ConfigDict(extra="forbid")


class Change(Request):
    """The body of a PATCH: a member that is left out stays.

    Null takes away what ``nullable`` names; anywhere else it is refused, with its pointer.
    """

    nullable: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_null(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.field_name not in cls.nullable:
            msg = "may be left out, but not be null"
            raise ValueError(msg)
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a change as it is taken: without null where it is refused, and without defaults."""
        made = handler.resolve_ref_schema(handler(schema))
        for name, member in made.get("properties", {}).items():
            member.pop("default", None)
            kinds = [kind for kind in member.get("anyOf", []) if kind != {"type": "null"}]
            if name not in cls.nullable and len(kinds) == 1:
                del member["anyOf"]
                member.update(kinds[0])
        return made


class Answer(BaseModel):
    """A representation: built from rows or values."""

    model_config = ConfigDict(from_attributes=True)


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list; ``next_cursor`` is null on the last."""

    data: list[T]
    next_cursor: str | None = None
