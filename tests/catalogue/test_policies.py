"""Versions of the policy and of calendars: published, in force from an instant, never changed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from app.sla import DEFAULT_POLICY_DATA
from tests.catalogue.published import policy, publish
from tests.desk import Desk, Json

NOW = "2026-06-10T11:00:00Z"


async def test_a_new_version_holds_from_its_instant_and_tickets_say_which_they_ran_under(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    ticket = await reseller.open_ticket()
    first = (await reseller.clocks(ticket))["first_response"]

    published = await publish(desk, reseller, policy(immediate="PT2H"), effective_at="2026-06-10T11:30:00Z")
    before = await reseller.due(ticket)
    await desk.advance(reseller, "2026-06-10T11:30:00Z")

    after = (await reseller.clocks(ticket))["first_response"]
    assert (before, after["due_at"]) == ("2026-06-10T12:00:00Z", "2026-06-10T13:00:00Z")
    assert first["policy_id"] != after["policy_id"] == published["id"]
    told = await desk.events(reseller, "sla.deadline_changed")
    assert [(event["timestamp"], event["data"]["change"]["why"]) for event in told] == [
        ("2026-06-10T11:30:00Z", "policy_changed")
    ]
    assert (await desk.staff.get(f"/sla-policies/{published['id']}")) == published
    assert (await desk.staff.get("/sla-policies"))["data"][0]["id"] == published["id"]


async def test_a_version_for_one_test_clock_is_nobody_elses(desk: Desk) -> None:
    mine, other = await desk.reseller("professional", NOW), await desk.reseller("professional", NOW)

    await publish(desk, mine, policy(immediate="PT2H"))

    assert await mine.due(await mine.open_ticket()) == "2026-06-10T13:00:00Z"
    assert await other.due(await other.open_ticket()) == "2026-06-10T12:00:00Z"
    assert {promise["target"] for promise in (await desk.staff.get("/sla"))["promises"]} == {"PT1H", "PT8H", "PT48H"}


async def test_a_version_for_everyone_is_for_test_clocks_that_are_made_later(desk: Desk) -> None:
    earlier = await desk.reseller("professional", NOW)
    live = await desk.reseller("professional", None)
    running = await live.open_ticket()
    due = await live.due(running)

    await desk.staff.post("/sla-policies", {"policy": policy(immediate="PT2H")})
    await desk.tick()

    later = await desk.reseller("professional", "2030-06-10T11:00:00Z")
    assert await later.due(await later.open_ticket()) == "2030-06-10T13:00:00Z"
    assert await earlier.due(await earlier.open_ticket()) == "2026-06-10T12:00:00Z"
    assert await live.due(running) != due


async def test_what_is_published_for_later_takes_effect_by_a_clocks_own_time(desk: Desk) -> None:
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT1H"), "effective_at": "2031-01-01T00:00:00Z"})
    reseller = await desk.reseller("professional", "2030-12-31T20:00:00Z")
    ticket = await reseller.open_ticket(priority="low")

    await desk.advance(reseller, "2031-01-01T02:00:00Z")

    clock = (await reseller.clocks(ticket))["first_response"]
    assert (clock["state"], clock["due_at"]) == ("breached", "2031-01-01T01:00:00Z")


async def test_a_calendar_takes_effect_through_a_policy_that_names_it(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    weekly = {day: [["08:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    ticket = await reseller.open_ticket()

    longer = await desk.staff.post("/calendars", {"code": "lite", "time_zone": "Europe/London", "weekly": weekly})
    same = await reseller.due(ticket)
    published = await publish(desk, reseller, deepcopy(DEFAULT_POLICY_DATA))
    await desk.tick()

    assert (longer["version"], longer["hours"]) == (2, "Mon-Sun 08:00-20:00 Europe/London")
    assert published["calendars"]["lite"] == longer["id"]
    assert (same, await reseller.due(ticket)) == ("2026-06-11T07:30:00Z", "2026-06-10T17:30:00Z")
    assert (await reseller.clocks(ticket))["first_response"]["calendar_id"] == longer["id"]
    assert (await desk.staff.get(f"/calendars/{longer['id']}")) == longer


async def test_reopening_restarts_the_resolution_where_the_policy_says_so(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    await publish(desk, reseller, policy() | {"reopen": "restart"})
    ticket = await reseller.open_ticket(priority="low")
    await desk.advance(reseller, "2026-06-11T11:00:00Z")
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})

    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "open", "reason": "it is back"})

    every = (await reseller.get(f"/tickets/{ticket['id']}/sla", all="true"))["clocks"]
    resolutions = [(clock["state"], clock["due_at"]) for clock in every if clock["metric"] == "resolution"]
    assert resolutions == [("met", "2026-06-12T11:00:00Z"), ("running", "2026-06-13T11:00:00Z")]


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("targets", "1", "immediate", "first_response", "span"), "PT0S", "/policy/targets/1/immediate/first_response"),
        (("calendars", "1"), "nowhere", "/policy/calendars/1"),
        (("steps", 0, "role"), "nobody", "/policy/steps"),
        (("reopen",), "sometimes", "/policy/reopen"),
        (("colour",), "red", "/policy/colour"),
        (("credits",), {"per_miss": True, "cap": 500}, "/policy/credits"),
        (("credits",), {"per_miss": 1, "cap": True}, "/policy/credits"),
        (("steps", 0, "at_share"), True, "/policy/steps/0"),
        (("steps",), [{"code": "late", "role": "desk", "after_targets": True}], "/policy/steps/0"),
        (("calendars",), {"1": True}, "/policy/calendars/1"),
    ],
)
async def test_a_policy_that_cannot_be_kept_is_refused_with_the_place(
    desk: Desk, path: tuple[Any, ...], value: object, pointer: str
) -> None:
    data = deepcopy(policy())
    place: Any = data
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value

    refusal = await desk.staff.refused("POST", "/sla-policies", "validation_failed", {"policy": data})

    assert pointer in [error["pointer"] for error in refusal["errors"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"weekly": {}}, "/weekly"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"weekly": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "/weekly"),
    ],
)
async def test_a_calendar_that_cannot_be_kept_is_refused(desk: Desk, change: Json, pointer: str) -> None:
    body = {"code": "lite", "time_zone": "Europe/London", "weekly": {"mon": [["09:00", "12:00"]]}} | change

    refusal = await desk.staff.refused("POST", "/calendars", "validation_failed", body)

    assert pointer in [error["pointer"] for error in refusal["errors"]]


async def test_a_policy_is_never_retroactive(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    body = {"policy": policy(), "test_clock_id": reseller.clock, "effective_at": "2026-06-10T10:59:59Z"}

    refusal = await desk.staff.refused("POST", "/sla-policies", "validation_failed", body)

    assert refusal["errors"][0]["pointer"] == "/effective_at"
    await reseller.refused("POST", "/sla-policies", "missing_scope", {"policy": policy()})


async def test_a_preview_tells_what_a_version_would_move_and_stores_nothing(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    tickets = [await reseller.open_ticket(priority=priority) for priority in ("immediate", "priority", "low")]
    await desk.advance(reseller, "2026-06-10T11:30:00Z")
    wanted = policy(immediate="PT2H", priority="PT15M")
    del wanted["targets"]["2"]["low"]["resolution"]

    body = {"policy": wanted, "test_clock_id": reseller.clock, "effective_at": "2026-06-10T11:40:00Z"}
    told = await desk.staff.post("/sla-policies/preview", body)

    counts = ("live_clocks", "moved", "earlier", "later", "unchanged", "started", "cancelled", "would_be_past_due")
    assert [told[name] for name in counts] == [4, 2, 1, 1, 1, 0, 1, 0]
    assert (told["largest_earlier_seconds"], told["largest_later_seconds"]) == (7 * 3600 + 5 * 60, 3600)
    assert {(one["number"], one["metric"], one["before"], one["after"]) for one in told["examples"]} == {
        (tickets[0]["number"], "first_response", "2026-06-10T12:00:00Z", "2026-06-10T13:00:00Z"),
        (tickets[1]["number"], "first_response", "2026-06-10T19:00:00Z", "2026-06-10T11:55:00Z"),
        (tickets[2]["number"], "resolution", "2026-06-12T11:00:00Z", None),
    }
    assert await reseller.due(tickets[0]) == "2026-06-10T12:00:00Z"
    published = await publish(desk, reseller, wanted, effective_at="2026-06-10T11:40:00Z")
    await desk.advance(reseller, "2026-06-10T11:40:00Z")
    assert [await reseller.due(ticket) for ticket in tickets[:2]] == ["2026-06-10T13:00:00Z", "2026-06-10T11:55:00Z"]
    assert published["version"] == 2


async def test_a_ladder_that_puts_a_step_in_the_past_raises_it_at_the_instant_of_the_change(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    await reseller.open_ticket()
    wanted = policy()
    wanted["steps"] = [{"code": "warning", "role": "desk", "at_share": 2_500}, *wanted["steps"][1:]]
    await publish(desk, reseller, wanted, effective_at="2026-06-10T11:30:00Z")

    await desk.advance(reseller, "2026-06-10T11:31:00Z")

    told = await desk.events(reseller, "sla.warning")
    assert [event["timestamp"] for event in told] == ["2026-06-10T11:30:00Z"]


async def test_a_ladder_that_warns_earlier_is_heard_by_the_sweep_after_a_walk(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    await reseller.open_ticket()
    wanted = policy()
    wanted["steps"] = [{"code": "warning", "role": "desk", "at_share": 5_000}, *wanted["steps"][1:]]
    await publish(desk, reseller, wanted)
    await desk.tick()

    await desk.advance(reseller, "2026-06-10T11:30:00Z")

    told = await desk.events(reseller, "sla.warning")
    assert [event["timestamp"] for event in told] == ["2026-06-10T11:30:00Z"]


async def test_another_policys_pauses_hold_from_its_instant(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    ticket = await reseller.open_ticket(priority="low")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "on_hold"})
    await desk.advance(reseller, "2026-06-10T12:00:00Z")

    await publish(desk, reseller, deepcopy(DEFAULT_POLICY_DATA) | {"pauses": {"resolution": ["pending", "on_hold"]}})
    held = (await reseller.clocks(ticket))["resolution"]
    await desk.advance(reseller, "2026-06-10T15:00:00Z")
    await publish(desk, reseller, deepcopy(DEFAULT_POLICY_DATA))

    assert (held["state"], held["due_at"]) == ("paused", None)
    assert await reseller.due(ticket, "resolution") == "2026-06-12T14:00:00Z"


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda data: data["targets"]["2"]["low"]["first_response"].update(span="P367D"), "2/low/first_response"),
        (lambda data: data["steps"][2].update(after_targets=100_001), "overdue"),
        (lambda data: data["steps"][1].update(after_breach="P1000000D"), "breach"),
        (lambda data: data["acknowledge_for"].update(low="P400D"), "acknowledge_for/low"),
    ],
)
async def test_what_cannot_be_counted_is_not_published(desk: Desk, spoil: Callable[[Json], None], where: str) -> None:
    spoil(data := policy())

    refusal = await desk.staff.refused("POST", "/sla-policies", "validation_failed", {"policy": data})

    assert where in str(refusal["errors"])


async def test_a_sandbox_reads_the_hours_and_previews_of_its_own_policy(desk: Desk) -> None:
    mine, other = await desk.reseller("professional", NOW), await desk.reseller("professional", NOW)
    data = policy(immediate="PT2H")
    data["calendars"]["2"] = "lite"

    await publish(desk, mine, data)

    for caller, due, same in ((mine, "2026-06-10T13:00:00Z", True), (other, "2026-06-10T12:00:00Z", False)):
        levels = {level["level"]: level["hours"] for level in (await caller.get("/support-levels"))["data"]}
        wanted = {"plan": "professional", "priority": "immediate", "opened_at": NOW}
        foretold = (await caller.post("/sla/preview", wanted))["clocks"][0]["due_at"]
        assert (levels[1] == levels[2], foretold) == (same, due)


async def test_a_test_clock_with_a_policy_of_its_own_is_kept(desk: Desk) -> None:
    clock = await desk.test_clock(NOW)
    await desk.staff.post("/sla-policies", {"policy": policy(), "test_clock_id": clock})

    refusal = await desk.staff.refused("DELETE", f"/test-clocks/{clock}", "conflict")

    assert "version of the policy" in refusal["detail"]


async def test_an_exchange_that_ended_without_a_target_gives_the_next_one_nothing_to_consume(desk: Desk) -> None:
    reseller = await desk.reseller("professional", NOW)
    promised, nothing = policy(), policy()
    spans = {"next_response": "PT8H", "periodic_update": "PT24H"}
    promised["targets"]["2"]["low"] = {name: {"span": span, "counting": "elapsed"} for name, span in spans.items()}
    nothing["targets"]["2"]["low"] = {}
    await publish(desk, reseller, promised)
    ticket = await reseller.open_ticket(priority="low")
    messages = f"/tickets/{ticket['id']}/messages"
    await desk.staff.post(messages, {"body": "Which trunk?"})
    await reseller.post(messages, {"body": "The seventh."})
    await desk.advance(reseller, "2026-06-10T18:00:00Z")  # seven hours of each are gone
    await publish(desk, reseller, nothing)
    await desk.staff.post(messages, {"body": "It is up again."})
    await desk.advance(reseller, "2026-06-11T18:00:00Z")
    await reseller.post(messages, {"body": "It is down again."})

    await publish(desk, reseller, promised)

    clocks = await reseller.clocks(ticket)
    assert [clocks[name]["started_at"] for name in spans] == ["2026-06-11T18:00:00Z"] * 2
    assert [clocks[name]["due_at"] for name in spans] == ["2026-06-12T02:00:00Z", "2026-06-12T18:00:00Z"]
    paragraphs = [
        clock["paragraph"] for clock in (await reseller.get(f"/tickets/{ticket['id']}/sla/explanation"))["clocks"]
    ]
    assert not any("the desk answered" in told for told in paragraphs), paragraphs
