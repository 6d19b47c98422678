"""Tickets that are merged into others: what ends, what stays, and where those are sent who write to them."""

import asyncio

import pytest

from app.infra.ids import decode
from app.tickets.merged import final_target
from app.tickets.queries import find_ticket
from tests.desk import Caller, Desk, Json
from tests.files import send_files


async def _merge(caller: Caller, ticket: Json, into: Json) -> Json:
    merged: Json = await caller.post(f"/tickets/{ticket['id']}/merge", {"into": into["id"]})
    return merged


def _named(ticket: Json) -> Json:
    return {"id": ticket["id"], "number": ticket["number"]}


async def test_a_merged_ticket_is_closed_says_where_it_went_and_is_told(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket, target = await reseller.open_ticket(), await reseller.open_ticket(subject="Trunk 7")
    await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "it stays here"})
    await desk.events()

    answer = await reseller.send("POST", f"/tickets/{ticket['id']}/merge", json={"into": target["id"]})
    merged = answer.json()

    assert (merged["status"], merged["merged_into"], merged["closed_at"]) == (
        "closed",
        _named(target),
        "2026-06-10T11:00:00Z",
    )
    assert await reseller.get(f"/tickets/{ticket['id']}") == merged
    assert answer.headers["etag"] == (await reseller.send("GET", f"/tickets/{ticket['id']}")).headers["etag"]
    history = (await reseller.get(f"/tickets/{ticket['id']}/history"))["data"]
    assert [(one["field"], one["after"]) for one in history] == [("status", "closed"), ("merged_into", _named(target))]
    assert history[0]["reason"] == f"merged into {target['number']}"
    (noted,) = (await reseller.get(f"/tickets/{target['id']}/history"))["data"]
    assert (noted["field"], noted["after"]) == ("merged", _named(ticket))
    assert (await reseller.get(f"/tickets/{target['id']}"))["merged_into"] is None
    assert [one["body"] for one in (await reseller.get(f"/tickets/{ticket['id']}/messages"))["data"]] == [
        "it stays here"
    ]
    told = (await desk.events(reseller))[3:]
    assert [(one["type"], one["data"]["ticket"]["id"]) for one in told] == [
        ("ticket.merged", ticket["id"]),
        ("ticket.updated", target["id"]),
    ]
    assert told[0]["data"]["merged_into"] == _named(target)
    assert told[0]["data"]["ticket"]["status"] == "closed"


async def test_running_and_paused_clocks_are_cancelled_and_a_breached_one_stays(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket, target = [await reseller.open_ticket(priority="low") for _ in range(2)]
    for status, to in (("pending", "2026-06-12T12:30:00Z"), ("open", "2026-06-12T12:30:00Z")):
        for one in (ticket, target):
            await desk.staff.patch(f"/tickets/{one['id']}", {"status": status})  # which pauses the resolution alone
        await desk.advance(reseller, to)
    before = await reseller.clocks(target)

    await _merge(desk.staff, ticket, target)
    after = await reseller.clocks(ticket)
    await desk.advance(reseller, "2026-06-20T12:30:00Z")

    assert {metric: clock["state"] for metric, clock in after.items()} == {
        "first_response": "breached",
        "resolution": "cancelled",
    }
    assert {metric: clock["state"] for metric, clock in before.items()} == {
        "first_response": "breached",
        "resolution": "running",
    }
    assert (await reseller.clocks(ticket))["first_response"]["state"] == "breached"
    calls = [one for one in (await reseller.get("/escalations", limit=100))["data"] if one["ticket_id"] == ticket["id"]]
    assert {one["raised_at"] <= "2026-06-12T12:30:00Z" for one in calls} == {True}
    assert {(one["state"], one["resolved_at"]) for one in calls} == {("resolved", "2026-06-12T12:30:00Z")}
    explained = await reseller.get(f"/tickets/{ticket['id']}/sla/explanation")
    assert "the ticket was merged into another" in str(explained)
    assert await desk.events(reseller, "ticket.closed") == []


async def test_a_paused_clock_is_cancelled_too(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket, target = [await reseller.open_ticket(priority="low") for _ in range(2)]
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "which trunk?"})
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "pending"})
    assert (await reseller.clocks(ticket))["resolution"]["state"] == "paused"

    await _merge(desk.staff, ticket, target)

    assert (await reseller.clocks(ticket))["resolution"]["state"] == "cancelled"


async def test_calls_by_hand_and_alarms_end_with_it(desk: Desk) -> None:
    reseller = await desk.reseller()
    alarm = {"source": "a", "dedup_key": "b", "action": "trigger", "severity": "critical", "summary": "down"}
    told = await desk.staff.post("/alarms", alarm | {"reseller_id": reseller.id})
    ticket, target = await reseller.get(f"/tickets/{told['ticket_id']}"), await reseller.open_ticket()
    escalation = await reseller.post(f"/tickets/{ticket['id']}/escalations", {"reason": "please"})

    await _merge(desk.staff, ticket, target)
    again = await desk.staff.post("/alarms", alarm | {"reseller_id": reseller.id})

    assert (await reseller.get(f"/escalations/{escalation['id']}"))["state"] == "resolved"
    assert (await desk.staff.get(f"/alarms/{told['alarm_id']}"))["state"] == "resolved"
    assert again["ticket_id"] not in {ticket["id"], target["id"]}


async def test_who_adds_to_a_merged_ticket_is_sent_to_the_last_of_the_chain(desk: Desk) -> None:
    reseller = await desk.reseller()
    first, second, third = [await reseller.open_ticket() for _ in range(3)]
    await _merge(reseller, first, second)
    await _merge(desk.staff, second, third)

    for ticket in (first, second):
        path = f"/tickets/{ticket['id']}"
        assert (await reseller.get(path))["merged_into"] == _named(third)
        refusal = await reseller.refused("POST", f"{path}/messages", "invalid_transition", {"body": "still down"})
        assert refusal["merged_into"] == _named(third)
        assert third["number"] in refusal["detail"]
        assert (await send_files(reseller, ticket, ("a", b""))).json()["merged_into"] == _named(third)
        refusal = await reseller.refused("POST", f"{path}/merge", "invalid_transition", {"into": third["id"]})
        assert refusal["merged_into"] == _named(third)
    body = {"into": first["id"]}
    await reseller.refused("POST", f"/tickets/{third['id']}/merge", "invalid_transition", body)
    async with desk.database.transaction() as session:
        ends = []
        for one in (first, second, third):
            found = await find_ticket(session, decode("tkt", one["id"]))
            assert found is not None
            ends.append((await final_target(session, found)).id)
    assert ends == [decode("tkt", third["id"])] * 3


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled"])
async def test_what_has_ended_is_not_merged_and_takes_none_in(desk: Desk, status: str) -> None:
    reseller = await desk.reseller()
    ticket, other = await reseller.open_ticket(), await reseller.open_ticket()
    for to in (["resolved"] if status == "closed" else []) + [status]:
        await reseller.patch(f"/tickets/{ticket['id']}", {"status": to, "reason": "x"})
    path = f"/tickets/{ticket['id']}/merge"

    if status != "resolved":
        refusal = await reseller.refused("POST", path, "invalid_transition", {"into": other["id"]})
        assert refusal["current"] == status
        body = {"into": ticket["id"]}
        await reseller.refused("POST", f"/tickets/{other['id']}/merge", "invalid_transition", body)
    else:
        assert (await _merge(reseller, ticket, other))["status"] == "closed"


async def test_seven_days_of_silence_close_a_ticket_before_it_is_merged(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket, other = await reseller.open_ticket(), await reseller.open_ticket()
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
    with desk.unswept():
        await desk.advance(reseller, "2026-06-18T11:00:00Z")

    await reseller.refused("POST", f"/tickets/{ticket['id']}/merge", "invalid_transition", {"into": other["id"]})


async def test_a_ticket_is_merged_with_another_of_its_resellers_only(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    ticket, theirs = await reseller.open_ticket(), await other.open_ticket()
    path = f"/tickets/{ticket['id']}/merge"

    await reseller.refused("POST", path, "invalid_transition", {"into": ticket["id"]})
    for caller in (reseller, desk.staff):
        for into in (theirs["id"], "tkt_01jb9z32g0e008000000000zzz"):
            refusal = await caller.refused("POST", path, "validation_failed", {"into": into})
            assert refusal["errors"][0]["pointer"] == "/into"
    await reseller.refused("POST", f"/tickets/{theirs['id']}/merge", "not_found", {"into": ticket["id"]})


async def test_an_end_customers_ticket_is_merged_with_its_own_only(desk: Desk) -> None:
    reseller = await desk.reseller()
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})
    people = [await reseller.post("/contacts", {"kind": kind, "name": "A"}) for kind in ("end_customer",) * 2]
    people += [await reseller.post("/contacts", {"name": name}) for name in "BC"]
    mine, also_mine, theirs, staffs, of_another, nobodys = [
        await reseller.open_ticket(**({} if one is None else {"contact_id": people[one]["id"]}))
        for one in (0, 0, 1, 2, 3, None)
    ]

    for ticket, into in ((mine, theirs), (mine, staffs), (mine, nobodys), (staffs, mine), (nobodys, mine)):
        path, body = f"/tickets/{ticket['id']}/merge", {"into": into["id"]}
        await desk.staff.refused("POST", path, "validation_failed", body)
    for ticket, into in ((mine, also_mine), (staffs, of_another), (of_another, nobodys)):
        assert (await _merge(desk.staff, ticket, into))["merged_into"] == _named(into)


async def test_of_two_merges_that_cross_one_passes(desk: Desk) -> None:
    reseller = await desk.reseller()

    for _ in range(5):
        first, second = await reseller.open_ticket(), await reseller.open_ticket()
        answers = await asyncio.gather(
            *(
                reseller.send("POST", f"/tickets/{one['id']}/merge", json={"into": other["id"]})
                for one, other in ((first, second), (second, first))
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
