"""Service credits, through the API: misses on Intelligent Hands, whose targets are those of Technical Support."""

from typing import Any

from sqlalchemy import text

from app.infra.ids import encode
from tests.catalogue.published import backdated, policy_data
from tests.desk import Caller, Desk, Json
from tests.reports.lives import JUNE, change, void

_JULY = {"from": "2026-07-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}
_BOTH = {"from": JUNE["from"], "to": _JULY["to"]}
_FIRST, _SECOND = "2026-06-10T11:00:00Z", "2026-07-10T11:00:00Z"


async def _priced(desk: Desk, price: int = 9_990, currency: str = "GBP") -> None:
    statement = "update add_on_products set price_minor = :price, currency = :currency"
    await change(desk, statement, price=price, currency=currency)


async def _credited(desk: Desk) -> None:
    """Every miss is worth 5 % of the month's price, up to 12 %."""
    await backdated(desk, policy_data(credits={"per_miss": 500, "cap": 1_200}), "2020-01-01T00:00:00Z")


async def _buyer(desk: Desk) -> Caller:
    reseller = await desk.reseller("professional")
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    return reseller


async def _miss(desk: Desk, reseller: Caller, at: str, count: int = 1) -> list[Json]:
    """Open tickets at an instant that are missed an hour later."""
    if at > _FIRST:
        await desk.advance(reseller, at)
    return [await reseller.open_ticket(priority="immediate") for _ in range(count)]


def _told(report: Json) -> list[tuple[Any, ...]]:
    return [(one["month_starts_at"], one["missed"], one["owed_minor"], one["capped"]) for one in report["credits"]]


async def test_misses_are_credited_month_by_paid_month_up_to_the_cap(desk: Desk) -> None:
    await _priced(desk)
    await _credited(desk)
    reseller = await _buyer(desk)
    await _miss(desk, reseller, _FIRST, 2)
    await _miss(desk, reseller, "2026-07-10T09:30:00Z")  # missed at 10:30, the first month's third
    await _miss(desk, reseller, "2026-07-10T10:00:00Z")  # missed at 11:00, the second month's first
    await desk.advance(reseller, "2026-07-20T00:00:00Z")

    june, july, both = [await reseller.get("/sla/report", **span) for span in (JUNE, _JULY, _BOTH)]

    # 5 % of 99.90 are 4.995, twice 9.99; 12 % are 11.988: 11.99
    assert _told(june) == [(_FIRST, 2, 999, False)]
    assert _told(july) == [(_FIRST, 1, 200, True), (_SECOND, 1, 500, False)]
    assert _told(both) == [(_FIRST, 3, 1_199, True), (_SECOND, 1, 500, False)]
    assert both["credit_totals"] == [{"currency": "GBP", "missed": 4, "owed_minor": 1_699}]
    assert both["credits"][0]["reseller_id"] == reseller.id
    assert both["credits"][0]["purchase_id"].startswith("adp_")
    page = await reseller.send("GET", "/sla/report", params=_BOTH, headers={"Accept": "text/html"})
    assert '<td class="number">16.99 GBP</td>' in page.text


async def test_the_price_is_the_one_at_which_it_was_bought(desk: Desk) -> None:
    await _priced(desk)
    await _credited(desk)
    reseller = await _buyer(desk)
    await _priced(desk, 50_000, "EUR")
    await _miss(desk, reseller, _FIRST)
    await desk.advance(reseller, "2026-06-20T00:00:00Z")

    made = await reseller.get("/sla/report", **JUNE)

    assert _told(made) == [(_FIRST, 1, 500, False)]
    assert made["credits"][0]["currency"] == "GBP"


async def test_the_purchase_is_the_one_in_force_at_the_miss(desk: Desk) -> None:
    await _priced(desk, 10_000)
    await _credited(desk)
    reseller = await _buyer(desk)
    await _miss(desk, reseller, _FIRST)  # missed at 12:00, as the successor starts
    await _priced(desk, 20_000)
    await reseller.post(
        "/add-on-purchases", {"product": "branded_intelligent_hands", "starts_at": "2026-06-10T12:00:00Z"}
    )
    await desk.advance(reseller, "2026-06-20T00:00:00Z")

    assert _told(await reseller.get("/sla/report", **JUNE)) == [("2026-06-10T12:00:00Z", 1, 1_000, False)]


async def test_nothing_is_owed_for_what_is_kept_voided_unpriced_or_not_named(desk: Desk) -> None:
    unnamed = await desk.reseller("professional")  # its misses run under a policy without credits
    await _priced(desk)
    await unnamed.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    await _miss(desk, unnamed, _FIRST)
    await _credited(desk)
    voided, without = await _buyer(desk), await desk.reseller("professional")
    [ticket] = await _miss(desk, voided, _FIRST)
    kept = await voided.open_ticket(priority="immediate")
    await desk.staff.post(f"/tickets/{kept['id']}/messages", {"body": "on it"})
    await _miss(desk, without, _FIRST)
    await change(desk, "update add_on_products set price_minor = null, currency = null")
    unpriced = await _buyer(desk)
    await _miss(desk, unpriced, _FIRST)
    for reseller in (voided, without, unpriced):
        await desk.advance(reseller, "2026-06-20T00:00:00Z")
    await void(desk, ticket)

    made = await desk.staff.get("/sla/report", group_by="reseller", **JUNE)

    assert sum(group["missed"] for group in made["groups"]) == 2
    assert sum(group["voided"] for group in made["groups"]) == 1
    assert made["credits"] == made["credit_totals"] == []


async def test_currencies_are_not_added_up(desk: Desk) -> None:
    await _credited(desk)
    for currency in ("GBP", "EUR"):
        await _priced(desk, 10_000, currency)
        reseller = await _buyer(desk)
        await _miss(desk, reseller, _FIRST)
        await desk.advance(reseller, "2026-06-20T00:00:00Z")

    made = await desk.staff.get("/sla/report", **JUNE)

    assert made["credit_totals"] == [
        {"currency": "EUR", "missed": 1, "owed_minor": 500},
        {"currency": "GBP", "missed": 1, "owed_minor": 500},
    ]


async def test_the_months_of_a_purchase_are_those_of_the_zone_it_was_made_in(desk: Desk) -> None:
    await _priced(desk)
    await _credited(desk)
    reseller = await desk.reseller("professional", "2026-08-31T12:30:00Z", time_zone="Europe/London")
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    for at in ("2026-09-30T11:00:00Z", "2026-09-30T11:45:00Z"):  # due before and after the month's end
        await _miss(desk, reseller, at)
    await desk.advance(reseller, "2026-10-10T00:00:00Z")
    span = {"from": "2026-08-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
    before = _told(await reseller.get("/sla/report", **span))

    await desk.staff.patch(f"/resellers/{reseller.id}", {"time_zone": "Pacific/Auckland"})

    assert [month for month, *_ in before] == ["2026-08-31T12:30:00Z", "2026-09-30T12:30:00Z"]
    assert _told(await reseller.get("/sla/report", **span)) == before


async def test_a_miss_is_credited_by_the_version_in_force_when_it_was_missed(desk: Desk) -> None:
    await _priced(desk)
    reseller = await _buyer(desk)
    await _miss(desk, reseller, _FIRST)  # missed at 12:00, before any version names credits
    [ticket] = await _miss(desk, reseller, "2026-06-10T11:30:00Z")  # missed at 12:30
    for per_miss, at in ((500, "2026-06-10T12:15:00Z"), (1_000, "2026-06-10T12:45:00Z")):
        wanted = policy_data(credits={"per_miss": per_miss, "cap": 2_000})  # the same targets
        body = {"policy": wanted, "test_clock_id": reseller.clock, "effective_at": at}
        await desk.staff.post("/sla-policies", body)
    versions = [one["id"] for one in (await desk.staff.get("/sla-policies"))["data"]]

    await desk.advance(reseller, "2026-06-10T12:20:00Z")
    running = (await reseller.clocks(ticket))["first_response"]
    await desk.advance(reseller, "2026-06-20T00:00:00Z")

    assert (running["state"], running["policy_id"]) == ("running", versions[1])
    assert _told(await reseller.get("/sla/report", **JUNE)) == [(_FIRST, 1, 500, False)]


async def test_a_walk_that_changes_nothing_but_the_version_writes_it(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    ticket = await reseller.open_ticket(priority="low")

    published = await desk.staff.post("/sla-policies", {"policy": policy_data(credits={"per_miss": 500, "cap": 500})})
    await desk.tick()

    assert {clock["policy_id"] for clock in (await reseller.clocks(ticket)).values()} == {published["id"]}
    assert await desk.events(reseller, "sla.deadline_changed") == []
    async with desk.database.transaction() as session:
        written = (await session.scalars(text("select distinct policy_id from sla_clocks"))).all()
    assert [encode("pol", one) for one in written] == [published["id"]]
