"""Instants at the edge: purchases cancelled as they begin, paid months that end in a gap, a host with other zones."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.entitlements.months import month_start
from tests.desk import Desk

NOW = "2026-06-10T11:00:00Z"


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
