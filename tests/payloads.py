"""What events carry, held against the document: every event that a test publishes goes through here."""

import json
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.size import MOST_BYTES
from app.main import bare_app

Json = dict[str, Any]


async def check_payloads(session: AsyncSession, events: Sequence[Event], wall: datetime) -> None:  # noqa: ARG001 - a consequence
    """Hold the bytes of events against the document, in the publisher's own transaction."""
    for event in events:
        assert len(event.body) <= MOST_BYTES
        body = json.loads(event.body)
        assert body["type"] == event.type
        validator_of(event.type).validate(body)


def body_of(event: Json) -> Json:
    """Return the body that webhooks carry of an event as the feed shows it."""
    return {name: event[name] for name in ("type", "timestamp", "data", "sequence")}


def example_of(kind: str) -> Json:
    """Return the document's example of an event's body."""
    content: Json = document()["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
    example: Json = deepcopy(content["example"])
    return example


@cache
def validator_of(kind: str) -> Draft202012Validator:
    """Return what validates the bodies of a type, and lets no member pass that the document does not name."""
    schema = document()["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(schema | {"components": _components()})


@cache
def _components() -> Json:
    components: Json = _closed(document()["components"])
    return components


@cache
def document() -> Json:
    """Return the API's document."""
    made: Json = json.loads(json.dumps(bare_app().openapi()))
    return made


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items()}
    return {"additionalProperties": False} | closed if isinstance(schema.get("properties"), dict) else closed
