"""Intelligent Hands at work: minutes that are logged, used, left, warned of and used up."""

import asyncio

import pytest
from jsonschema_rs import Draft202012Validator

from tests.desk import Caller, Desk, Json
from tests.test_openapi import DOCUMENT

NOW = "2026-06-10T11:00:00Z"
ICC, BRANDED = "icc_intelligent_hands", "branded_intelligent_hands"
TASK: Json = {"type": "task", "priority": "low", "subject": "Port two numbers"}


async def at_work(desk: Desk, included: int | None = 100, overrun: int | None = 20) -> tuple[Caller, Json]:
    """A reseller with ICC Intelligent Hands at such an allowance, and a task of its."""
    await desk.staff.patch(f"/add-ons/{ICC}", {"included_minutes": included, "overrun_minutes": overrun})
    reseller = await desk.reseller("lite", NOW)
    await reseller.post("/add-on-purchases", {"product": ICC})
    return reseller, await reseller.open_ticket(**TASK)


async def log(desk: Desk, ticket: Json, minutes: int, note: str = "Ported them.") -> Json:
    entry: Json = await desk.staff.post(f"/tickets/{ticket['id']}/work-logs", {"minutes": minutes, "note": note})
    return entry


async def usage(reseller: Caller, **at: str) -> Json:
    found: Json = await reseller.get(f"/resellers/{reseller.id}/usage", **at)
    return found


async def test_a_reseller_sees_what_is_used_and_left_and_what_was_done(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    incident = await reseller.open_ticket()
    entries = [await log(desk, ticket, 25), await log(desk, incident, 30, "Traced the fault.")]

    seen = await usage(reseller)

    assert (seen["included_minutes"], seen["used_minutes"], seen["left_minutes"], seen["overrun_minutes"]) == (
        100,
        55,
        45,
        20,
    )
    assert (seen["state"], seen["product"], seen["at"]) == ("within", ICC, NOW)
    assert (seen["month_starts_at"], seen["month_ends_at"]) == (NOW, "2026-07-10T11:00:00Z")
    assert (await reseller.get(seen["entries"].removeprefix("/v1")))["data"] == entries
    assert (await reseller.get(f"/tickets/{ticket['id']}/work-logs"))["data"] == entries[:1]
    summary = (await reseller.get(f"/resellers/{reseller.id}/entitlement"))["usage"]
    assert summary == {name: seen[name] for name in summary}
    assert entries[1]["note"] == "Traced the fault."


async def test_a_month_is_warned_of_and_used_up_once(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    for minutes in (79, 1, 30, -31, 31, 10, 60, -60, 60):
        await log(desk, ticket, minutes)

    events = await desk.events(reseller, "usage.warning", "usage.exhausted")

    assert [(event["type"], event["data"]["usage"]["used_minutes"]) for event in events] == [
        ("usage.warning", 80),
        ("usage.exhausted", 120),
    ]
    assert (await usage(reseller))["state"] == "exhausted"
    for event in events:
        body = DOCUMENT["webhooks"][event["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**body, "components": DOCUMENT["components"]})
        validator.validate({name: event[name] for name in ("type", "timestamp", "data")})


async def test_when_minutes_are_used_up_a_task_that_can_wait_waits_and_nothing_else_does(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    urgent = await reseller.open_ticket(**TASK | {"priority": "immediate"})
    await log(desk, ticket, 120)

    refusal = await reseller.refused("POST", "/tickets", "minutes_exhausted", _opening(TASK))
    await reseller.refused("PATCH", f"/tickets/{urgent['id']}", "minutes_exhausted", {"priority": "low"})
    by_staff = _opening(TASK | {"reseller_id": reseller.id})
    await desk.staff.refused("POST", "/tickets", "minutes_exhausted", by_staff)

    assert (refusal["used_minutes"], refusal["included_minutes"], refusal["overrun_minutes"]) == (120, 100, 20)
    assert refusal["next_month_starts_at"] == "2026-07-10T11:00:00Z"
    assert refusal["products"] == [BRANDED, f"{BRANDED}_telephone"]
    assert (await desk.staff.http.get(refusal["type"])).status_code == 200
    assert (await reseller.open_ticket(**TASK | {"priority": "immediate"}))["status"] == "new"
    assert (await reseller.open_ticket(priority="low"))["status"] == "new"
    await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "and a third number"})
    await log(desk, ticket, 1440)
    lowered = await desk.staff.patch(f"/tickets/{urgent['id']}", {"priority": "low", "reason": "it can wait"})
    assert lowered["priority"] == "low"


async def test_the_next_month_begins_anew_and_an_upgrade_has_a_month_of_its_own(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    await desk.staff.patch(f"/add-ons/{BRANDED}", {"included_minutes": 300, "overrun_minutes": 0})
    await log(desk, ticket, 120)
    await desk.advance(reseller, "2026-07-10T11:00:00Z")
    july = await reseller.open_ticket(**TASK)
    await log(desk, july, 50)
    await desk.advance(reseller, "2026-07-20T09:00:00Z")
    await reseller.post("/add-on-purchases", {"product": BRANDED})
    await log(desk, july, 40)

    instants = [NOW, "2026-07-10T10:59:59Z", "2026-07-10T11:00:00Z", "2026-07-20T09:00:00Z", "2026-08-20T09:00:00Z"]
    seen = [await usage(reseller, at=at) for at in instants]

    assert [one["used_minutes"] for one in seen] == [120, 120, 50, 40, 0]
    assert [one["included_minutes"] for one in seen] == [100, 100, 100, 300, 300]
    assert seen[3]["month_ends_at"] == "2026-08-20T09:00:00Z"
    events = await desk.events(reseller, "usage.exhausted")
    assert [event["timestamp"] for event in events] == [NOW]


async def test_a_correction_goes_back_to_the_months_that_the_minutes_came_from(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    await log(desk, ticket, 60)
    await desk.advance(reseller, "2026-07-11T00:00:00Z")
    await log(desk, ticket, 30)
    refusal = await desk.staff.refused(
        "POST", f"/tickets/{ticket['id']}/work-logs", "validation_failed", {"minutes": -91, "note": "no"}
    )

    first = await log(desk, ticket, -50, "Counted twice.")

    assert "90 minutes" in refusal["detail"]
    assert (first["minutes"], first["month_starts_at"]) == (-30, "2026-07-10T11:00:00Z")
    ledger = (await reseller.get(f"/tickets/{ticket['id']}/work-logs"))["data"]
    assert [(entry["minutes"], entry["month_starts_at"][:7]) for entry in ledger] == [
        (60, "2026-06"),
        (30, "2026-07"),
        (-30, "2026-07"),
        (-20, "2026-06"),
    ]
    assert [(await usage(reseller, at=at))["used_minutes"] for at in (NOW, "2026-07-11T00:00:00Z")] == [40, 0]


async def test_work_takes_a_task_or_intelligent_hands_and_is_never_lost(desk: Desk) -> None:
    reseller, task = await at_work(desk)
    incident = await reseller.open_ticket()
    purchase = (await reseller.get("/add-on-purchases"))["data"][0]
    await desk.advance(reseller, "2026-06-11T00:00:00Z")
    await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "now"})
    await desk.staff.patch(f"/tickets/{task['id']}", {"status": "cancelled", "reason": "not wanted"})

    body = {"minutes": 5, "note": "looked"}
    refusal = await desk.staff.refused("POST", f"/tickets/{incident['id']}/work-logs", "entitlement_required", body)
    kept = await log(desk, task, 15)

    assert (refusal["level"], refusal["level_required"]) == (1, 3)
    assert (kept["add_on_purchase_id"], kept["month_starts_at"]) == (None, None)
    seen = await usage(reseller)
    assert (seen["state"], seen["used_minutes"], seen["add_on_purchase_id"]) == ("none", 0, None)
    assert (await reseller.get(f"/resellers/{reseller.id}/entitlement"))["usage"] is None
    assert (await reseller.get(seen["entries"].removeprefix("/v1")))["data"] == []


@pytest.mark.parametrize("minutes", [0, 1441, -1441, 2.5, "25", None, True])
async def test_minutes_are_whole_and_within_a_day(desk: Desk, minutes: object) -> None:
    _, ticket = await at_work(desk)

    body = {"minutes": minutes, "note": "x"}
    await desk.staff.refused("POST", f"/tickets/{ticket['id']}/work-logs", "validation_failed", body)


async def test_unset_minutes_are_unlimited_and_a_month_without_a_cap_is_never_used_up(desk: Desk) -> None:
    for included, overrun, state, left in ((None, 5, "unlimited", None), (10, None, "overrun", 0)):
        reseller, ticket = await at_work(desk, included, overrun)
        await log(desk, ticket, 1440)

        assert ((await usage(reseller))["state"], (await usage(reseller))["left_minutes"]) == (state, left)
        assert (await reseller.open_ticket(**TASK))["type"] == "task"


async def test_work_that_is_logged_at_once_on_many_tickets_is_counted_once_each(desk: Desk) -> None:
    reseller, _ = await at_work(desk)
    tickets = [await reseller.open_ticket() for _ in range(5)]

    await asyncio.gather(*(log(desk, ticket, 30) for ticket in tickets))

    assert (await usage(reseller))["used_minutes"] == 150
    assert len(await desk.events(reseller, "usage.warning", "usage.exhausted")) == 2


async def test_a_move_to_another_zone_begins_no_month_anew(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    await desk.advance(reseller, "2026-11-20T00:00:00Z")
    await log(desk, ticket, 60)
    before = await usage(reseller)

    await desk.staff.patch(f"/resellers/{reseller.id}", {"time_zone": "Asia/Tokyo"})

    assert await usage(reseller) == before


async def test_the_path_ahead_of_an_end_that_is_agreed_names_no_month(desk: Desk) -> None:
    reseller, ticket = await at_work(desk)
    purchase = (await reseller.get("/add-on-purchases"))["data"][0]
    await log(desk, ticket, 120)
    await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "period_end"})

    refusal = await reseller.refused("POST", "/tickets", "minutes_exhausted", _opening(TASK))

    assert refusal["next_month_starts_at"] is None


def _opening(members: Json) -> Json:
    return {"description": "As agreed."} | members
