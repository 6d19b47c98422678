"""Ladders whose ticket ends, or whose clock loses its target; and clocks that begin and warn within one settling."""

import copy
import json
from typing import Any

from sqlalchemy import text

from app.infra.ids import decode, new_id
from app.sla.defaults import DEFAULT_POLICY_DATA
from tests.desk import Caller, Desk, Json

OPENED = "2026-06-10T11:00:00Z"

_PUBLISH = """
insert into sla_policies (id, version, effective_at, definition, calendars, created_at)
select :id, version + 1, '2020-01-01', cast(:definition as jsonb), calendars, created_at
  from sla_policies order by version desc limit 1
"""
_STILL_CLIMBING = """
update sla_clocks set paused_since = null, wake_at = '2026-06-10 13:00Z' where ticket_id = :ticket
"""
_TICKETS = "update tickets set created_at = created_at - interval '3h', settled_at = settled_at - interval '3h'"
_PLANS = "update plan_periods set starts_at = starts_at - interval '3h', ends_at = ends_at - interval '3h'"
_CLOCKS = """
update sla_clocks set started_at = started_at - interval '3h', anchor_at = anchor_at - interval '3h',
       due_at = due_at - interval '3h', wake_at = wake_at - interval '3h'
"""


async def _publish(desk: Desk, targets: Json) -> None:
    """Publish a policy whose targets for `immediate` are others at some levels."""
    policy: Any = copy.deepcopy(DEFAULT_POLICY_DATA)
    for level, wanted in targets.items():
        policy["targets"][level] = {**policy["targets"][level], "immediate": wanted}
    async with desk.database.transaction() as session:
        await session.execute(text(_PUBLISH), {"id": new_id(), "definition": json.dumps(policy)})


async def _escalations(caller: Caller, ticket: Json) -> list[Json]:
    rows: list[Json] = (await caller.get("/escalations", ticket_id=ticket["id"]))["data"]
    return rows[::-1]


async def test_cancelling_a_ticket_resolves_the_warning_of_its_clock(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T11:50:00Z")

    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "cancelled"})
    await desk.advance(reseller, "2026-06-12T11:50:00Z")

    (warning,) = await _escalations(reseller, ticket)
    assert (warning["state"], warning["resolved_at"]) == ("resolved", "2026-06-10T11:50:00Z")
    assert len(await desk.events(reseller, "escalation.resolved")) == 1
    await desk.staff.refused("POST", f"/escalations/{warning['id']}/acknowledge", "invalid_transition", {})


async def test_a_cancelled_ticket_stays_breached_and_nobody_is_called_about_it_any_more(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket, older = await reseller.open_ticket(), await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T12:20:00Z")
    for one in (ticket, older):
        await desk.staff.patch(f"/tickets/{one['id']}", {"status": "cancelled"})
    async with desk.database.transaction() as session:  # as desks before this rule have them
        await session.execute(text(_STILL_CLIMBING), {"ticket": decode("tkt", older["id"])})

    await desk.advance(reseller, "2026-06-20T12:00:00Z")

    for one in (ticket, older):
        assert [(row["step"], row["state"]) for row in await _escalations(reseller, one)] == [
            ("warning", "resolved"),
            ("breach", "resolved"),
        ]
        clock = (await reseller.clocks(one))["first_response"]
        assert (clock["state"], clock["due_at"]) == ("breached", "2026-06-10T12:00:00Z")
        assert (await reseller.get(f"/tickets/{one['id']}"))["sla"]["status"] == "breached"


async def test_a_metric_that_loses_its_target_resolves_what_its_clock_raised(desk: Desk) -> None:
    first_response = {"first_response": {"span": "PT1H", "counting": "support_hours"}}
    await _publish(desk, {"2": first_response | {"resolution": {"span": "PT1H", "counting": "elapsed"}}})
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T11:50:00Z")

    await desk.staff.patch(f"/tickets/{ticket['id']}", {"priority": "priority", "reason": "one of two trunks works"})

    states = {row["clock_id"]: row["state"] for row in await _escalations(reseller, ticket)}
    clocks = await reseller.clocks(ticket)
    assert states[clocks["resolution"]["id"]] == "resolved"
    assert states[clocks["first_response"]["id"]] == "open"


async def test_an_escalation_left_open_by_a_clock_that_ended_is_not_acknowledged(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T11:50:00Z")
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "cancelled"})
    async with desk.database.transaction() as session:  # as desks before this rule have them
        await session.execute(text("update escalations set state = 'open', resolved_at = null"))
    (warning,) = await _escalations(reseller, ticket)

    refusal = await desk.staff.refused("POST", f"/escalations/{warning['id']}/acknowledge", "invalid_transition", {})

    assert refusal["detail"] == "the clock of the escalation is cancelled"


async def test_a_clock_that_begins_and_warns_within_one_late_settling(desk: Desk) -> None:
    first_response = {"first_response": {"span": "PT1H", "counting": "support_hours"}}
    await _publish(desk, {"2": first_response | {"resolution": {"span": "PT2H", "counting": "elapsed"}}})
    reseller = await desk.reseller("lite", now=None)
    ticket = await reseller.open_ticket()
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})
    async with desk.database.transaction() as session:
        for statement in (_TICKETS, _PLANS, _CLOCKS):  # three hours ago
            await session.execute(text(statement))

    await desk.staff.patch(f"/tickets/{ticket['id']}", {"subject": "Trunk 8 is down"})

    resolution = (await reseller.clocks(ticket))["resolution"]
    raised = [row["step"] for row in await _escalations(reseller, ticket) if row["clock_id"] == resolution["id"]]
    assert (resolution["state"], raised) == ("breached", ["warning", "breach"])
