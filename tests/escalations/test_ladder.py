from tests.catalogue.published import policy, publish
from tests.desk import Caller, Desk, Json

OPENED = "2026-06-10T11:00:00Z"


async def _people(desk: Desk) -> dict[str, str]:
    found = {}
    for role in ("account_manager", "technical_director"):
        person = await desk.staff.post("/staff", {"name": role, "email": f"{role}@example.com", "roles": [role]})
        found[role] = person["id"]
    return found


async def _raised(caller: Caller, ticket: Json) -> list[tuple[str, str, str]]:
    rows = (await caller.get("/escalations", ticket_id=ticket["id"]))["data"]
    return [(row["step"], row["raised_at"], row["state"]) for row in reversed(rows)]


async def test_a_clock_climbs_the_ladder_of_its_level_once(desk: Desk) -> None:
    await _people(desk)
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()

    await desk.advance(reseller, "2026-06-10T20:00:00Z")

    assert await _raised(reseller, ticket) == [
        ("warning", "2026-06-10T11:45:00Z", "open"),
        ("breach", "2026-06-10T12:00:00Z", "open"),
        ("overdue", "2026-06-10T13:00:00Z", "open"),
    ]
    called = [row["called"] and row["called"]["name"] for row in (await reseller.get("/escalations"))["data"]]
    assert called == ["technical_director", "account_manager", None]


async def test_level_one_has_the_warning_alone_and_its_breach_is_told_all_the_same(desk: Desk) -> None:
    reseller = await desk.reseller("lite", OPENED)
    ticket = await reseller.open_ticket()

    await desk.advance(reseller, "2026-06-11T20:00:00Z")

    assert [step for step, _, _ in await _raised(reseller, ticket)] == ["warning"]
    assert len(await desk.events(reseller, "sla.breached")) == 1
    refusal = await reseller.refused(
        "POST", f"/tickets/{ticket['id']}/escalations", "entitlement_required", {"reason": "please"}
    )
    assert (refusal["level"], refusal["level_required"]) == (1, 2)
    assert "professional" in refusal["plans"]


async def test_an_acknowledgement_withholds_calls_until_it_expires(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T11:50:00Z")
    warning = (await reseller.get("/escalations"))["data"][0]

    taken = await desk.staff.post(f"/escalations/{warning['id']}/acknowledge", {"by": "Night shift", "note": "on it"})
    assert (taken["acknowledged_by"], taken["acknowledgement_note"], taken["note"]) == ("Night shift", "on it", None)
    await desk.staff.refused("POST", f"/escalations/{warning['id']}/acknowledge", "invalid_transition", {})
    await reseller.refused("POST", f"/escalations/{warning['id']}/acknowledge", "missing_scope", {})
    await desk.advance(reseller, "2026-06-10T12:19:00Z")

    assert await _raised(reseller, ticket) == [("warning", "2026-06-10T11:45:00Z", "acknowledged")]
    assert (await reseller.clocks(ticket))["first_response"]["state"] == "breached"
    await desk.advance(reseller, "2026-06-10T12:20:00Z")
    assert await _raised(reseller, ticket) == [
        ("warning", "2026-06-10T11:45:00Z", "open"),
        ("breach", "2026-06-10T12:20:00Z", "open"),
    ]


async def test_meeting_the_clock_resolves_its_escalations(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T12:30:00Z")

    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "found it"})

    assert {state for _, _, state in await _raised(reseller, ticket)} == {"resolved"}
    assert len(await desk.events(reseller, "escalation.resolved")) == 2


async def test_by_hand_first_the_account_manager_then_the_director_then_no_more(desk: Desk) -> None:
    people = await _people(desk)
    reseller = await desk.reseller("lite", OPENED, account_manager_id=people["technical_director"])
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}/escalations"

    first = await reseller.post(path, {"reason": "our largest customer"})
    second = await reseller.post(path, {"reason": "still down"})
    await reseller.refused("POST", path, "conflict", {"reason": "again"})
    taken = await desk.staff.post(f"/escalations/{first['id']}/acknowledge", {"note": "calling them"})
    await reseller.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})

    assert (taken["note"], taken["acknowledgement_note"]) == ("our largest customer", "calling them")
    assert (first["role"], first["called"]["staff_id"]) == ("account_manager", people["technical_director"])
    assert second["role"] == "technical_director"
    assert {state for _, _, state in await _raised(reseller, ticket)} == {"resolved"}
    await reseller.refused("POST", path, "invalid_transition", {"reason": "again"})


async def test_a_step_that_the_level_lacked_is_not_raised_after_an_upgrade(desk: Desk) -> None:
    reseller = await desk.reseller("lite", OPENED)
    ticket = await reseller.open_ticket()
    await desk.advance(reseller, "2026-06-10T12:30:00Z")
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})

    await desk.advance(reseller, "2026-06-10T14:00:00Z")

    assert await _raised(reseller, ticket) == [
        ("warning", "2026-06-10T11:45:00Z", "open"),
        ("overdue", "2026-06-10T13:00:00Z", "open"),
    ]


async def test_the_steps_after_a_breach_wait_while_the_ticket_is_paused(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket(priority="low")
    path = f"/tickets/{ticket['id']}"
    await desk.staff.post(f"{path}/messages", {"body": "which trunk?"})
    await desk.advance(reseller, "2026-06-12T12:00:00Z")
    await desk.staff.patch(path, {"status": "pending"})
    await desk.advance(reseller, "2026-06-20T12:00:00Z")
    before = [step for step, _, _ in await _raised(reseller, ticket)]
    await reseller.post(f"{path}/messages", {"body": "seven"})

    await desk.advance(reseller, "2026-06-22T11:00:00Z")

    assert before == ["warning", "breach"]
    assert (await _raised(reseller, ticket))[-1][:2] == ("overdue", "2026-06-22T11:00:00Z")


async def test_clocks_that_breach_at_one_instant_both_breach_before_anybody_is_called(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket(priority="low")
    path = f"/tickets/{ticket['id']}"
    assert len({clock["due_at"] for clock in (await reseller.clocks(ticket)).values()}) == 1

    await desk.advance(reseller, "2026-06-12T11:00:01Z")

    told = await desk.events(reseller, "sla.warning", "sla.breached", "escalation.raised")
    assert [event["type"] for event in told] == [
        *["sla.warning", "escalation.raised"] * 2,
        *["sla.breached"] * 2,
        *["escalation.raised"] * 2,
    ]
    numbers = [event["data"]["ticket"]["sequence"] for event in told]
    assert numbers == sorted(numbers)
    assert {step for step, _, _ in await _raised(reseller, ticket)} == {"warning", "breach"}
    assert (await reseller.get(path))["sla"]["status"] == "breached"


async def test_a_change_that_puts_a_step_in_the_past_raises_it_at_once(desk: Desk) -> None:
    reseller = await desk.reseller("professional", OPENED)
    ticket = await reseller.open_ticket(priority="low")
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "We are on it."})
    await desk.advance(reseller, "2026-06-11T17:00:00Z")  # 30 of 48 hours of the resolution are gone
    await reseller.patch(f"/tickets/{ticket['id']}", {"priority": "immediate"})  # which is promised no resolution
    sooner = policy()
    sooner["steps"][0]["at_share"] = 5_000
    await publish(desk, reseller, sooner)
    before = await _raised(reseller, ticket)

    lower = {"priority": "low", "reason": "The spare trunk holds."}
    await reseller.patch(f"/tickets/{ticket['id']}", lower)

    assert (before, await _raised(reseller, ticket)) == ([], [("warning", "2026-06-11T17:00:00Z", "open")])
    assert [event["timestamp"] for event in await desk.events(reseller, "sla.warning")] == ["2026-06-11T17:00:00Z"]
