"""Explanations through the API: whatever happened to a clock, its segments add up to its deadline."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.catalogue.published import policy, publish
from tests.desk import Caller, Desk, Json

_DOCUMENT = Path(__file__).parents[2] / "docs" / "sla.md"
REASON = {"reason": "as agreed with the reseller"}


async def _explained(caller: Caller, ticket: Json, metric: str = "first_response") -> Json:
    told = await caller.get(f"/tickets/{ticket['id']}/sla/explanation")
    clock: Json = next(clock for clock in told["clocks"] if clock["metric"] == metric)
    segments = clock["segments"]
    assert all(before["to"] == after["from"] for before, after in pairwise(segments))
    assert sum(segment["counted_seconds"] for segment in segments) == segments[-1]["total_seconds"]
    assert segments[-1]["to"] == clock["until"]
    if clock["state"] == "running":
        assert (clock["until"], segments[-1]["remaining_seconds"]) == (clock["due_at"], 0)
        assert clock["due_at"] == await caller.due(ticket, metric)
    return clock


def _times(clock: Json) -> list[tuple[str, float]]:
    return [(segment["time"], segment["counted_seconds"]) for segment in clock["segments"]]


async def test_the_night_on_which_the_clocks_go_back_is_explained(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-10-24T15:00:00Z")
    ticket = await reseller.open_ticket(priority="priority")

    clock = await _explained(reseller, ticket)

    assert _times(clock) == [("open", 7200), ("closed", 0), ("open", 21600)]
    assert clock["segments"][1]["to"] == "2026-10-25T08:00:00Z"
    terms = clock["segments"][0]["terms"]
    assert (terms["target"], terms["counting"], terms["policy_version"]) == ("PT8H", "support_hours", 1)
    assert clock["paragraph"] == (
        "A first response within 8 hours of support hours (Mon-Sun 08:00-18:00 Europe/London): "
        "started Sat 24 Oct 2026 16:00 BST. 2 hours counted until 18:00 BST, 6 hours left; "
        "closed until Sun 25 Oct 2026 08:00 GMT; 6 hours counted until 14:00 GMT, nothing left. "
        "Due Sun 25 Oct 2026 14:00 GMT."
    )


async def test_a_raise_and_its_taking_back_are_told_with_what_they_moved(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    ticket = await reseller.open_ticket(priority="low")
    await desk.advance(reseller, "2026-06-10T21:00:00Z")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"priority": "immediate"})
    await desk.advance(reseller, "2026-06-10T21:20:00Z")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"priority": "low", **REASON})

    clock = await _explained(reseller, ticket)

    assert _times(clock) == [("open", 36000), ("open", 1200), ("open", 135600)]
    raised, lowered = clock["changes"][1:]
    assert raised == {
        "at": "2026-06-10T21:00:00Z",
        "turn": "changed",
        "why": "priority_changed",
        "said": "the priority changed from low to immediate",
        "priority": "immediate",
        "target_before": "PT48H",
        "target": "PT1H",
        "due_before": "2026-06-12T11:00:00Z",
        "due_at": "2026-06-10T22:00:00Z",
        "remaining_before_seconds": 136800,
        "remaining_seconds": 3600,
    }
    assert (lowered["said"], lowered["due_at"]) == (
        "the priority changed from immediate to low",
        "2026-06-12T11:00:00Z",
    )
    resolution = await _explained(reseller, ticket, "resolution")
    assert [change["turn"] for change in resolution["changes"]] == ["started", "cancelled", "regained"]
    assert [time for time, _ in _times(resolution)] == ["open", "cancelled", "open"]


@pytest.mark.parametrize("settled_first", [True, False])
async def test_an_upgrade_on_the_way_is_explained_whoever_settles_it(desk: Desk, settled_first: bool) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T16:45:00Z")
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})
    if settled_first:
        await desk.tick()

    clock = await _explained(reseller, ticket)

    assert _times(clock) == [("open", 900), ("open", 2700)]
    quoted = re.findall(r"^> (.*)$", _DOCUMENT.read_text(), re.MULTILINE)
    assert clock["paragraph"] == " ".join(quoted), "docs/sla.md quotes it"
    change = clock["changes"][1]
    assert change["said"] == "the plan changed from lite to professional"
    assert (change["due_before"], change["due_at"]) == ("2026-06-11T07:30:00Z", "2026-06-10T17:30:00Z")
    assert [segment["terms"]["hours"] for segment in clock["segments"]] == [
        "Mon-Sun 08:00-18:00 Europe/London",
        "24/7",
    ]


async def test_an_add_on_that_begins_is_named(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    await reseller.post(
        "/add-on-purchases", {"product": "icc_intelligent_hands", "starts_at": "2026-06-10T16:50:00.000001Z"}
    )
    await desk.advance(reseller, "2026-06-10T17:00:00Z")

    clock = await _explained(reseller, ticket)

    assert clock["changes"][1]["said"] == "the add-on icc_intelligent_hands began"
    assert [segment["counted_seconds"] for segment in clock["segments"]] == [1200.000001, 2399.999999]


async def test_a_pause_and_the_time_resolved_count_nothing(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    ticket = await reseller.open_ticket(priority="low")
    path = f"/tickets/{ticket['id']}"
    for at, status in (("12:00", "pending"), ("14:00", "open"), ("15:00", "resolved"), ("18:00", "open")):
        await desk.advance(reseller, f"2026-06-10T{at}:00Z")
        await desk.staff.patch(path, {"status": status, **REASON})

    clock = await _explained(reseller, ticket, "resolution")

    assert _times(clock) == [("open", 3600), ("paused", 0), ("open", 3600), ("met", 0), ("open", 165600)]
    assert [change["turn"] for change in clock["changes"]] == ["started", "paused", "resumed", "met", "reopened"]
    assert clock["due_at"] == "2026-06-12T16:00:00Z"
    assert "On Wed" not in clock["paragraph"]  # all of it happened on the day it was opened


async def test_a_paused_clock_is_explained_to_the_present(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    ticket = await reseller.open_ticket(priority="low")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "pending"})
    await desk.advance(reseller, "2026-06-10T13:00:00Z")

    clock = await _explained(reseller, ticket, "resolution")

    assert (clock["state"], clock["due_at"], clock["until"]) == ("paused", None, "2026-06-10T13:00:00Z")
    assert _times(clock) == [("paused", 0)]


@pytest.mark.parametrize("settled_first", [True, False])
async def test_a_missed_promise_is_explained_to_its_deadline_and_on(desk: Desk, settled_first: bool) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-11T09:30:00Z")
    if settled_first:
        await desk.staff.patch(f"/tickets/{ticket['id']}", {"subject": "Trunk 7 is still down"})

    clock = await _explained(reseller, ticket)

    assert _times(clock) == [("open", 1800), ("closed", 0), ("open", 1800), ("overrun", 7200)]
    assert clock["segments"][2]["to"] == clock["due_at"] == "2026-06-11T07:30:00Z"
    assert clock["segments"][3]["remaining_seconds"] == -7200


async def test_a_late_answer_ends_the_explanation(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T12:30:00Z")
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "found it"})
    await desk.advance(reseller, "2026-06-10T19:00:00Z")

    clock = await _explained(reseller, ticket)

    assert (clock["state"], clock["until"]) == ("met_late", "2026-06-10T12:30:00Z")
    assert clock["paragraph"].endswith(
        "The deadline passed unmet. 30 minutes more counted until 13:30 BST, 30 minutes over. "
        "At 13:30 BST the desk answered: the promise is kept, late, 30 minutes over."
    )


async def test_two_changes_on_the_way_are_each_told_under_their_own_terms(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    change = f"/resellers/{reseller.id}/plan-changes"
    await desk.staff.post(change, {"plan": "professional", "effective_at": "2026-06-10T16:40:00Z"})
    await desk.staff.post(change, {"plan": "lite", "effective_at": "2026-06-10T16:50:00Z"})
    await desk.advance(reseller, "2026-06-10T16:55:00Z")

    clock = await _explained(reseller, ticket)

    calendars = [segment["terms"]["calendar_id"] for segment in clock["segments"]]
    assert calendars[0] == calendars[2] == calendars[3] == calendars[4] != calendars[1]
    assert _times(clock) == [("open", 600), ("open", 600), ("open", 600), ("closed", 0), ("open", 1800)]


async def test_all_shows_every_exchange_and_a_caller_on_the_telephone_is_answered_at_once(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands_telephone"})
    ticket = await desk.staff.post(
        "/tickets",
        {
            "subject": "Trunk 7",
            "description": "A call.",
            "priority": "low",
            "channel": "telephone",
            "reseller_id": reseller.id,
        },
    )
    told = await reseller.get(f"/tickets/{ticket['id']}/sla/explanation", all="true")

    clocks = {clock["metric"]: clock for clock in told["clocks"]}
    assert clocks["first_response"]["segments"] == []
    assert clocks["first_response"]["paragraph"].endswith("12:00 BST. Kept as it started.")
    assert clocks["resolution"]["due_at"] == "2026-06-12T11:00:00Z"


async def test_more_segments_than_can_be_read_are_told_as_one_that_adds_up(desk: Desk) -> None:
    reseller = await desk.reseller("lite")
    weekly = {day: [["09:00", "10:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    await desk.staff.post("/calendars", {"code": "lite", "time_zone": "Europe/London", "weekly": weekly})
    wanted = policy()
    wanted["targets"]["1"]["low"]["first_response"] = {"span": "PT600H", "counting": "support_hours"}
    await publish(desk, reseller, wanted)
    ticket = await reseller.open_ticket(priority="low")

    clock = await _explained(reseller, ticket)

    times = [segment["time"] for segment in clock["segments"]]
    assert (len(times), times.count("several"), times[500]) == (1_000, 1, "several")
    folded = clock["segments"][500]
    assert folded["reason"] == "201 segments are told as one"  # of 600 openings and the time before each
    assert folded["counted_seconds"] in {100 * 3600, 101 * 3600}


async def test_a_maintenance_window_is_explained_with_its_reason_whole_and_ended_early(desk: Desk) -> None:
    reseller = await desk.reseller("professional", "2026-06-10T11:00:00Z")
    ticket = await reseller.open_ticket(priority="priority")
    window = await desk.staff.post(
        "/maintenance-windows",
        {
            "reason": "The core switch is replaced.",
            "starts_at": "2026-06-10T12:00:00Z",
            "ends_at": "2026-06-10T14:00:00Z",
            "reseller_ids": [reseller.id],
        },
    )

    ahead = await _explained(reseller, ticket)
    await desk.advance(reseller, "2026-06-10T12:30:00Z")
    await desk.staff.post(f"/maintenance-windows/{window['id']}/end")
    after = await _explained(reseller, ticket)

    assert _times(ahead) == [("open", 3600), ("maintenance", 0), ("open", 25200)]
    assert "The core switch is replaced." in ahead["paragraph"]
    assert (ahead["due_at"], after["due_at"]) == ("2026-06-10T21:00:00Z", "2026-06-10T19:30:00Z")
    assert [time for time, _ in _times(after)] == ["open", "maintenance", "open"]
    assert [change["why"] for change in after["changes"]][1:] == ["maintenance_window", "maintenance_window"]
