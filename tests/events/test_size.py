"""No event has more than 20,000 bytes, and one that is cut is still what the document describes."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.kinds import EventType
from app.events.record import frozen
from app.events.size import MOST_BYTES, SEQUENCE_ROOM
from tests.desk import Desk
from tests.events.writing import AT
from tests.payloads import example_of, validator_of

FREE = ["subject", "external_ref", "name", "note", "acknowledgement_note", "acknowledged_by", "url", "description"]
CHARACTERS = st.sampled_from(["a", "\x01", '"', "\\", "é", "語", "🜁"])
WORST = "\x01"  # six bytes in JSON


def _grown(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _grown(draw, one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [
            _grown(draw, one, name)
            for one in value * draw(st.sampled_from([0, 1, 20] if name == "examples" else [0, 1, 20, 300]))
        ]
    if isinstance(value, str) and (name in FREE or name == "tags"):
        return draw(CHARACTERS) * draw(st.sampled_from([1, 64, 65, 200, 5000]))
    return value


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(EventType), st.data())
def test_a_body_is_never_too_large_and_stays_what_the_document_describes(kind: EventType, drawn: st.DataObject) -> None:
    data = _grown(drawn.draw, example_of(kind)["data"])

    body = frozen(kind, AT, data)

    made = json.loads(body)
    assert len(body) <= MOST_BYTES - SEQUENCE_ROOM
    validator_of(kind).validate(made)
    assert made.get("truncated", False) is (made["data"] != data)


def test_the_longest_is_cut_first_and_says_so() -> None:
    data = example_of("ticket.created")["data"]
    data["ticket"] |= {"subject": "s" * 30_000, "external_ref": "r" * 4000, "tags": ["t"] * 100}

    made = json.loads(frozen(EventType.TICKET_CREATED, AT, data))

    assert made["truncated"] is True
    assert made["data"]["ticket"]["subject"] == "s" * 4095 + "…"
    assert made["data"]["ticket"] == data["ticket"] | {"subject": made["data"]["ticket"]["subject"]}


def test_an_object_of_the_callers_own_loses_its_last_members() -> None:
    data = {"ticket": {"custom_fields": {f"field {number}": "v" * 200 for number in range(500)}, "id": "x"}}

    made = json.loads(frozen(EventType.TICKET_CREATED, AT, data))  # type: ignore[arg-type]  # plain values do, too

    assert list(made["data"]["ticket"]["custom_fields"]) == [f"field {number}" for number in range(64)]
    assert made["data"]["ticket"]["id"] == "x"


async def test_the_largest_that_the_api_takes_is_sent_whole(desk: Desk) -> None:
    long = WORST * 200
    person = await desk.staff.post("/staff", {"name": long, "email": "a@example.com", "roles": ["account_manager"]})
    reseller = await desk.reseller("ultimate", account_manager_id=person["id"])
    tags = ["🜁" * 50] * 20
    ticket = await reseller.open_ticket(
        subject=long,
        external_ref=long,
        tags=tags,
        description="d" * 65_536,
        custom_fields={f"{number:0>100}": "v" * 4000 for number in range(50)},
    )
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"assignee": person["id"]})
    escalation = await reseller.post(f"/tickets/{ticket['id']}/escalations", {"reason": long})
    await desk.staff.post(f"/escalations/{escalation['id']}/acknowledge", {"by": long, "note": long})
    url = f"http://127.0.0.1:9/{'x' * 2000}"
    endpoint = await reseller.post(
        "/webhook-endpoints", {"url": url, "description": long, "event_types": list(EventType)}
    )
    await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping")

    events = await desk.events(reseller)

    largest = max(events, key=lambda event: len(json.dumps(event, ensure_ascii=False).encode()))
    assert largest["type"] == "escalation.acknowledged"
    assert len(json.dumps(largest, ensure_ascii=False).encode()) > 13_000
    assert not any(event["truncated"] for event in events)
    assert events[0]["data"]["ticket"]["subject"] == long
    assert "custom_fields" not in events[0]["data"]["ticket"]
