"""Add-on purchases through the API: one in force at a time, kept as bought, each from instant to instant."""

import asyncio
from datetime import datetime, timedelta
from random import Random

import asyncpg
import httpx
import pytest

from app.entitlements.months import period_end
from app.infra.db import driver_url
from app.infra.ids import decode
from app.infra.now import wall_now
from app.resellers.queries import lock_reseller
from tests.desk import Caller, Desk, Json

NOW = "2026-06-10T11:00:00Z"
ICC, BRANDED, TELEPHONE = "icc_intelligent_hands", "branded_intelligent_hands", "branded_intelligent_hands_telephone"
_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
LEVELS = {ICC: 3, BRANDED: 4, TELEPHONE: 4}


async def buy(reseller: Caller, product: str, starts_at: str | None = None) -> Json:
    body = {"product": product} | ({"starts_at": starts_at} if starts_at else {})
    bought: Json = await reseller.post("/add-on-purchases", body)
    return bought


async def held(reseller: Caller, at: str) -> str | None:
    purchase_id = (await reseller.get(f"/resellers/{reseller.id}/entitlement", at=at))["add_on_purchase_id"]
    return None if purchase_id is None else str((await reseller.get(f"/add-on-purchases/{purchase_id}"))["product"])


@pytest.mark.parametrize("plan", ["lite", "professional", "enterprise", "ultimate"])
@pytest.mark.parametrize("product", list(LEVELS))
async def test_every_add_on_is_had_on_every_plan(desk: Desk, plan: str, product: str) -> None:
    reseller = await desk.reseller(plan, NOW)

    await buy(reseller, product)

    entitlement = await reseller.get(f"/resellers/{reseller.id}/entitlement")
    assert (entitlement["plan"], entitlement["level"], entitlement["source"]) == (plan, LEVELS[product], "add_on")
    assert entitlement["telephone"] is (product == TELEPHONE)


async def test_variants_follow_one_another_up_and_down_without_a_gap(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    await buy(reseller, ICC)
    await buy(reseller, TELEPHONE, "2026-06-20T00:00:00Z")
    await buy(reseller, BRANDED, "2026-06-15T00:00:00Z")
    instants = [NOW, "2026-06-14T23:59:59.999999Z", "2026-06-15T00:00:00Z", "2026-06-20T00:00:00Z"]

    before = [await held(reseller, at) for at in instants]
    await desk.advance(reseller, "2026-06-30T00:00:00Z")
    after = [await held(reseller, at) for at in instants]

    assert before == after == [ICC, ICC, BRANDED, TELEPHONE]
    told = await desk.events(reseller, "add_on.activated", "add_on.ended")
    assert [
        (e["type"].removeprefix("add_on."), e["data"]["add_on_purchase"]["product"], e["timestamp"]) for e in told
    ] == [
        ("activated", ICC, NOW),
        ("ended", ICC, "2026-06-15T00:00:00Z"),
        ("activated", BRANDED, "2026-06-15T00:00:00Z"),
        ("ended", BRANDED, "2026-06-20T00:00:00Z"),
        ("activated", TELEPHONE, "2026-06-20T00:00:00Z"),
    ]


async def test_what_is_bought_and_cancelled_at_one_instant_never_held(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    bought = await buy(reseller, ICC)

    ended = await reseller.post(f"/add-on-purchases/{bought['id']}/cancel", {"at": "now"})

    assert (ended["state"], ended["starts_at"], ended["ends_at"]) == ("cancelled", NOW, None)
    assert await held(reseller, NOW) is None
    assert (await buy(reseller, ICC))["state"] == "active"


async def test_a_late_sweep_changes_nothing_but_lateness(desk: Desk) -> None:
    reseller = await desk.reseller("lite", now=None)
    soon = await buy(reseller, ICC, _in(0.3))
    await buy(reseller, BRANDED, _in(0.6))
    await asyncio.sleep(0.8)  # nobody sweeps meanwhile

    refusal = await reseller.refused(
        "POST", f"/add-on-purchases/{soon['id']}/cancel", "invalid_transition", {"at": "now"}
    )

    assert refusal["current"] == "ended"
    again = await buy(reseller, ICC)
    assert again["state"] == "active"
    await desk.tick()
    told = await desk.events(reseller, "add_on.activated", "add_on.ended")
    assert [event["data"]["add_on_purchase"]["product"] for event in told] == [ICC, ICC, BRANDED, BRANDED, ICC]


def _in(seconds: float) -> str:
    return _z(wall_now() + timedelta(seconds=seconds))


async def test_price_and_minutes_stay_as_they_were_when_bought(desk: Desk) -> None:
    path, first = f"/add-ons/{ICC}", {"price_minor": 19_900, "currency": "GBP", "included_minutes": 120}
    await desk.staff.patch(path, first | {"warn_share": 5_000, "overrun_minutes": 30})
    reseller = await desk.reseller("lite", NOW)
    bought = await buy(reseller, ICC)

    await desk.staff.patch(path, {"price_minor": None, "currency": None, "included_minutes": None, "warn_share": 9_000})

    kept = await reseller.get(f"/add-on-purchases/{bought['id']}")
    names = ("price_minor", "currency", "included_minutes", "warn_share", "overrun_minutes")
    assert [kept[name] for name in names] == [19_900, "GBP", 120, 5_000, 30]
    product = await reseller.get(path)
    assert [product[name] for name in names] == [None, None, None, 9_000, 30]
    assert product in (await desk.caller(None).get("/add-ons"))["data"]


@pytest.mark.parametrize(
    "body",
    [
        {"price_minor": 100},
        {"currency": "GBP"},
        {"price_minor": 100, "currency": None},
        {"price_minor": None, "currency": "GBP"},
        {"price_minor": 100, "currency": "gbp"},
        {"price_minor": -1, "currency": "GBP"},
        {"price_minor": 1.5, "currency": "GBP"},
        {"warn_share": 0},
        {"warn_share": 10_001},
        {"warn_share": None},
        {"included_minutes": -1},
        {"overrun_minutes": "30"},
        {"code": "other"},
    ],
)
async def test_a_price_goes_with_its_currency_and_amounts_are_whole(desk: Desk, body: Json) -> None:
    before = await desk.staff.get(f"/add-ons/{ICC}")

    await desk.staff.refused("PATCH", f"/add-ons/{ICC}", "validation_failed", body)

    assert await desk.staff.get(f"/add-ons/{ICC}") == before


async def test_a_product_is_changed_by_staff_and_only_as_it_was_read(desk: Desk) -> None:
    reseller, path = await desk.reseller(), f"/add-ons/{ICC}"
    tag = (await desk.staff.send("GET", path)).headers["etag"]
    changed = await desk.staff.send("PATCH", path, json={"included_minutes": 60}, headers={"If-Match": tag})

    assert changed.headers["etag"] != tag
    stale = {"headers": {"If-Match": tag}}
    await desk.staff.refused("PATCH", path, "precondition_failed", {"included_minutes": 90}, **stale)
    await reseller.refused("PATCH", path, "missing_scope", {"included_minutes": 90})
    await desk.staff.refused("PATCH", "/add-ons/none", "not_found", {})
    known = await reseller.send("GET", path, headers={"If-None-Match": changed.headers["etag"]})
    assert known.status_code == 304


async def test_of_two_different_purchases_at_once_one_is_made_and_the_other_is_told_of_it(desk: Desk) -> None:
    for products in ((ICC, BRANDED, TELEPHONE), (ICC, ICC, ICC)):
        reseller = await desk.reseller("lite", now=None)

        answers = await _at_once(desk, reseller, [{"product": product} for product in products])

        made = [answer.json() for answer in answers if answer.status_code == 201]
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert (len(made), len(refused)) == (1, 2)
        for problem in refused:
            assert (problem["code"], problem["add_on_purchase_id"]) == ("conflict", made[0]["id"])
            assert made[0]["product"] in problem["detail"]
            assert "active" in problem["detail"]
        assert len((await reseller.get("/add-on-purchases"))["data"]) == 1


async def _at_once(desk: Desk, reseller: Caller, bodies: list[Json]) -> list[httpx.Response]:
    """Let requests come while somebody else holds the reseller, so that each waits for the others."""
    watcher = await asyncpg.connect(driver_url(desk.database.url))
    async with desk.database.transaction() as session:
        assert await lock_reseller(session, decode("rsl", reseller.id)) is not None
        sent = [asyncio.create_task(reseller.send("POST", "/add-on-purchases", json=body)) for body in bodies]
        while await watcher.fetchval(_WAITING) < len(bodies):
            await asyncio.sleep(0.01)
    await watcher.close()
    return await asyncio.gather(*sent)


async def test_over_random_buys_and_cancels_there_is_no_overlap_and_no_gap_that_was_not_asked_for(desk: Desk) -> None:
    random = Random(20_261_124)
    for life in range(6):
        zone = random.choice(["Europe/London", "Australia/Lord_Howe"])
        reseller = await desk.reseller("lite", NOW, time_zone=zone)
        asked: list[Json] = []
        now = datetime.fromisoformat(NOW)
        for _ in range(12):
            await _some_act(random, reseller, asked, now, zone)
            await _check(reseller, asked, now, f"life {life}")
            now += timedelta(days=random.randint(0, 20))
            await desk.advance(reseller, _z(now))
            await _check(reseller, asked, now, f"life {life}, later")


async def _some_act(random: Random, reseller: Caller, asked: list[Json], now: datetime, zone: str) -> None:
    live = [one for one in asked if one["ends"] is None or one["ends"] > now]
    if live and random.random() < 0.4:
        one = random.choice(live)
        at = random.choice(["now", "period_end"])
        answer = await reseller.send("POST", f"/add-on-purchases/{one['id']}/cancel", json={"at": at})
        if answer.status_code == 200 and answer.json()["state"] == "cancelled":
            asked.remove(one)
        elif answer.status_code == 200:
            one["ends"] = min(one["ends"] or now, now) if at == "now" else period_end(one["starts"], zone, now)
        return
    starts = now + timedelta(days=random.choice([0, 0, 3, 10, 40]), hours=random.choice([0, 5]))
    body = {"product": random.choice(list(LEVELS)), "starts_at": _z(starts)}
    answer = await reseller.send("POST", "/add-on-purchases", json=body)
    if answer.status_code == 201:
        asked.append({"id": answer.json()["id"], "product": body["product"], "starts": starts, "ends": None})
    else:
        assert answer.json()["add_on_purchase_id"] in {one["id"] for one in asked}


async def _check(reseller: Caller, asked: list[Json], now: datetime, where: str) -> None:
    """At each instant at which something could change: what holds is the latest that began, unless it was ended."""
    edges = {now} | {edge for one in asked for edge in (one["starts"], one["ends"]) if edge is not None and edge >= now}
    for edge in edges:
        begun = [one for one in asked if one["starts"] <= edge]
        latest = max(begun, key=lambda one: one["starts"], default=None)
        wanted = latest["product"] if latest and (latest["ends"] is None or latest["ends"] > edge) else None
        assert await held(reseller, _z(edge)) == wanted, f"{where} at {edge}"


def _z(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
