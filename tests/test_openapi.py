"""The document is what the code says, and the code does what the document says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from app.events.kinds import EventType
from app.main import bare_app
from tests.desk import Desk

_COMMITTED = Path(__file__).parents[1] / "openapi" / "openapi.json"
DOCUMENT = bare_app().openapi()


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(_COMMITTED.read_text()) == json.loads(json.dumps(DOCUMENT))


def test_every_operation_says_what_it_does_takes_and_refuses() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert len(operation["description"]) >= 20, where
            assert "`" not in operation["summary"], f"{where}: a summary is plain text"
            assert {"422", "500", "503"} <= operation["responses"].keys(), where
            good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            shown = [one["content"] for one in good if "content" in one]
            shown += [operation["requestBody"]["content"]] if "requestBody" in operation else []
            assert all(_has_example(one) for one in shown), where


def _has_example(content: dict[str, Any]) -> bool:
    """Tell whether a body is shown; one of whatever bytes has nothing to show."""
    told = ("application/json", "text/event-stream", "multipart/form-data", "text/html", "message/rfc822")
    return content.keys() == {"*/*"} or "example" in next(content[kind] for kind in told if kind in content)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, however deep."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _objects(one)


def test_every_example_is_as_its_schema_says() -> None:
    bodies = [one for one in _objects(DOCUMENT) if {"example", "schema"} <= one.keys()]

    assert len(bodies) > 100
    for body in bodies:
        Draft202012Validator({**body["schema"], "components": DOCUMENT["components"]}).validate(body["example"])


def test_nothing_in_an_example_ends_before_it_begins() -> None:
    examples = [one["example"] for one in _objects(DOCUMENT) if "example" in one]
    spans = [
        (one[f"{of}starts_at"], one[f"{of}ends_at"])
        for one in _objects(examples)
        for of in ("", "month_")
        if one.get(f"{of}starts_at") and one.get(f"{of}ends_at")
    ]

    assert ("2026-06-13T22:00:00Z", "2026-06-14T02:00:00Z") in spans, "a maintenance window"
    assert all(begins < ends for begins, ends in spans)


def test_every_event_is_under_webhooks() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert set(DOCUMENT["webhooks"]) == set(EventType)
    for kind, item in DOCUMENT["webhooks"].items():
        assert "`" not in item["post"]["summary"], f"{kind}: a summary is plain text"
        assert "parameters" not in item["post"], f"{kind}: a page makes boxes to fill in of them"


def _is_told_whole(escalation: dict[str, Any]) -> bool:
    state, when = escalation["state"], (escalation["acknowledged_at"], escalation["resolved_at"])
    passed = {"open": (False, False), "acknowledged": (True, False), "resolved": (True, True)}[state]
    return tuple(one is not None for one in when) == passed and escalation["reason"] == f"sla_{escalation['step']}"


def test_no_example_contradicts_itself() -> None:
    examples = list(_objects([one["example"] for one in _objects(DOCUMENT) if "example" in one]))
    spans = [one for one in examples if {"since", "until"} <= one.keys()]
    endpoints = [one for one in examples if "disabled_reason" in one]
    told = [one for one in examples if "raised_at" in one]

    assert len(spans) >= 3
    assert all(one["since"] < one["until"] for one in spans)
    assert {one["state"] for one in endpoints} == {"unverified", "active", "disabled"}
    assert all((one["state"] == "disabled") == (one["disabled_reason"] is not None) for one in endpoints)
    assert {one["state"] for one in told} == {"open", "acknowledged", "resolved"}
    assert all(_is_told_whole(one) for one in told)
    assert {one["called"]["name"] for one in told} == {"Maria Lind"}


async def test_what_is_sent_is_what_the_document_describes(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T11:00:00Z")
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    ticket = await reseller.open_ticket(priority="low")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"priority": "immediate"})
    await desk.advance(reseller, "2026-06-10T13:30:00Z")
    escalation = (await reseller.get("/escalations"))["data"][0]
    await desk.staff.post(f"/escalations/{escalation['id']}/acknowledge", {})
    clock = (await reseller.clocks(ticket))["first_response"]
    await desk.staff.post(
        f"/tickets/{ticket['id']}/sla/void", {"clock_id": clock["id"], "reason": "their own firewall"}
    )
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "found it"})
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "open", "reason": "it is back"})
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "ultimate"})
    await desk.advance(reseller, "2026-07-10T13:30:00Z")

    events = await desk.events(reseller)

    assert len({event["type"] for event in events}) >= 14


def test_what_takes_no_key_says_so() -> None:
    paths = DOCUMENT["paths"]

    assert paths["/v1/plans"]["get"]["security"] == []
    assert paths["/v1/me"]["get"]["security"] == [{"bearer": []}]


async def test_the_front_door_leads_to_the_pages(desk: Desk) -> None:
    assert (await desk.staff.http.get("/")).headers["location"] == "/docs"


@pytest.mark.parametrize("path", ["/docs", "/docs/assets/start.js", "/problems/not_found"])
async def test_the_pages_load_nothing_from_outside(desk: Desk, path: str) -> None:
    page = await desk.staff.http.get(path)

    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
