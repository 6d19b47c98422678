"""Maintenance windows through the API: declared ahead or while they begin, and called off."""

from datetime import datetime, timedelta

import pytest

from app.infra.now import wall_now
from tests.desk import Desk, Json

NOW = "2026-06-10T11:00:00Z"  # 12:00 in London
NIGHT = {
    "reason": "The core switch is replaced.",
    "starts_at": "2026-06-10T12:00:00Z",
    "ends_at": "2026-06-10T14:00:00Z",
}


async def test_a_window_declared_ahead_moves_the_deadlines_that_run_into_it(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    early, late = [await reseller.open_ticket(priority=priority) for priority in ("immediate", "priority")]

    window = await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [reseller.id]})
    await desk.tick()

    assert window["state"] == "scheduled"
    assert await reseller.due(early) == "2026-06-10T12:00:00Z"  # reached as the window begins
    assert await reseller.due(late) == "2026-06-10T21:00:00Z"
    moved = await desk.events(reseller, "sla.deadline_changed")
    assert [event["data"]["change"] for event in moved] == [
        {"before": "2026-06-10T19:00:00Z", "after": "2026-06-10T21:00:00Z", "why": "maintenance_window"}
    ]
    declared = await desk.events(reseller, "maintenance_window.declared")
    assert declared[0]["data"]["maintenance_window"]["id"] == window["id"]


async def test_time_in_a_window_warns_and_breaks_nothing(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T11:30:00Z")
    ticket = await reseller.open_ticket()
    await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [reseller.id]})

    await desk.advance(reseller, "2026-06-10T13:59:59Z")
    quiet = await desk.events(reseller, "sla.warning", "sla.breached")
    await desk.advance(reseller, "2026-06-10T14:30:00Z")
    await desk.advance(reseller, "2026-06-10T14:31:00Z")

    assert quiet == []
    told = await desk.events(reseller, "sla.warning", "sla.breached")
    assert [(event["type"], event["timestamp"]) for event in told] == [
        ("sla.warning", "2026-06-10T14:15:00Z"),
        ("sla.breached", "2026-06-10T14:30:00Z"),
    ]
    assert (await reseller.clocks(ticket))["first_response"]["due_at"] == "2026-06-10T14:30:00Z"


async def test_a_window_ended_early_gives_back_what_is_left_of_it(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T11:30:00Z")
    ticket = await reseller.open_ticket()
    window = await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [reseller.id]})
    await desk.advance(reseller, "2026-06-10T12:20:00Z")

    ended = await desk.staff.post(f"/maintenance-windows/{window['id']}/end")
    await desk.tick()

    assert (ended["state"], ended["ended_at"]) == ("over", "2026-06-10T12:20:00Z")
    assert await reseller.due(ticket) == "2026-06-10T12:50:00Z"
    again = await desk.staff.refused("POST", f"/maintenance-windows/{window['id']}/end", "invalid_transition")
    assert again["current"] == "over"
    assert len(await desk.events(reseller, "maintenance_window.ended")) == 1


async def test_a_window_that_has_not_begun_is_cancelled_whole(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T11:30:00Z")
    ticket = await reseller.open_ticket()
    window = await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [reseller.id]})

    cancelled = await desk.staff.post(f"/maintenance-windows/{window['id']}/end")

    assert cancelled["state"] == "cancelled"
    assert await reseller.due(ticket) == "2026-06-10T12:30:00Z"


async def test_a_promise_that_was_missed_stays_missed(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T10:00:00Z")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T11:30:00Z")

    await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [reseller.id]})
    await desk.advance(reseller, "2026-06-10T12:30:00Z")

    clock = (await reseller.clocks(ticket))["first_response"]
    assert (clock["state"], clock["due_at"]) == ("breached", "2026-06-10T11:00:00Z")
    raised = await desk.events(reseller, "escalation.raised")
    assert [event["timestamp"] for event in raised][-1] == "2026-06-10T12:00:00Z"  # the ladder goes on as it was


async def test_a_window_covers_those_who_are_named_or_everyone_on_the_walls_time(desk: Desk) -> None:
    named, other = await desk.reseller("professional", NOW), await desk.reseller("professional", NOW)
    live = await desk.reseller("professional", None)
    await desk.staff.post("/maintenance-windows", NIGHT | {"reseller_ids": [named.id]})
    noon = (wall_now() + timedelta(days=30)).replace(hour=12, minute=0, second=0, microsecond=0)
    moving = {"reason": "The site moves.", "ends_at": noon.isoformat()}
    everyone = await desk.staff.post("/maintenance-windows", moving)

    seen = {caller.id: (await caller.get("/maintenance-windows"))["data"] for caller in (named, other, live)}

    # A sandbox lives on a time of its own: what does not stop its clocks is none of its windows.
    assert [len(seen[caller.id]) for caller in (named, other)] == [1, 0]
    assert everyone["id"] not in [one["id"] for one in seen[named.id]]
    await other.refused("GET", f"/maintenance-windows/{everyone['id']}", "not_found")
    assert await desk.events(other, "maintenance_window.declared") == []
    assert len((await desk.staff.get("/maintenance-windows"))["data"]) == 2
    assert [(one["id"], one["reseller_ids"]) for one in seen[live.id]] == [(everyone["id"], [])]
    ticket, sandboxed = await live.open_ticket(), await other.open_ticket()
    assert datetime.fromisoformat(str(await live.due(ticket))) - noon == pytest.approx(
        timedelta(hours=1), abs=timedelta(minutes=1)
    )
    assert await other.due(sandboxed) == "2026-06-10T12:00:00Z"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"starts_at": "2026-06-10T10:59:59Z"}, "/starts_at"),
        ({"ends_at": "2026-06-10T12:00:00Z"}, "/ends_at"),
        ({"reason": ""}, "/reason"),
        ({"reseller_ids": []}, "/reseller_ids"),
    ],
)
async def test_a_faulty_window_is_refused(desk: Desk, body: Json, pointer: str) -> None:
    reseller = await desk.reseller("professional", NOW)

    wanted = NIGHT | {"reseller_ids": [reseller.id]} | body
    refusal = await desk.staff.refused("POST", "/maintenance-windows", "validation_failed", wanted)

    assert [error["pointer"] for error in refusal["errors"]] == [pointer]


async def test_those_who_are_named_live_on_one_time(desk: Desk) -> None:
    ids = [(await desk.reseller("lite", NOW)).id, (await desk.reseller("lite", None)).id]

    refusal = await desk.staff.refused(
        "POST", "/maintenance-windows", "validation_failed", NIGHT | {"reseller_ids": ids}
    )

    assert "one time" in refusal["detail"]
    await (await desk.reseller()).refused("POST", "/maintenance-windows", "missing_scope", NIGHT)


@pytest.mark.parametrize(
    ("member", "at"),
    [("ends_at", "9999-12-31T23:59:59Z"), ("ends_at", "2027-06-12T12:00:01Z"), ("starts_at", "2037-01-01T00:00:00Z")],
)
async def test_a_window_has_an_end_in_sight(desk: Desk, member: str, at: str) -> None:
    reseller = await desk.reseller("professional", NOW)
    window = NIGHT | {"ends_at": "2037-01-02T00:00:00Z"} if member == "starts_at" else NIGHT

    refusal = await desk.staff.refused(
        "POST", "/maintenance-windows", "validation_failed", window | {member: at, "reseller_ids": [reseller.id]}
    )

    assert refusal["errors"][0]["pointer"] == f"/{member}"
