"""A breach may be voided with a reason: it stays a fact, and everybody reads that it was."""

from tests.desk import Caller, Desk, Json

WHY = "The customer's own firewall blocked the answer."


async def _missed(desk: Desk) -> tuple[Caller, Json, Json]:
    reseller = await desk.reseller("professional")
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T12:30:00Z")
    return reseller, ticket, (await reseller.clocks(ticket))["first_response"]


async def _void(desk: Desk, ticket: Json, clock: Json) -> Json:
    told: Json = await desk.staff.post(f"/tickets/{ticket['id']}/sla/void", {"clock_id": clock["id"], "reason": WHY})
    return told


async def test_a_voided_breach_stays_a_fact_with_who_and_why_beside_it(desk: Desk) -> None:
    reseller, ticket, clock = await _missed(desk)

    told = await _void(desk, ticket, clock)

    voided = told["clocks"][0]["voided"]
    assert voided == {"at": "2026-06-10T12:30:00Z", "by": voided["by"], "reason": WHY}
    assert clock["voided"] is None
    after = (await reseller.clocks(ticket))["first_response"]
    assert after == clock | {"voided": voided}
    assert (after["state"], after["breached_at"]) == ("breached", "2026-06-10T12:00:00Z")


async def test_its_reseller_reads_it_in_the_history_and_hears_of_it(desk: Desk) -> None:
    reseller, ticket, clock = await _missed(desk)
    path = f"/tickets/{ticket['id']}"
    before = (await reseller.send("GET", path)).headers["etag"]

    await _void(desk, ticket, clock)

    entry = (await reseller.get(f"{path}/history"))["data"][-1]
    assert (entry["field"], entry["reason"], entry["at"]) == ("sla_breach", WHY, "2026-06-10T12:30:00Z")
    named = {"clock_id": clock["id"], "metric": "first_response"}
    assert (entry["before"], entry["after"]) == (named | {"state": "breached"}, named | {"state": "voided"})
    events = await desk.events(reseller, "sla.breach_voided")
    assert [event["data"]["clock"]["id"] for event in events] == [clock["id"]]
    assert events[0]["data"]["clock"]["state"] == "breached"
    assert events[0]["data"]["ticket"]["id"] == ticket["id"]
    assert (await reseller.send("GET", path)).headers["etag"] != before


async def test_whoever_hears_of_it_or_asks_for_an_explanation_is_told_why(desk: Desk) -> None:
    reseller, ticket, clock = await _missed(desk)

    await _void(desk, ticket, clock)

    [event] = await desk.events(reseller, "sla.breach_voided")
    assert event["data"]["reason"] == WHY
    explained = (await reseller.get(f"/tickets/{ticket['id']}/sla/explanation"))["clocks"]
    paragraphs = {one["metric"]: one["paragraph"] for one in explained}
    assert paragraphs["first_response"].endswith(
        "It was due Wed 10 Jun 2026 13:00 BST. "
        "The breach was voided 13:30 BST: The customer's own firewall blocked the answer."
    )
    assert not any("voided" in said for metric, said in paragraphs.items() if metric != "first_response")


async def test_a_promise_that_was_not_missed_has_nothing_to_void(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    ticket = await reseller.open_ticket()
    clock = (await reseller.clocks(ticket))["first_response"]

    refused = await _refused(desk, ticket, clock)

    assert refused["current"] == "running"


async def test_a_promise_met_late_can_be_voided_once(desk: Desk) -> None:
    reseller, ticket, clock = await _missed(desk)
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "found it"})

    await _void(desk, ticket, clock)

    assert (await reseller.clocks(ticket))["first_response"]["state"] == "met_late"
    assert (await _refused(desk, ticket, clock))["current"] == "voided"


async def test_a_clock_of_another_ticket_is_none_of_this_one(desk: Desk) -> None:
    reseller, ticket, clock = await _missed(desk)
    other = await reseller.open_ticket()

    body = {"clock_id": clock["id"], "reason": WHY}
    problem = await desk.staff.refused("POST", f"/tickets/{other['id']}/sla/void", "validation_failed", body)

    assert [error["pointer"] for error in problem["errors"]] == ["/clock_id"]
    await reseller.refused("POST", f"/tickets/{ticket['id']}/sla/void", "missing_scope", body)
    no_reason = {"clock_id": clock["id"]}
    await desk.staff.refused("POST", f"/tickets/{ticket['id']}/sla/void", "validation_failed", no_reason)


async def _refused(desk: Desk, ticket: Json, clock: Json) -> Json:
    body = {"clock_id": clock["id"], "reason": WHY}
    return await desk.staff.refused("POST", f"/tickets/{ticket['id']}/sla/void", "invalid_transition", body)
