import asyncpg
import pytest

from app.infra.db import driver_url
from tests.desk import Desk, Json


async def _in(desk: Desk, status: str) -> tuple[object, Json]:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    if status == "closed":
        await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
        await reseller.patch(f"/tickets/{ticket['id']}", {"status": "closed"})
    elif status != "new":
        await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": status, "reason": "so it is"})
    return reseller, ticket


STAFF = {
    "new": {"open", "pending", "on_hold", "resolved", "cancelled"},
    "open": {"pending", "on_hold", "resolved", "cancelled"},
    "pending": {"open", "on_hold", "resolved", "cancelled"},
    "on_hold": {"open", "pending", "resolved", "cancelled"},
    "resolved": {"open", "cancelled"},
    "closed": set(),
    "cancelled": set(),
}
EVERY = ["open", "pending", "on_hold", "resolved", "closed", "cancelled"]


@pytest.mark.parametrize("status", list(STAFF))
async def test_staff_move_a_ticket_as_the_table_says(desk: Desk, status: str) -> None:
    for to in EVERY:
        if to == status:
            continue
        _, ticket = await _in(desk, status)
        answer = await desk.staff.send("PATCH", f"/tickets/{ticket['id']}", json={"status": to, "reason": "why"})

        if to in STAFF[status]:
            assert answer.json()["status"] == to
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
            assert answer.json()["current"] == status
            assert set(answer.json()["allowed"]) == STAFF[status]


async def test_a_reseller_resolves_reopens_with_a_reason_closes_and_cancels_with_a_reason(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"

    await reseller.refused("PATCH", path, "invalid_transition", {"status": "on_hold"})
    await reseller.refused("PATCH", path, "validation_failed", {"status": "cancelled"})
    assert (await reseller.patch(path, {"status": "resolved"}))["resolved_at"] is not None
    await reseller.refused("PATCH", path, "validation_failed", {"status": "open"})
    assert (await reseller.patch(path, {"status": "open", "reason": "it is back"}))["resolved_at"] is None
    resolved = await reseller.patch(path, {"status": "resolved"})
    await desk.advance(reseller, "2026-06-12T11:00:00Z")
    closed = await reseller.patch(path, {"status": "closed"})
    assert (closed["status"], closed["closed_at"]) == ("closed", "2026-06-12T11:00:00Z")
    assert closed["resolved_at"] == resolved["resolved_at"]
    refusal = await reseller.refused("POST", f"{path}/messages", "invalid_transition", {"body": "hello?"})
    assert refusal["current"] == "closed"
    assert (await reseller.open_ticket(follows_id=ticket["id"]))["follows_id"] == ticket["id"]


async def test_a_resolved_ticket_closes_after_seven_days_of_silence(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    ticket = await reseller.open_ticket()
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})

    await desk.advance(reseller, "2026-07-01T00:00:00Z")

    closed = await reseller.get(f"/tickets/{ticket['id']}")
    assert (closed["status"], closed["closed_at"]) == ("closed", "2026-06-17T11:00:00Z")


async def test_pending_pauses_the_resolution_and_a_message_resumes_it(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    ticket = await reseller.open_ticket(priority="low")
    path = f"/tickets/{ticket['id']}"
    await desk.staff.post(f"{path}/messages", {"body": "which trunk?"})
    await desk.staff.patch(path, {"status": "pending"})

    paused = (await reseller.clocks(ticket))["resolution"]
    await desk.advance(reseller, "2026-06-11T11:00:00Z")
    await reseller.post(f"{path}/messages", {"body": "number seven"})

    assert (paused["state"], paused["due_at"]) == ("paused", None)
    assert await reseller.due(ticket, "resolution") == "2026-06-13T11:00:00Z"
    assert (await reseller.get(path))["status"] == "open"


async def test_reopening_after_met_late_is_breached_again_with_the_same_deadline(desk: Desk) -> None:
    reseller = await desk.reseller(now="2026-06-10T11:00:00Z")
    ticket = await reseller.open_ticket(priority="low")
    await desk.advance(reseller, "2026-06-13T11:00:00Z")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
    assert (await reseller.clocks(ticket))["resolution"]["state"] == "met_late"

    await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "it is back"})

    clock = (await reseller.clocks(ticket))["resolution"]
    assert (clock["state"], clock["due_at"], clock["met_at"]) == ("breached", "2026-06-12T11:00:00Z", None)


async def test_a_note_shows_nowhere_to_a_reseller(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"
    before = await reseller.send("GET", path)

    await desk.staff.post(f"{path}/messages", {"body": "zebra crossing", "visibility": "internal"})

    after = await reseller.send("GET", path)
    assert after.json() == before.json()
    assert after.headers["etag"] == before.headers["etag"]
    assert (await reseller.get(f"{path}/messages"))["data"] == []
    assert (await reseller.get("/tickets", q="zebra"))["data"] == []
    assert len((await desk.staff.get("/tickets", q="zebra"))["data"]) == 1
    assert [event["type"] for event in await desk.events(reseller)] == ["ticket.created"]
    assert "ticket.message_added" in [event["type"] for event in await desk.events()]
    await reseller.refused("POST", f"{path}/messages", "missing_scope", {"body": "x", "visibility": "internal"})


async def test_staff_lower_a_priority_with_a_reason_and_the_wish_stays(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"

    await desk.staff.refused("PATCH", path, "validation_failed", {"priority": "low"})
    lowered = await desk.staff.patch(path, {"priority": "low", "reason": "one extension of forty"})

    assert (lowered["priority"], lowered["requested_priority"]) == ("low", "immediate")
    said = (await reseller.get(f"{path}/history"))["data"]
    assert [(entry["field"], entry["reason"]) for entry in said] == [("priority", "one extension of forty")]
    both = await reseller.patch(path, {"priority": "priority"})
    assert (both["priority"], both["requested_priority"]) == ("priority", "priority")


async def test_what_a_level_lacks_is_refused_with_what_would_give_it(desk: Desk) -> None:
    reseller = await desk.reseller("lite")
    body = {"subject": "a", "description": "b", "priority": "low"}

    task = await reseller.refused("POST", "/tickets", "entitlement_required", body | {"type": "task"})
    phone = await reseller.refused("POST", "/tickets", "channel_not_entitled", body | {"channel": "telephone"})
    customer = await reseller.refused(
        "POST", "/contacts", "entitlement_required", {"kind": "end_customer", "name": "Customer"}
    )

    assert (task["level"], task["level_required"]) == (1, 3)
    assert "icc_intelligent_hands" in task["products"]
    assert phone["channels"] == ["website"]
    assert customer["level_required"] == 4


async def test_what_a_level_includes_is_what_its_row_says(desk: Desk) -> None:
    lite, ultimate = await desk.reseller("lite"), await desk.reseller("ultimate")
    task = {"subject": "a", "description": "b", "priority": "low", "type": "task"}
    customer = {"kind": "end_customer", "name": "Customer"}
    connection = await asyncpg.connect(driver_url(desk.database.url))
    await connection.execute("update support_levels set task_tickets = level = 1, branded = level in (1, 4)")
    await connection.execute("update support_levels set may_escalate = level = 1")
    await connection.close()

    opened = await lite.post("/tickets", task)
    await lite.post(f"/tickets/{opened['id']}/escalations", {"reason": "please"})
    added = await lite.post("/contacts", customer)
    await lite.open_ticket(contact_id=added["id"])

    refusal = await ultimate.refused("POST", "/tickets", "entitlement_required", task)
    assert (refusal["level_required"], refusal["plans"], refusal["products"]) == (1, ["lite"], [])
    other = await ultimate.open_ticket()
    path = f"/tickets/{other['id']}/escalations"
    await ultimate.refused("POST", path, "entitlement_required", {"reason": "please"})


async def test_what_no_level_includes_is_refused_as_such(desk: Desk) -> None:
    reseller = await desk.reseller("lite")
    connection = await asyncpg.connect(driver_url(desk.database.url))
    await connection.execute("update support_levels set branded = false")
    await connection.close()

    refusal = await reseller.refused(
        "POST", "/contacts", "entitlement_required", {"kind": "end_customer", "name": "Customer"}
    )

    assert (refusal["level_required"], refusal["plans"], refusal["products"]) == (None, [], [])


async def test_a_ticket_by_telephone_is_answered_as_it_is_opened(desk: Desk) -> None:
    reseller = await desk.reseller()
    body = {"subject": "a", "description": "b", "priority": "immediate", "channel": "telephone"}
    body["reseller_id"] = reseller.id
    await desk.staff.refused("POST", "/tickets", "channel_not_entitled", body)
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands_telephone"})

    ticket = await desk.staff.post("/tickets", body)

    assert ticket["status"] == "open"
    assert ticket["sla"]["clocks"][0]["state"] == "met"


async def test_lists_filter_sort_and_page(desk: Desk) -> None:
    reseller = await desk.reseller()
    for number in range(5):
        await reseller.open_ticket(
            subject=f"Trunk {number}", priority="low" if number % 2 else "immediate", tags=[f"t{number}"]
        )
    found = await reseller.get("/tickets", priority="low", sort="created_at")
    first = await reseller.send("GET", "/tickets", params={"limit": 2, "sort": "next_due_at"})
    link = first.headers["link"].partition("<")[2].partition(">")[0]
    await reseller.open_ticket(subject="Another")
    second = await reseller.send("GET", f"/tickets{link}")

    assert [ticket["subject"] for ticket in found["data"]] == ["Trunk 1", "Trunk 3"]
    seen = [ticket["id"] for page in (first, second) for ticket in page.json()["data"]]
    assert len(set(seen)) == 4
    assert len((await reseller.get("/tickets", tag="t3", q="trunk"))["data"]) == 1
    assert (await reseller.get("/sla-status/summary"))["total"] == 6
    await reseller.refused("GET", "/tickets?sla_status=late", "validation_failed")
    await reseller.refused("GET", "/tickets?colour=red", "validation_failed")
    cursor = first.json()["next_cursor"]
    await reseller.refused("GET", f"/tickets?sort=created_at&cursor={cursor}", "validation_failed")
    await reseller.refused("GET", f"/tickets?sort=next_due_at&cursor={cursor[:-2]}AA", "validation_failed")


async def test_a_resolved_ticket_that_is_cancelled_was_resolved_all_the_same(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"
    await reseller.patch(path, {"status": "resolved"})

    cancelled = await reseller.patch(path, {"status": "cancelled", "reason": "a test"})
    await desk.advance(reseller, "2026-06-20T11:00:00Z")

    assert cancelled["resolved_at"] == "2026-06-10T11:00:00Z"
    assert (await reseller.get(path))["status"] == "cancelled"  # and does not close after seven days


async def test_an_end_customer_has_no_voice_once_branded_has_ended(desk: Desk) -> None:
    reseller = await desk.reseller()
    branded = await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})
    customer = await reseller.post("/contacts", {"kind": "end_customer", "name": "A customer"})
    member = await reseller.post("/contacts", {"name": "A member of staff"})
    ticket = await reseller.open_ticket(contact_id=customer["id"])
    messages = f"/tickets/{ticket['id']}/messages"
    await reseller.post(messages, {"body": "all down", "author": customer["id"]})
    await desk.advance(reseller, "2026-06-10T11:10:00Z")
    await reseller.post(f"/add-on-purchases/{branded['id']}/cancel", {"at": "now"})

    for caller in (reseller, desk.staff):
        body = {"body": "hello?", "author": customer["id"]}
        refusal = await caller.refused("POST", messages, "entitlement_required", body)
        assert (refusal["level"], refusal["level_required"]) == (2, 4)

    taken = await reseller.post(messages, {"body": "we speak for them", "author": member["id"]})
    assert taken["author"]["id"] == member["id"]
    assert len((await reseller.get(messages))["data"]) == 2


async def test_a_ticket_is_given_to_a_person_and_taken_back(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    person = await desk.staff.post("/staff", {"name": "A. Person", "email": "person@example.com", "roles": ["agent"]})
    path = f"/tickets/{ticket['id']}"

    given = await desk.staff.patch(path, {"assignee": person["id"]})
    back = await desk.staff.patch(path, {"assignee": None})

    assert (given["assignee"]["name"], back["assignee"]) == ("A. Person", None)
    said = [(entry["before"], entry["after"]) for entry in (await reseller.get(f"{path}/history"))["data"]]
    assert said == [(None, "A. Person"), ("A. Person", None)]
