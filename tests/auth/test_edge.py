import asyncio
import json

import pytest
from sqlalchemy import text

from app.worker import Worker
from tests.desk import Desk

BODY = {"subject": "Trunk 7 is down", "description": "Every call fails.", "priority": "low"}


async def test_a_request_sent_again_has_its_first_answer(desk: Desk) -> None:
    reseller = await desk.reseller()
    headers = {"Idempotency-Key": "ticket-1"}

    first = await reseller.send("POST", "/tickets", json=BODY, headers=headers)
    again = await reseller.send("POST", "/tickets", json=BODY, headers=headers)

    assert again.json() == first.json()
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    await reseller.refused("POST", "/tickets", "idempotency_key_reused", BODY | {"subject": "x"}, headers=headers)
    assert len((await reseller.get("/tickets"))["data"]) == 1


async def test_of_requests_at_once_one_takes_effect(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    headers = {"Idempotency-Key": "ticket-1"}

    answers = await asyncio.gather(*(reseller.send("POST", "/tickets", json=BODY, headers=headers) for _ in range(6)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    assert len((await reseller.get("/tickets"))["data"]) == 1


async def test_a_request_that_failed_leaves_no_claim(desk: Desk) -> None:
    reseller = await desk.reseller("lite")
    headers = {"Idempotency-Key": "task-1"}
    task = BODY | {"type": "task"}
    await reseller.refused("POST", "/tickets", "entitlement_required", task, headers=headers)
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})

    assert (await reseller.send("POST", "/tickets", json=task, headers=headers)).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (BODY | {"colour": "red"}, "/colour"),
        (BODY | {"subject": "a\x00b"}, "/subject"),
        (BODY | {"subject": ""}, "/subject"),
        (BODY | {"priority": "urgent"}, "/priority"),
        (BODY | {"contact_id": "tkt_01jb9z32g0e008000000000zzz"}, "/contact_id"),
        (BODY | {"tags": ["x"] * 21}, "/tags"),
    ],
)
async def test_a_faulty_member_is_pointed_at(desk: Desk, body: dict[str, object], pointer: str) -> None:
    reseller = await desk.reseller()

    refusal = await reseller.refused("POST", "/tickets", "validation_failed", body)

    assert pointer in [error["pointer"] for error in refusal["errors"]]
    assert refusal["request_id"]


async def test_odd_requests_get_clear_answers(desk: Desk) -> None:
    reseller = await desk.reseller()
    as_json = {"Content-Type": "application/json"}

    assert (await reseller.send("POST", "/tickets", content=b"{", headers=as_json)).status_code == 422
    assert (await reseller.send("POST", "/tickets", content=b"x" * 1_100_000, headers=as_json)).status_code == 413
    assert (await reseller.send("GET", "/tickets/nonsense")).status_code == 404
    assert (await reseller.send("DELETE", "/tickets")).json()["code"] == "method_not_allowed"
    assert (await reseller.send("GET", "/nowhere")).json()["code"] == "not_found"
    await desk.caller("wrong").refused("GET", "/me", "unauthenticated")
    naive = {"to": "2026-06-10T12:00:00"}
    await reseller.refused("POST", f"/test-clocks/{reseller.clock}/advance", "validation_failed", naive)
    echoed = await reseller.send("GET", "/me", headers={"X-Request-Id": "mine-1"})
    assert echoed.headers["x-request-id"] == "mine-1"


async def test_half_of_a_surrogate_pair_is_no_text(desk: Desk) -> None:
    reseller = await desk.reseller()
    escaped = json.dumps(BODY | {"subject": "half a pair: \ud800"}).encode()

    answer = await reseller.send("POST", "/tickets", content=escaped, headers={"Content-Type": "application/json"})

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/subject"]


async def test_a_refusal_tells_the_limits_and_what_it_is_about(desk: Desk) -> None:
    reseller = await desk.reseller()
    etag = (await reseller.send("GET", f"/resellers/{reseller.id}")).headers["etag"]

    broken = await reseller.send("POST", "/tickets", content=b"{", headers={"Content-Type": "application/json"})
    unchanged = await reseller.send("GET", f"/resellers/{reseller.id}", headers={"If-None-Match": etag})
    early = await desk.staff.send("POST", "/test-clocks", json={"now": "0001-01-01T00:00:00+23:59"})

    assert unchanged.status_code == 304
    assert [error["pointer"] for error in broken.json()["errors"]] == [""]
    assert all("ratelimit" in answer.headers for answer in (broken, unchanged))
    assert [error["pointer"] for error in early.json()["errors"]] == ["/now"]


async def test_a_change_to_another_version_is_left_undone(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"
    etag = (await reseller.send("GET", path)).headers["etag"]

    await reseller.patch(path, {"subject": "Trunk 8"}, headers={"If-Match": etag})
    await reseller.refused("PATCH", path, "precondition_failed", {"subject": "Trunk 9"}, headers={"If-Match": etag})

    assert (await reseller.get(path))["subject"] == "Trunk 8"


async def test_null_takes_away_what_may_be_missing_and_is_refused_elsewhere(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    endpoint = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x", "description": "mine"})
    person = await desk.staff.post("/staff", {"name": "A", "email": "a@example.com", "roles": ["agent"]})
    members = {
        f"/tickets/{ticket['id']}": (["subject", "priority", "status", "tags", "custom_fields", "reason"], "assignee"),
        f"/webhook-endpoints/{endpoint['id']}": (["url"], "description"),
        f"/staff/{person['id']}": (["name", "email", "roles"], None),
        f"/resellers/{reseller.id}": (["name", "time_zone"], "account_manager_id"),
    }

    for path, (never, may) in members.items():
        for name in never:
            refusal = await desk.staff.refused("PATCH", path, "validation_failed", {name: None})
            assert [error["pointer"] for error in refusal["errors"]] == [f"/{name}"], path
        if may is not None:
            assert (await desk.staff.patch(path, {may: None}))[may] is None

    shape = desk.app.openapi()["components"]["schemas"]["TicketChange"]["properties"]
    assert shape["subject"]["type"] == "string"
    assert {"type": "null"} in shape["assignee"]["anyOf"]


async def test_an_address_is_one_however_it_is_written(desk: Desk) -> None:
    person = await desk.staff.post("/staff", {"name": "A", "email": "a@example.com", "roles": ["agent"]})

    changed = await desk.staff.patch(f"/staff/{person['id']}", {"email": "B@Example.com"})

    assert changed["email"] == "b@example.com"


async def test_a_breach_is_read_though_the_version_stays(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    path = f"/tickets/{(await reseller.open_ticket())['id']}"
    etag = (await reseller.send("GET", path)).headers["etag"]
    await desk.advance(reseller, "2026-06-10T13:00:00Z")

    answer = await reseller.send("GET", path, headers={"If-None-Match": etag})

    assert answer.headers["etag"] == etag
    assert answer.json()["sla"]["status"] == "breached"


async def test_a_weak_tag_names_no_version_to_change(desk: Desk) -> None:
    reseller = await desk.reseller()
    path = f"/tickets/{(await reseller.open_ticket())['id']}"
    etag = (await reseller.send("GET", path)).headers["etag"]
    mine = f"/resellers/{reseller.id}"
    weak = {"If-None-Match": "W/" + (await reseller.send("GET", mine)).headers["etag"]}

    await reseller.refused("PATCH", path, "precondition_failed", {"subject": "x"}, headers={"If-Match": f"W/{etag}"})

    assert (await reseller.send("GET", mine, headers=weak)).status_code == 304


async def test_of_changes_at_once_to_one_version_one_is_made(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x"})
    person = await desk.staff.send("POST", "/staff", json={"name": "A", "email": "a@example.com", "roles": ["agent"]})
    tags = {
        f"/webhook-endpoints/{endpoint['id']}": (
            await reseller.send("GET", f"/webhook-endpoints/{endpoint['id']}")
        ).headers["etag"],
        f"/staff/{person.json()['id']}": person.headers["etag"],
    }

    for path, etag in tags.items():
        name = "description" if "webhook" in path else "name"
        answers = await asyncio.gather(
            *(desk.staff.send("PATCH", path, json={name: f"{n}"}, headers={"If-Match": etag}) for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412], path


async def test_a_test_clock_goes_forward_only_and_goes_on_when_cut_short(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    path = f"/test-clocks/{reseller.clock}"

    assert (await reseller.post(f"{path}/advance", {"to": "2026-06-10T16:30:00Z"}))["status"] == "ready"
    await reseller.refused("POST", f"{path}/advance", "validation_failed", {"to": "2026-06-10T16:29:59Z"})
    await desk.staff.refused("DELETE", path, "conflict")
    await (await desk.reseller()).refused("POST", f"{path}/advance", "not_found", {"to": "2026-06-11T16:30:00Z"})

    await _cut_short(desk)
    await _resume(desk.worker)

    assert (await reseller.get(path))["now"] == "2026-06-12T00:00:00Z"
    assert (await reseller.clocks(ticket))["first_response"]["state"] == "breached"


async def test_a_test_clock_that_is_being_advanced_is_not_removed(desk: Desk) -> None:
    path = f"/test-clocks/{await desk.test_clock()}"
    await _cut_short(desk)

    refusal = await desk.staff.refused("DELETE", path, "conflict")
    await _resume(desk.worker)

    assert "2026-06-12" in refusal["detail"]
    assert (await desk.staff.send("DELETE", path)).status_code == 204


async def _cut_short(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        stopped = "update test_clocks set target_at = '2026-06-12', advanced_at = now() - interval '1h'"
        await session.execute(text(stopped))


async def _resume(worker: Worker) -> None:
    await worker.resume_test_clocks()
