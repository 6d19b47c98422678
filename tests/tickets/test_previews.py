"""A preview tells what a ticket would be promised, and stores nothing."""

import asyncpg
import pytest

from app.infra.db import driver_url
from tests.desk import Caller, Desk, Json

OPENED = "2026-06-10T16:30:00Z"


async def _preview(caller: Caller, **members: object) -> dict[str, Json]:
    told = await caller.post("/sla/preview", {"priority": "immediate", "opened_at": OPENED} | members)
    return {clock["metric"]: clock for clock in told["clocks"]}


@pytest.mark.parametrize(
    ("plan", "priority", "opened_at", "due", "warning"),
    [
        ("lite", "immediate", OPENED, "2026-06-11T07:30:00Z", "2026-06-11T07:15:00Z"),
        ("professional", "immediate", OPENED, "2026-06-10T17:30:00Z", "2026-06-10T17:15:00Z"),
        ("lite", "priority", "2026-10-24T15:00:00Z", "2026-10-25T14:00:00Z", "2026-10-25T12:00:00Z"),
        ("lite", "immediate", "2026-06-10T16:00:00Z", "2026-06-10T17:00:00Z", "2026-06-10T16:45:00Z"),
        ("ultimate", "low", OPENED, "2026-06-12T16:30:00Z", "2026-06-12T04:30:00Z"),
    ],
)
async def test_a_preview_of_a_plan_is_what_its_ticket_would_be_promised(
    desk: Desk, plan: str, priority: str, opened_at: str, due: str, warning: str
) -> None:
    stranger = await desk.reseller()
    clocks = await _preview(stranger, plan=plan, priority=priority, opened_at=opened_at)
    reseller = await desk.reseller(plan, opened_at)
    ticket = await reseller.open_ticket(priority=priority)
    real = await reseller.get(f"/tickets/{ticket['id']}/sla/explanation")

    assert (clocks["first_response"]["due_at"], clocks["first_response"]["warning_at"]) == (due, warning)
    for clock in real["clocks"]:
        told = clocks[clock["metric"]]["explanation"]
        assert told == {name: clock[name] for name in told}


async def test_an_add_on_raises_what_a_plan_gives(desk: Desk) -> None:
    clocks = await _preview(desk.staff, plan="lite", add_on="icc_intelligent_hands")

    assert clocks["first_response"]["due_at"] == "2026-06-10T17:30:00Z"


async def test_the_steps_of_the_ladder_are_told_with_their_instants(desk: Desk) -> None:
    by_plan = {plan: await _preview(desk.staff, plan=plan) for plan in ("lite", "professional")}

    assert by_plan["professional"]["first_response"]["steps"] == [
        {"code": "warning", "role": "desk", "at": "2026-06-10T17:15:00Z"},
        {"code": "breach", "role": "account_manager", "at": "2026-06-10T17:30:00Z"},
        {"code": "overdue", "role": "technical_director", "at": "2026-06-10T18:30:00Z"},
    ]
    assert [step["code"] for step in by_plan["lite"]["first_response"]["steps"]] == ["warning"]


async def test_what_is_agreed_for_later_is_applied_where_it_falls_before_the_deadline(desk: Desk) -> None:
    reseller = await desk.reseller("lite", OPENED)
    later = {"plan": "professional", "effective_at": "2026-06-10T16:45:00Z"}
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", later)

    own = (await _preview(reseller))["first_response"]
    named = (await _preview(desk.staff, reseller_id=reseller.id, metric="first_response"))["first_response"]
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T16:50:00Z")

    assert own == named
    assert own["due_at"] == await reseller.due(ticket) == "2026-06-10T17:30:00Z"
    assert [change["said"] for change in own["explanation"]["changes"][1:]] == [
        "the plan changed from lite to professional"
    ]
    assert own["explanation"]["segments"][-1]["remaining_seconds"] == 0


async def test_a_promise_that_an_agreed_change_breaks_off_late_stays_due(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    later = {"plan": "lite", "effective_at": "2026-06-10T17:45:00Z"}
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", later)

    clock = (await _preview(reseller))["first_response"]

    assert clock["due_at"] == "2026-06-10T17:30:00Z"
    assert len(clock["explanation"]["changes"]) == 1
    assert [step["code"] for step in clock["steps"]] == ["warning", "breach"]


async def test_one_metric_can_be_asked_for(desk: Desk) -> None:
    assert set(await _preview(desk.staff, plan="lite", priority="low")) == {"first_response", "resolution"}
    assert set(await _preview(desk.staff, plan="lite", priority="low", metric="resolution")) == {"resolution"}
    assert await _preview(desk.staff, plan="lite", metric="next_response") == {}


async def test_nothing_is_stored(desk: Desk) -> None:
    reseller = await desk.reseller()
    connection = await asyncpg.connect(driver_url(desk.database.url))
    tables = ("tickets", "sla_clocks", "sla_clock_changes", "escalations", "events")
    counts = " + ".join(f"(select count(*) from {table})" for table in tables)
    before = await connection.fetchval(f"select {counts}")

    await _preview(reseller, opened_at="2026-06-10T12:00:00Z")

    assert await connection.fetchval(f"select {counts}") == before
    await connection.close()


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({}, "/reseller_id"),
        ({"plan": "golden"}, "/plan"),
        ({"plan": "lite", "add_on": "golden_hands"}, "/add_on"),
        ({"add_on": "icc_intelligent_hands"}, "/add_on"),
        ({"plan": "lite", "opened_at": "9999-12-31T23:59:59Z"}, "/opened_at"),
        ({"plan": "lite", "opened_at": "0001-01-01T00:00:00Z"}, "/opened_at"),
        ({"plan": "lite", "opened_at": "2026-06-10T12:00:00"}, "/opened_at"),
        ({"plan": "lite", "priority": "urgent"}, "/priority"),
        ({"plan": "lite", "metric": "patience"}, "/metric"),
        ({"plan": "lite", "colour": "red"}, "/colour"),
    ],
)
async def test_what_cannot_be_foretold_is_refused_with_its_place(desk: Desk, members: Json, pointer: str) -> None:
    body = {"priority": "immediate", "opened_at": OPENED} | members

    problem = await desk.staff.refused("POST", "/sla/preview", "validation_failed", body)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_reseller_previews_its_own_terms_or_a_plan_and_nobody_elses(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    bare = desk.caller(await desk.key(reseller.id, ["alarms:write"]))
    body = {"priority": "low", "opened_at": "2026-06-10T12:00:00Z"}

    assert (await bare.post("/sla/preview", body))["reseller_id"] == reseller.id
    await bare.refused("POST", "/sla/preview", "not_found", body | {"reseller_id": other.id})
    both = body | {"reseller_id": reseller.id, "plan": "lite"}
    await bare.refused("POST", "/sla/preview", "validation_failed", both)
    early = body | {"opened_at": "2020-01-01T00:00:00Z"}
    problem = await bare.refused("POST", "/sla/preview", "validation_failed", early)
    assert problem["errors"] == [{"pointer": "/opened_at", "detail": "the reseller was on no plan then"}]
    await desk.caller(None).refused("POST", "/sla/preview", "unauthenticated", body)
