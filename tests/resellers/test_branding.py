"""How a reseller's own customers are spoken to: the rules, and the brand as it is set."""

from typing import get_args

import pytest

from app.resellers.branding import shown_author, shown_number, shown_status, with_defaults
from app.sla.words import Status
from tests.desk import Desk, Json

BRAND: Json = {
    "name": "Acme Telecom",
    "from_address": "help@acme.example",
    "signature": "Your Acme team",
    "greeting": "Hello from Acme",
    "phone_greeting": "Acme Telecom, good morning",
    "colours": {"primary": "#1a4d8f", "accent": "#FFAA00"},
    "links": {"portal": "https://portal.acme.example/", "help": None, "privacy": "https://acme.example/privacy?v=2"},
    "ticket_prefix": "ACME",
}


def test_a_number_carries_the_brands_prefix_or_none_of_anybodys() -> None:
    assert shown_number({"ticket_prefix": "ACME"}, 1042) == "ACME-1042"
    assert shown_number({"name": "Acme"}, 1042) == shown_number(None, 1042) == "T-1042"


def test_every_status_has_words() -> None:
    words = [shown_status(status) for status in get_args(Status)]

    assert len(set(words)) == len(get_args(Status))


@pytest.mark.parametrize(
    ("author", "by"),
    [
        ({"kind": "contact", "id": "ctc_1", "name": "Ann"}, "customer"),
        ({"kind": "contact", "id": "ctc_2", "name": "Bob"}, "brand"),
        ({"kind": "staff", "id": "stf_1", "name": "Cid"}, "brand"),
        ({"kind": "key", "id": "ctc_1", "name": "portal"}, "brand"),
        ({"kind": "system", "id": None, "name": "the desk"}, "brand"),
    ],
)
def test_a_message_is_the_customers_own_or_the_brands(author: dict[str, str | None], by: str) -> None:
    assert shown_author(author, "ctc_1") == by


def test_what_a_brand_does_not_say_is_said_with_the_resellers_name() -> None:
    assert with_defaults(None, "Acme Ltd") == {"name": "Acme Ltd", "signature": "Acme Ltd"}
    assert with_defaults({"name": "Acme"}, "Acme Ltd")["signature"] == "Acme"


async def test_a_reseller_says_its_brand_and_nothing_else_of_itself(desk: Desk) -> None:
    reseller = await desk.reseller()
    path = f"/resellers/{reseller.id}"

    changed = await reseller.patch(path, {"brand": BRAND})

    assert changed["brand"] == BRAND == (await reseller.get(path))["brand"]
    for body in ({"name": "Other"}, {"brand": BRAND, "time_zone": "UTC"}):
        assert (await reseller.refused("PATCH", path, "missing_scope", body))["scope"] == "staff"
    reader = desk.caller(await desk.key(reseller.id, ["tickets:write"]))
    refusal = await reader.refused("PATCH", path, "missing_scope", {"brand": BRAND})
    assert refusal["scope"] == "contacts:write"
    other = await desk.reseller()
    await other.refused("PATCH", path, "not_found", {"brand": BRAND})
    stale = {"headers": {"If-Match": '"x-1"'}}
    await reseller.refused("PATCH", path, "precondition_failed", {"brand": None}, **stale)
    assert (await reseller.patch(path, {"brand": None}))["brand"] is None


@pytest.mark.parametrize(
    "fault",
    [
        {"ticket_prefix": "acme"},
        {"ticket_prefix": "TOOLONGAPREFIX"},
        {"ticket_prefix": ""},
        {"colours": {"primary": "red"}},
        {"colours": {"primary": "#12345"}},
        {"colours": {"primary": "#1a4d8f;x"}},
        {"links": {"portal": "http://acme.example"}},
        {"links": {"portal": "javascript:alert(1)"}},
        {"links": {"portal": "https://"}},
        {"links": {"portal": "https://user:pass@acme.example"}},
        {"links": {"portal": 'https://acme.example/"onclick="'}},
        {"links": {"portal": "https://acme.example:99999"}},
        {"links": {"other": "https://acme.example"}},
        {"from_address": "nobody"},
        {"signature": "a NUL \x00"},
        {"name": ""},
        {"logo": "x"},
    ],
)
async def test_a_brand_that_could_not_be_shown_is_refused(desk: Desk, fault: Json) -> None:
    reseller = await desk.reseller()

    await reseller.refused("PATCH", f"/resellers/{reseller.id}", "validation_failed", {"brand": BRAND | fault})
