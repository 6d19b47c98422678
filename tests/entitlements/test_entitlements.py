import asyncio
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entitlements.months import month_start, period_end
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


@pytest.fixture
def another_hosts_zones(tmp_path: Path) -> Iterator[None]:
    """Zone data of a host on which London has New York's time, and where there is a zone that nobody else has."""
    data = resources.files("tzdata").joinpath("zoneinfo", "America", "New_York").read_bytes()
    for name in ("Europe/London", "Host/Own"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(data)
    zoneinfo.reset_tzpath([tmp_path])
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    ZoneInfo.clear_cache()


@pytest.mark.usefixtures("another_hosts_zones")
async def test_the_hosts_zone_data_decides_nothing(desk: Desk) -> None:
    start = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)

    assert month_start(start, "Europe/London", 1) == datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    own = {"name": "Reseller", "plan": "lite", "time_zone": "Host/Own"}
    refusal = await desk.staff.refused("POST", "/resellers", "validation_failed", own)
    assert [error["pointer"] for error in refusal["errors"]] == ["/time_zone"]


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


async def test_of_two_purchases_at_once_one_is_made(desk: Desk) -> None:
    reseller = await desk.reseller("lite", now=None)
    body = {"product": "icc_intelligent_hands"}

    answers = await asyncio.gather(*(reseller.send("POST", "/add-on-purchases", json=body) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    loser = next(answer.json() for answer in answers if answer.status_code == 409)
    assert "icc_intelligent_hands is active already" in loser["detail"]


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zones follow
    later=st.timedeltas(timedelta(0), timedelta(days=900)),
    zone=st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_an_instant_lies_in_one_paid_month(start: datetime, later: timedelta, zone: str) -> None:
    now = start + later
    ends = period_end(start, zone, now)

    starts = [month_start(start, zone, k) for k in range(40)]
    assert starts == sorted(starts)
    assert ends == next(one for one in starts[1:] if one > now)
    local = ends.astimezone(ZoneInfo(zone))
    assert local.day <= start.astimezone(ZoneInfo(zone)).day


async def test_a_purchase_cancelled_as_it_begins_never_held_and_gives_back_what_it_took(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    first = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    await desk.advance(reseller, "2026-06-10T12:00:00Z")
    ticket = await reseller.open_ticket()
    due = await reseller.due(ticket)
    second = await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})
    assert (await reseller.get(f"/add-on-purchases/{first['id']}"))["state"] == "ended"

    cancelled = await reseller.post(f"/add-on-purchases/{second['id']}/cancel", {"at": "now"})

    back = await reseller.get(f"/add-on-purchases/{first['id']}")
    assert (cancelled["state"], back["state"], back["ends_at"]) == ("cancelled", "active", None)
    assert (await reseller.get(f"/resellers/{reseller.id}/entitlement"))["level"] == 3
    assert await reseller.due(ticket) == due
    told = await desk.events(reseller, "add_on.activated", "add_on.ended")
    assert [(event["type"], event["data"]["add_on_purchase"]["id"]) for event in told] == [
        ("add_on.activated", first["id"]),
        ("add_on.ended", first["id"]),
        ("add_on.activated", second["id"]),
        ("add_on.ended", second["id"]),
        ("add_on.activated", first["id"]),
    ]
    assert told[-1]["data"]["add_on_purchase"]["ends_at"] is None
    assert (await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"}))["state"] == "active"


async def test_a_purchase_cancelled_as_it_begins_leaves_an_agreed_end_alone(desk: Desk) -> None:
    reseller = await desk.reseller("lite", NOW)
    first = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    await desk.advance(reseller, "2026-06-10T12:00:00Z")
    await reseller.post(f"/add-on-purchases/{first['id']}/cancel", {"at": "now"})
    second = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})

    await reseller.post(f"/add-on-purchases/{second['id']}/cancel", {"at": "now"})

    assert (await reseller.get(f"/add-on-purchases/{first['id']}"))["state"] == "ended"
    assert (await reseller.get(f"/resellers/{reseller.id}/entitlement"))["level"] == 1
    await reseller.refused("POST", f"/add-on-purchases/{second['id']}/cancel", "invalid_transition", {"at": "now"})


@pytest.mark.parametrize(
    ("start", "zone", "ends"),
    [
        ("2026-02-28T01:30:00", "Europe/London", "2026-03-28T01:30:00+00:00"),
        ("2026-03-01T01:30:00", "Europe/London", "2026-04-01T00:30:00+00:00"),
        ("2027-02-28T01:30:00", "Europe/London", "2027-03-28T01:00:00+00:00"),  # 01:30 is skipped: 02:00 summer time
        ("2027-02-28T01:59:59.999999", "Europe/London", "2027-03-28T01:00:00+00:00"),
        ("2026-09-25T01:30:00.250000", "Europe/London", "2026-10-25T00:30:00.250000+00:00"),  # of two, the earlier
        ("2026-03-04T02:15:00", "Australia/Lord_Howe", "2026-04-03T15:15:00+00:00"),
        ("2026-01-31T12:00:00", "UTC", "2026-02-28T12:00:00+00:00"),
    ],
)
def test_a_paid_month_ends_at_an_instant_that_its_clocks_show(start: str, zone: str, ends: str) -> None:
    local = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))

    assert month_start(local.astimezone(UTC), zone, 1).isoformat() == ends


async def test_a_test_clock_that_is_not_there_is_pointed_at(desk: Desk) -> None:
    body = {"name": "a", "plan": "lite", "test_clock_id": "tck_01jb9z32g0e008000000000zzz"}

    refusal = await desk.staff.refused("POST", "/resellers", "validation_failed", body)

    assert [error["pointer"] for error in refusal["errors"]] == ["/test_clock_id"]
