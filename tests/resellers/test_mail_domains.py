"""Whose mail comes from a domain."""

import asyncio

import pytest

from app.infra.ids import encode
from app.resellers.queries import reseller_of_domain
from tests.desk import Desk


async def _owner(desk: Desk, domain: str) -> str | None:
    async with desk.database.transaction() as session:
        found = await reseller_of_domain(session, domain)
        return None if found is None else encode("rsl", found.id)


async def test_domains_are_kept_in_one_spelling_and_lead_to_their_reseller(desk: Desk) -> None:
    reseller = await desk.reseller(mail_domains=["Example.COM", "müller.example", "example.com"])
    other = await desk.reseller()

    kept = ["example.com", "xn--mller-kva.example"]
    assert (await reseller.get(f"/resellers/{reseller.id}"))["mail_domains"] == kept
    listed = {one["id"]: one["mail_domains"] for one in (await desk.staff.get("/resellers"))["data"]}
    assert (listed[reseller.id], listed[other.id]) == (kept, [])
    assert [await _owner(desk, one) for one in (*kept, "sub.example.com", "com")] == [reseller.id] * 2 + [None] * 2


async def test_a_change_replaces_them_and_leaves_others_alone(desk: Desk) -> None:
    reseller = await desk.reseller(mail_domains=["a.example", "b.example"])
    path = f"/resellers/{reseller.id}"

    assert (await desk.staff.patch(path, {"name": "Another"}))["mail_domains"] == ["a.example", "b.example"]
    changed = await desk.staff.patch(path, {"mail_domains": ["b.example", "c.example"]})
    assert changed["mail_domains"] == ["b.example", "c.example"]
    assert [await _owner(desk, f"{one}.example") for one in "abc"] == [None, reseller.id, reseller.id]
    assert (await desk.staff.patch(path, {"mail_domains": []}))["mail_domains"] == []


async def test_a_domain_is_one_resellers(desk: Desk) -> None:
    first = await desk.reseller(mail_domains=["a.example"])
    second = await desk.reseller(mail_domains=["b.example"])
    path = f"/resellers/{second.id}"

    refusal = await desk.staff.refused("PATCH", path, "conflict", {"mail_domains": ["A.example", "c.example"]})
    assert "a.example" in refusal["detail"]
    body = {"name": "Third", "plan": "lite", "mail_domains": ["a.example"]}
    await desk.staff.refused("POST", "/resellers", "conflict", body)

    assert (await desk.staff.get(path))["mail_domains"] == ["b.example"]
    assert await _owner(desk, "a.example") == first.id


async def test_of_two_who_want_one_at_once_one_gets_it(desk: Desk) -> None:
    resellers = [await desk.reseller() for _ in range(2)]

    answers = await asyncio.gather(
        *(
            desk.staff.send("PATCH", f"/resellers/{one.id}", json={"mail_domains": ["a.example", "b.example"]})
            for one in resellers
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_they_are_the_operators_to_say(desk: Desk) -> None:
    reseller = await desk.reseller()
    operator = (await desk.staff.get("/me"))["reseller_id"]

    for domains in ([], ["a.example"]):
        body = {"mail_domains": domains}
        refusal = await reseller.refused("PATCH", f"/resellers/{reseller.id}", "missing_scope", body)
        assert refusal["scope"] == "staff"
    body = {"mail_domains": ["a.example"]}
    await desk.staff.refused("PATCH", f"/resellers/{operator}", "validation_failed", body)


@pytest.mark.parametrize(
    "domain", ["", "localhost", "192.0.2.1", "[::1]", "a b.example", "@example.com", "example.com."]
)
async def test_what_is_no_domain_is_refused(desk: Desk, domain: str) -> None:
    reseller = await desk.reseller()

    body = {"mail_domains": ["good.example", domain]}
    refusal = await desk.staff.refused("PATCH", f"/resellers/{reseller.id}", "validation_failed", body)
    assert refusal["errors"][0]["pointer"] == "/mail_domains/1"


async def test_there_are_twenty_at_most(desk: Desk) -> None:
    reseller = await desk.reseller()
    domains = [f"d{number}.example" for number in range(21)]

    await desk.staff.patch(f"/resellers/{reseller.id}", {"mail_domains": domains[1:]})
    await desk.staff.refused("PATCH", f"/resellers/{reseller.id}", "validation_failed", {"mail_domains": domains})
