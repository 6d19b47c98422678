"""Contacts: who they are, how they are reached, what they are sent."""

import pytest
from sqlalchemy import text

from app.infra.ids import decode
from app.resellers.queries import contacts_with_address
from tests.desk import Desk, Json

_ALL = {"acknowledgements": True, "replies": True, "status_changes": True, "endpoint_notices": True}


async def _failed(desk: Desk, contact: Json) -> None:
    """Let mail to a contact have failed, as the room of mail records it."""
    async with desk.database.transaction() as session:
        statement = "update contacts set mail_suspended_at = now(), mail_bounced_at = now(), version = version + 1"
        await session.execute(text(f"{statement} where id = :id"), {"id": decode("ctc", contact["id"])})


async def test_a_contact_is_sent_everything_and_an_end_customer_nothing_of_endpoints(desk: Desk) -> None:
    reseller = await desk.reseller()
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})

    person = await reseller.post("/contacts", {"name": "A", "email": "a@example.com"})
    customer = await reseller.post("/contacts", {"name": "B", "kind": "end_customer"})

    assert person["notifications"] == _ALL
    assert customer["notifications"] == _ALL | {"endpoint_notices": False}
    assert person["mail"] == {"suspended_at": None, "bounced_at": None}
    assert await reseller.get(f"/contacts/{person['id']}") == person
    assert (await reseller.get("/contacts"))["data"] == [customer, person]


async def test_a_change_changes_what_it_names(desk: Desk) -> None:
    reseller = await desk.reseller()
    contact = await reseller.post("/contacts", {"name": "A", "email": "a@example.com", "phone": "+44 1"})
    path = f"/contacts/{contact['id']}"

    for body, changed in (
        ({"name": "Ann"}, {"name": "Ann"}),
        ({"notifications": {"replies": False}}, {"notifications": _ALL | {"replies": False}}),
        ({"notifications": {"replies": True, "status_changes": False}}, None),
        ({"email": None, "phone": None}, {"email": None, "phone": None}),
    ):
        contact |= changed or {"notifications": _ALL | {"status_changes": False}}
        assert await reseller.patch(path, body) == contact
    assert await reseller.get(path) == contact


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"notifications": None},
        {"notifications": {"replies": None}},
        {"notifications": {"more": True}},
        {"mail_suspended": True},
        {"mail": {"suspended_at": None}},
        {"kind": "end_customer"},
        {"email": "no address"},
    ],
)
async def test_a_change_that_cannot_be_is_refused(desk: Desk, body: Json) -> None:
    reseller = await desk.reseller()
    contact = await reseller.post("/contacts", {"name": "A"})

    await reseller.refused("PATCH", f"/contacts/{contact['id']}", "validation_failed", body)


async def test_an_address_is_one_contacts_of_a_reseller(desk: Desk) -> None:
    reseller = await desk.reseller()
    await reseller.post("/contacts", {"name": "A", "email": "a@example.com"})
    other = await reseller.post("/contacts", {"name": "B", "email": "b@example.com"})

    await reseller.refused("PATCH", f"/contacts/{other['id']}", "conflict", {"email": "A@example.com"})


async def test_of_two_changes_to_one_version_the_second_is_refused(desk: Desk) -> None:
    reseller = await desk.reseller()
    made = await reseller.send("POST", "/contacts", json={"name": "A"})
    path, etag = f"/contacts/{made.json()['id']}", made.headers["etag"]

    assert (await reseller.send("GET", path, headers={"If-None-Match": etag})).status_code == 304
    await reseller.patch(path, {"name": "B"}, headers={"If-Match": etag})
    await reseller.refused("PATCH", path, "precondition_failed", {"name": "C"}, headers={"If-Match": etag})

    assert (await reseller.send("GET", path, headers={"If-None-Match": etag})).json()["name"] == "B"


@pytest.mark.parametrize(
    ("body", "suspended", "bounced"),
    [
        ({"mail_suspended": False}, False, True),
        ({"email": "new@example.com"}, False, False),
        ({"email": "a@example.com"}, True, True),
        ({"name": "B"}, True, True),
    ],
)
async def test_suspended_mail_is_lifted_by_hand_or_with_another_address(
    desk: Desk, body: Json, suspended: bool, bounced: bool
) -> None:
    reseller = await desk.reseller()
    contact = await reseller.post("/contacts", {"name": "A", "email": "a@example.com"})
    await _failed(desk, contact)

    mail = (await reseller.patch(f"/contacts/{contact['id']}", body))["mail"]

    assert (mail["suspended_at"] is not None, mail["bounced_at"] is not None) == (suspended, bounced)


async def test_an_address_is_found_over_all_resellers_whatever_its_case(desk: Desk) -> None:
    resellers = [await desk.reseller() for _ in range(2)]
    made = [await one.post("/contacts", {"name": "A", "email": "Ann@Example.com"}) for one in resellers]
    await resellers[0].post("/contacts", {"name": "B", "email": "bob@example.com"})

    async with desk.database.transaction() as session:
        found = await contacts_with_address(session, "ann@example.COM")
        nobody = await contacts_with_address(session, "nn@example.com")

    assert [contact.id for contact in found] == [decode("ctc", one["id"]) for one in made]
    assert nobody == []
