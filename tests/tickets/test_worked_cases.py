"""The worked cases of the desk's rules, through the API on test clocks. Instants are UTC; London is an hour ahead."""

import pytest

from tests.desk import Caller, Desk, Json

OPENED = "2026-06-10T11:00:00Z"  # 12:00 in London


async def _set(desk: Desk, ticket: Json, priority: str) -> None:
    body = {"priority": priority, "reason": "as agreed with the reseller"}
    await desk.staff.patch(f"/tickets/{ticket['id']}", body)


async def _played(
    desk: Desk, plan: str, priority: str, opened: str, moves: list[tuple[str, str]]
) -> tuple[Caller, Json]:
    reseller = await desk.reseller(plan, opened)
    ticket = await reseller.open_ticket(priority=priority)
    for at, to in moves:
        await desk.advance(reseller, at)
        await _set(desk, ticket, to)
    return reseller, ticket


@pytest.mark.parametrize(
    ("plan", "priority", "opened", "moves", "due"),
    [
        ("lite", "immediate", "2026-06-10T16:30:00Z", [], "2026-06-11T07:30:00Z"),
        ("professional", "immediate", "2026-06-10T16:30:00Z", [], "2026-06-10T17:30:00Z"),
        ("lite", "priority", "2026-10-24T15:00:00Z", [], "2026-10-25T14:00:00Z"),
        ("lite", "immediate", "2026-06-10T16:00:00Z", [], "2026-06-10T17:00:00Z"),
        ("professional", "low", OPENED, [("2026-06-10T21:00:00Z", "immediate")], "2026-06-10T22:00:00Z"),
        ("professional", "immediate", OPENED, [("2026-06-10T11:20:00Z", "priority")], "2026-06-10T19:00:00Z"),
        (
            "professional",
            "low",
            OPENED,
            [("2026-06-10T21:00:00Z", "immediate"), ("2026-06-10T21:20:00Z", "priority")],
            "2026-06-11T05:00:00Z",
        ),
        (
            "professional",
            "low",
            OPENED,
            [("2026-06-10T21:00:00Z", "immediate"), ("2026-06-10T21:20:00Z", "low")],
            "2026-06-12T11:00:00Z",
        ),
        ("lite", "low", "2026-06-10T19:00:00Z", [("2026-06-12T16:45:00Z", "immediate")], "2026-06-12T19:00:00Z"),
    ],
)
async def test_a_deadline_is_what_was_promised(
    desk: Desk, plan: str, priority: str, opened: str, moves: list[tuple[str, str]], due: str
) -> None:
    reseller, ticket = await _played(desk, plan, priority, opened, moves)

    assert await reseller.due(ticket) == due


async def test_the_warning_of_a_raised_priority_goes_by_the_new_target(desk: Desk) -> None:
    reseller, ticket = await _played(desk, "professional", "low", OPENED, [("2026-06-10T21:00:00Z", "immediate")])

    assert (await reseller.clocks(ticket))["first_response"]["next_step_at"] == "2026-06-10T21:45:00Z"


@pytest.mark.parametrize("touched_first", [True, False])
async def test_an_upgrade_counts_at_its_instant_whoever_comes_first(desk: Desk, touched_first: bool) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T16:45:00Z")
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})
    if touched_first:
        await reseller.patch(f"/tickets/{ticket['id']}", {"subject": "Trunk 7 is still down"})
    await desk.tick()

    assert await reseller.due(ticket) == "2026-06-10T17:30:00Z"
    changed = await desk.events(reseller, "sla.deadline_changed")
    assert [event["timestamp"] for event in changed] == ["2026-06-10T16:45:00Z"]


async def test_an_add_on_moves_deadlines_at_the_instant_for_which_it_was_bought(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    ticket = await reseller.open_ticket()
    later = {"product": "icc_intelligent_hands", "starts_at": "2026-06-10T16:50:00Z"}
    await reseller.post("/add-on-purchases", later)

    await desk.advance(reseller, "2026-06-10T16:51:00Z")

    assert await reseller.due(ticket) == "2026-06-10T17:30:00Z"
    activated = await desk.events(reseller, "add_on.activated")
    assert [event["timestamp"] for event in activated] == ["2026-06-10T16:50:00Z"]


async def test_one_jump_tells_what_many_small_steps_tell(desk: Desk) -> None:
    told = []
    for step in (1, 48):
        reseller = await desk.reseller("lite", "2026-10-24T15:00:00Z")
        ticket = await reseller.open_ticket(priority="low")
        await reseller.open_ticket(priority="priority")
        await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "pending"})
        await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "here it is"})
        await desk.staff.post(
            f"/resellers/{reseller.id}/plan-changes", {"plan": "ultimate", "effective_at": "2026-10-25T03:00:00Z"}
        )
        for number in range(1, step + 1):
            minutes = 4 * 24 * 60 * number // step
            day, rest = divmod(15 * 60 + minutes, 24 * 60)
            at = f"2026-10-{24 + day:02}T{rest // 60:02}:{rest % 60:02}:00Z"
            await desk.advance(reseller, at)
        events = await desk.events(reseller)
        told.append(
            [(event["type"], event["timestamp"], event["data"].get("clock", {}).get("state")) for event in events]
        )

    assert told[0] == told[1]
    assert len(told[0]) > 12
