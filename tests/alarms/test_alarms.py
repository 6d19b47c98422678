"""What a machine reports becomes a ticket, is counted on it, and resolves it."""

import pytest
from sqlalchemy import text

from tests.alarms.reporting import machine, report
from tests.conftest import STAFF_KEY
from tests.desk import Desk, Json, open_test_desk

LATER = "2026-06-10T11:20:00Z"


async def test_a_trigger_opens_a_ticket_with_the_promises_of_its_reseller(desk: Desk) -> None:
    reseller = await desk.reseller("lite")
    sender = await machine(desk, reseller)

    said = await sender.post(
        "/alarms", report(details={"code": 503, "ports": ["a", "b"]}, occurred_at="2026-06-10T10:58:00Z")
    )
    ticket = await reseller.get(f"/tickets/{said['ticket_id']}")

    assert (said["status"], said["state"], said["count"]) == ("opened", "triggered", 1)
    assert said["ticket_number"] == ticket["number"]
    assert (ticket["channel"], ticket["type"], ticket["priority"]) == ("alarm", "incident", "immediate")
    assert ticket["created_at"] == "2026-06-10T11:00:00Z"
    assert ticket["sla"]["next_due_at"] is not None
    assert ticket["subject"] == "Trunk 7 is down"
    assert 'code: 503\nports: ["a","b"]' in ticket["description"]
    assert "10 June 2026, 10:58 UTC" in ticket["description"]
    assert [event["type"] for event in await desk.events(reseller)] == ["ticket.created"]


async def test_a_severity_is_a_priority(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)

    for severity, priority in (("critical", "immediate"), ("error", "priority"), ("warning", "low"), ("info", "low")):
        said = await sender.post("/alarms", report(severity=severity, dedup_key=severity))
        assert (await reseller.get(f"/tickets/{said['ticket_id']}"))["priority"] == priority


async def test_the_operator_may_say_how_urgent_a_severity_is(database_url: str) -> None:
    async with open_test_desk(database_url, STAFF_KEY, alarm_priorities="warning=priority,info=immediate") as desk:
        reseller = await desk.reseller()
        sender = await machine(desk, reseller)
        said = [
            await sender.post("/alarms", report(severity=one, dedup_key=one)) for one in ("warning", "info", "error")
        ]
        found = [(await reseller.get(f"/tickets/{each['ticket_id']}"))["priority"] for each in said]

    assert found == ["priority", "immediate", "priority"]


async def test_a_repeat_is_counted_and_nothing_else(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())
    before = await reseller.get(f"/tickets/{opened['ticket_id']}")
    await desk.advance(reseller, LATER)

    again = await sender.post("/alarms", report(summary="Still down", details={"calls": 2}, severity="warning"))
    (alarm,) = (await reseller.get("/alarms"))["data"]
    after = await reseller.get(f"/tickets/{opened['ticket_id']}")

    assert again == opened | {"status": "repeated", "count": 2}
    assert (alarm["summary"], alarm["details"], alarm["severity"]) == ("Still down", {"calls": 2}, "critical")
    assert (alarm["first_at"], alarm["last_at"]) == ("2026-06-10T11:00:00Z", LATER)
    assert after["updated_at"] == before["updated_at"]
    assert [event["type"] for event in await desk.events(reseller)] == ["ticket.created"]


async def test_each_reseller_source_and_key_has_a_ticket_of_its_own(desk: Desk) -> None:
    first, second = await desk.reseller(), await desk.reseller()
    one, other = await machine(desk, first), await machine(desk, second)

    said = [
        await one.post("/alarms", report()),
        await other.post("/alarms", report()),
        await one.post("/alarms", report(source="switch-2")),
        await one.post("/alarms", report(dedup_key="trunk-8")),
    ]

    assert [each["status"] for each in said] == ["opened"] * 4
    assert len({each["ticket_id"] for each in said}) == 4


async def test_a_graver_report_raises_the_priority_and_a_lesser_one_does_not_lower_it(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report(severity="info"))
    path = f"/tickets/{opened['ticket_id']}"

    worse = await sender.post("/alarms", report(severity="error"))
    raised = await reseller.get(path)
    milder = await sender.post("/alarms", report(severity="warning"))
    last = await reseller.get(path)

    assert (worse["status"], worse["severity"], worse["count"]) == ("repeated", "error", 2)
    assert (raised["priority"], raised["requested_priority"]) == ("priority", "priority")
    assert (milder["severity"], milder["count"], last["priority"]) == ("error", 3, "priority")
    history = (await reseller.get(f"{path}/history"))["data"]
    assert [entry["field"] for entry in history] == ["requested_priority", "priority"]
    assert history[0]["reason"] == "switch-1 reports it as error"
    assert len(await desk.events(reseller, "ticket.updated")) == 1


async def test_a_graver_report_that_the_priority_covers_already_leaves_the_ticket_alone(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report(severity="info"))

    await desk.staff.patch(f"/tickets/{opened['ticket_id']}", {"priority": "immediate"})
    told = await sender.post("/alarms", report(severity="error"))

    ticket = await reseller.get(f"/tickets/{opened['ticket_id']}")
    assert (told["severity"], ticket["priority"], ticket["requested_priority"]) == ("error", "immediate", "priority")


async def test_a_resolve_resolves_the_ticket_and_the_next_trigger_opens_another(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())
    await desk.advance(reseller, LATER)

    over = await sender.post("/alarms", {"source": "switch-1", "dedup_key": "trunk-7", "action": "resolve"})
    ticket = await reseller.get(f"/tickets/{opened['ticket_id']}")
    twice = await sender.post("/alarms", report(action="resolve"))
    again = await sender.post("/alarms", report())

    assert over == opened | {"status": "resolved", "state": "resolved"}
    assert (ticket["status"], ticket["resolved_at"]) == ("resolved", LATER)
    assert twice == dict.fromkeys(twice) | {"status": "ignored", "count": 0}
    assert again["status"] == "opened"
    assert again["ticket_id"] != opened["ticket_id"]
    assert [alarm["state"] for alarm in (await reseller.get("/alarms"))["data"]] == ["triggered", "resolved"]
    assert len(await desk.events(reseller, "ticket.resolved")) == 1


@pytest.mark.parametrize("status", ["resolved", "cancelled"])
async def test_a_ticket_that_people_end_ends_its_alarm(desk: Desk, status: str) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())

    await desk.staff.patch(f"/tickets/{opened['ticket_id']}", {"status": status, "reason": "seen to"})
    alarm = await reseller.get(f"/alarms/{opened['alarm_id']}")
    late = await sender.post("/alarms", report(action="resolve"))
    again = await sender.post("/alarms", report())

    assert (alarm["state"], alarm["resolved_at"]) == ("resolved", "2026-06-10T11:00:00Z")
    assert late["status"] == "ignored"
    assert again["status"] == "opened"


async def test_a_ticket_that_was_reopened_takes_its_alarm_back(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report(severity="error"))
    await sender.post("/alarms", report(action="resolve"))
    await reseller.patch(f"/tickets/{opened['ticket_id']}", {"status": "open", "reason": "not yet"})

    again = await sender.post("/alarms", report(severity="error"))
    once_more = await sender.post("/alarms", report(severity="error"))

    assert again == opened | {"status": "repeated", "count": 2}
    assert once_more == again | {"count": 3}


async def test_an_acknowledgement_is_noted_and_withholds_no_call(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())

    told = [await sender.post("/alarms", report(action="acknowledge")) for _ in range(2)]
    repeated = await sender.post("/alarms", report())
    await desk.advance(reseller, "2026-06-10T13:00:00Z")

    assert told == [opened | {"status": "acknowledged", "state": "acknowledged"}] * 2
    assert (repeated["state"], repeated["count"]) == ("acknowledged", 2)
    history = (await reseller.get(f"/tickets/{opened['ticket_id']}/history"))["data"]
    assert [(entry["field"], entry["after"]) for entry in history] == [("alarm", "acknowledged")]
    steps = [one["reason"] for one in (await reseller.get("/escalations"))["data"]]
    assert {"sla_warning", "sla_breach"} <= set(steps)
    assert len(await desk.events(reseller, "ticket.updated")) == 1


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_what_nobody_triggered_is_ignored(desk: Desk, action: str) -> None:
    reseller = await desk.reseller()

    told = await (await machine(desk, reseller)).post("/alarms", report(action=action))

    assert told == dict.fromkeys(told) | {"status": "ignored", "count": 0}
    assert (await reseller.get("/tickets"))["data"] == []


async def test_a_key_for_alarms_alone_reports_and_does_nothing_else(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())

    for path in ("/alarms", f"/alarms/{opened['alarm_id']}", f"/tickets/{opened['ticket_id']}"):
        assert (await sender.refused("GET", path, "missing_scope"))["scope"] == "tickets:read"
    assert (await sender.refused("POST", "/alarm-sources", "missing_scope", {"name": "x"}))["scope"] == "webhooks:write"
    assert (await reseller.refused("POST", "/alarms", "missing_scope", report()))["scope"] == "alarms:write"


async def test_a_key_of_the_operators_names_the_reseller(desk: Desk) -> None:
    reseller = await desk.reseller()
    operator = desk.caller(await desk.key((await desk.staff.get("/me"))["reseller_id"], ["alarms:write"]))
    unknown = "rsl_01jb9z32g0e008000000000zzz"

    opened = await operator.post("/alarms", report(reseller_id=reseller.id))
    again = await (await machine(desk, reseller)).post("/alarms", report())

    assert again == opened | {"status": "repeated", "count": 2}
    for action in ("trigger", "acknowledge", "resolve"):
        for whose in ({}, {"reseller_id": unknown}):
            refusal = await operator.refused("POST", "/alarms", "validation_failed", report(action=action, **whose))
            assert refusal["errors"][0]["pointer"] == "/reseller_id"


async def test_a_resellers_key_names_no_other(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()

    await (await machine(desk, reseller)).refused("POST", "/alarms", "not_found", report(reseller_id=other.id))


async def test_alarms_are_found_by_state_source_and_ticket(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    first = await sender.post("/alarms", report())
    second = await sender.post("/alarms", report(source="switch-2"))
    await sender.post("/alarms", report(action="acknowledge"))
    other = await desk.reseller()

    async def found(**filters: str) -> list[str]:
        return [alarm["id"] for alarm in (await reseller.get("/alarms", **filters))["data"]]

    assert await found() == [second["alarm_id"], first["alarm_id"]]
    assert await found(state="acknowledged") == [first["alarm_id"]]
    assert await found(source="switch-2") == [second["alarm_id"]]
    assert await found(ticket_id=first["ticket_id"]) == [first["alarm_id"]]
    assert (await other.get("/alarms"))["data"] == []
    assert len((await desk.staff.get("/alarms", reseller_id=reseller.id))["data"]) == 2
    assert (await desk.staff.get("/alarms", reseller_id=other.id))["data"] == []
    page = await reseller.get("/alarms", limit=1)
    assert [one["id"] for one in (await reseller.get("/alarms", limit=1, cursor=page["next_cursor"]))["data"]] == [
        first["alarm_id"]
    ]


async def test_a_report_under_an_idempotency_key_counts_once(desk: Desk) -> None:
    sender = await machine(desk, await desk.reseller())
    headers = {"Idempotency-Key": "a"}

    said: list[Json] = [await sender.post("/alarms", report(), headers=headers) for _ in range(2)]

    assert said[0] == said[1]
    assert (await sender.post("/alarms", report()))["count"] == 2


async def test_no_ticket_by_alarm_is_opened_past_the_intake(desk: Desk) -> None:
    reseller = await desk.reseller()
    body = {"subject": "a", "description": "b", "priority": "low", "channel": "alarm"}

    refusal = await reseller.refused("POST", "/tickets", "channel_not_entitled", body)

    assert refusal["channels"] == ["website"]


async def test_a_report_takes_effect_no_earlier_than_the_tickets_last_moment(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)
    opened = await sender.post("/alarms", report())
    async with desk.database.transaction() as session:  # as a machine whose clock is ahead would have left them
        await session.execute(text("update tickets set settled_at = settled_at + interval '5 s'"))
        await session.execute(text("update alarms set last_at = last_at + interval '4 s'"))

    await sender.post("/alarms", report())
    repeated = await reseller.get(f"/alarms/{opened['alarm_id']}")
    await sender.post("/alarms", report(action="resolve"))
    resolved = await reseller.get(f"/alarms/{opened['alarm_id']}")

    assert repeated["last_at"] == "2026-06-10T11:00:04Z"
    assert resolved["resolved_at"] == "2026-06-10T11:00:05Z"
