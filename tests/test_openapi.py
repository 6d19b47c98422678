"""The document is what the code says, and the code does what the document says."""

import json
from pathlib import Path

import pytest

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
            assert {"422", "500", "503"} <= operation["responses"].keys(), where
            good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            shown = [one["content"] for one in good if "content" in one]
            assert all("example" in one.get("application/json", one.get("text/event-stream")) for one in shown), where
            if "requestBody" in operation:
                assert "example" in operation["requestBody"]["content"]["application/json"], where


def test_every_event_is_under_webhooks() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert set(DOCUMENT["webhooks"]) == set(EventType)


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
