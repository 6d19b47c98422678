from tests.desk import Desk

NOW = "2026-06-10T11:00:00Z"


async def test_every_instant_has_an_answer_with_its_source(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    path = f"/resellers/{reseller.id}/entitlement"
    await desk.staff.post(
        f"/resellers/{reseller.id}/plan-changes", {"plan": "ultimate", "effective_at": "2026-07-01T00:00:00Z"}
    )
    bought = await reseller.post(
        "/add-on-purchases",
        {"product": "branded_intelligent_hands_telephone", "starts_at": "2026-08-01T00:00:00Z"},
    )
    await desk.advance(reseller, "2026-09-01T00:00:00Z")

    held = [await reseller.get(path, at=at) for at in (NOW, "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")]

    assert [(one["plan"], one["level"], one["source"]) for one in held] == [
        ("lite", 1, "plan"),
        ("ultimate", 2, "plan"),
        ("ultimate", 4, "add_on"),
    ]
    assert held[2]["add_on_purchase_id"] == bought["id"]
    assert [one["telephone"] for one in held] == [False, False, True]
    assert [one["hours"] for one in held] == ["Mon-Sun 08:00-18:00 Europe/London", "24/7", "24/7"]
    told = await desk.events(reseller, "plan.changed", "add_on.activated")
    assert [event["timestamp"] for event in told] == ["2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"]


async def test_the_past_does_not_change(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    changes = f"/resellers/{reseller.id}/plan-changes"

    early = {"plan": "ultimate", "effective_at": "2026-06-10T10:59:59Z"}
    await desk.staff.refused("POST", changes, "validation_failed", early)
    await desk.staff.refused("POST", changes, "conflict", {"plan": "lite"})
    await desk.staff.refused("POST", changes, "validation_failed", {"plan": "gold"})
    await reseller.refused("POST", changes, "missing_scope", {"plan": "ultimate"})
    await reseller.refused(
        "POST",
        "/add-on-purchases",
        "validation_failed",
        {"product": "icc_intelligent_hands", "starts_at": "2026-06-10T10:59:59Z"},
    )


async def test_another_variant_replaces_the_one_in_force_and_gives_back_when_cancelled(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    first = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    await reseller.refused("POST", "/add-on-purchases", "conflict", {"product": "icc_intelligent_hands"})
    later = {"product": "branded_intelligent_hands", "starts_at": "2026-07-01T00:00:00Z"}
    second = await reseller.post("/add-on-purchases", later)
    assert (await reseller.get(f"/add-on-purchases/{first['id']}"))["ends_at"] == "2026-07-01T00:00:00Z"

    cancelled = await reseller.post(f"/add-on-purchases/{second['id']}/cancel", {"at": "now"})
    assert cancelled["state"] == "cancelled"
    assert (await reseller.get(f"/add-on-purchases/{first['id']}"))["ends_at"] is None

    await desk.advance(reseller, "2026-06-10T11:01:00Z")
    third = await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})
    assert third["state"] == "active"
    assert (await reseller.get(f"/add-on-purchases/{first['id']}"))["state"] == "ended"
    ending = await reseller.post(f"/add-on-purchases/{third['id']}/cancel", {"at": "period_end"})
    assert (ending["state"], ending["ends_at"]) == ("active", "2026-07-10T11:01:00Z")
    await desk.advance(reseller, "2026-07-11T00:00:00Z")
    assert (await reseller.get(f"/resellers/{reseller.id}/entitlement"))["level"] == 1
    ended = await desk.events(reseller, "add_on.ended")
    assert [event["timestamp"] for event in ended] == ["2026-06-10T11:01:00Z", "2026-07-10T11:01:00Z"]


async def test_a_plan_agreed_for_later_is_superseded_withdrawn_and_listed(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    path = f"/resellers/{reseller.id}/plan-changes"
    july, august = "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"
    for plan, at in (("ultimate", july), ("enterprise", august), ("professional", july), ("professional", august)):
        await desk.staff.post(path, {"plan": plan, "effective_at": at})
    await desk.staff.post(path, {"plan": "ultimate", "effective_at": august})

    listed = (await reseller.get(path))["data"]
    pages = [(await reseller.send("GET", path, params={"limit": 2})).json()]
    pages.append(await reseller.get(path, limit=2, cursor=pages[0]["next_cursor"]))

    wanted = [("ultimate", august, "scheduled"), ("professional", july, "scheduled"), ("lite", NOW, "in_force")]
    assert [(one["plan"], one["effective_at"], one["state"]) for one in listed] == wanted
    assert pages[0]["data"] + pages[1]["data"] == listed
    await desk.staff.post(path, {"plan": "lite", "effective_at": july})
    await desk.advance(reseller, "2026-09-01T00:00:00Z")
    told = await desk.events(reseller, "plan.changed")
    assert [(e["data"]["plan_change"]["plan"], e["timestamp"]) for e in told] == [("ultimate", august)]
    states = [(one["plan"], one["state"], one["ends_at"]) for one in (await reseller.get(path))["data"]]
    assert states == [("ultimate", "in_force", None), ("lite", "ended", august)]
