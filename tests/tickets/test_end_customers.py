"""What an end customer sees: its reseller's brand, and nothing that names the operator."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api import VERSIONED
from app.tickets.customer_schemas import FOR_END_CUSTOMERS, ForEndCustomers
from tests.desk import Caller, Desk, Json

NOW = "2026-06-10T11:00:00Z"
TELEPHONE = "branded_intelligent_hands_telephone"
BRAND: Json = {
    "name": "Acme Telecom",
    "signature": "Your Acme team",
    "greeting": "Hello from Acme",
    "phone_greeting": "Acme Telecom, good morning",
    "colours": {"primary": "#1a4d8f", "accent": "#ffaa00"},
    "links": {"portal": "https://portal.acme.example/", "help": None, "privacy": None},
    "ticket_prefix": "ACME",
}
OPERATOR, PERSON, KEY, NOTE = "Zzoperatorzz", "Zzpersonzz", "Zzkeyzz", "Zznotezz"
NAMES_THE_OPERATOR = re.compile(r"zzoperatorzz|zzpersonzz|zzkeyzz|zznotezz|trunkline|\btl-|stf_|key_", re.IGNORECASE)
HIDDEN = {"tags": [NOTE], "custom_fields": {"who": PERSON}}


def _routes() -> list[APIRoute]:
    return [route for router in VERSIONED for route in router.routes if isinstance(route, APIRoute)]


def _for_end_customers() -> list[APIRoute]:
    return [route for route in _routes() if FOR_END_CUSTOMERS.items() <= (route.openapi_extra or {}).items()]


def _models(annotation: Any) -> Iterator[type]:
    """Every model in a shape, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value


def test_every_operation_that_answers_a_customers_shape_is_marked_and_only_those() -> None:
    marked = {route.name for route in _for_end_customers()}
    shaped = {
        route.name
        for route in _routes()
        if any(issubclass(model, ForEndCustomers) for model in _models(route.response_model))
    }

    assert marked == shaped >= {"get_customer_view", "list_customer_tickets"}
    assert {route.name for route in _routes() if "customer" in route.path_format} <= marked


class Desked:
    """A desk whose operator, people and keys have names that nobody could overlook."""

    def __init__(self, desk: Desk, staff: Caller, reseller: Caller, customer: Json) -> None:
        self.desk, self.staff, self.reseller, self.customer = desk, staff, reseller, customer
        self.seen: list[str] = []

    async def look(self, ticket: Json) -> Json:
        """Read every view for end customers, by the reseller and by staff, and see that none names the operator."""
        ids = {"ticket_id": ticket["id"], "contact_id": self.customer["id"]}
        answers: Json = {}
        for route in _for_end_customers():
            path = route.path_format.format_map(ids)
            for caller in (self.reseller, self.staff):
                answers[route.name] = await caller.get(path)
                for string in _strings(answers[route.name]):
                    assert not NAMES_THE_OPERATOR.search(string), f"{path}: {string!r}"
                    self.seen.append(string)
        view: Json = answers["get_customer_view"]
        return view


async def _marked(desk: Desk, brand: Json | None = BRAND) -> Desked:
    operator = (await desk.staff.get("/me"))["reseller_id"]
    roles = ["agent", "account_manager", "technical_director"]
    person = await desk.staff.post("/staff", {"name": PERSON, "email": f"{PERSON}@{OPERATOR}.example", "roles": roles})
    called = {"account_manager_id": person["id"], "technical_director_id": person["id"]}
    await desk.staff.patch(f"/resellers/{operator}", {"name": OPERATOR} | called)
    body = {"name": KEY, "scopes": ["staff"], "staff_id": person["id"]}
    staff = desk.caller((await desk.staff.post(f"/resellers/{operator}/api-keys", body))["secret"])
    reseller = await desk.reseller("professional", NOW, brand=brand, **called)
    await reseller.post("/add-on-purchases", {"product": TELEPHONE})
    customer = await reseller.post("/contacts", {"kind": "end_customer", "name": "Ann Example", "phone": "+44 20 1234"})
    return Desked(desk, staff, reseller, customer)


async def test_nothing_that_an_end_customer_sees_names_the_operator_over_a_tickets_whole_life(desk: Desk) -> None:
    desked = await _marked(desk)
    staff, reseller, author = desked.staff, desked.reseller, desked.customer["id"]
    opened = await reseller.open_ticket(contact_id=author, type="task", **HIDDEN)
    path = f"/tickets/{opened['id']}"
    states = [(await desked.look(opened))["status"]]

    for body in (
        {"body": "we have your ticket", "automatic": True},
        {"body": f"{OPERATOR} must not be named", "visibility": "internal"},
        {"body": "looking into it"},
    ):
        await staff.post(f"{path}/messages", body)
        await desked.look(opened)
    person = (await desk.staff.get("/staff"))["data"][0]
    await staff.patch(path, {"assignee": person["id"], "priority": "low", "reason": f"{PERSON} says so"})
    await staff.post(f"{path}/work-logs", {"minutes": 30, "note": NOTE})
    await reseller.post(f"{path}/escalations", {"reason": f"call {PERSON}"})
    await reseller.post(f"{path}/messages", {"body": "from the reseller's own key"})
    for status in ("pending", "on_hold", "open", "resolved", "open"):
        await staff.patch(path, {"status": status, "reason": NOTE})
        states.append((await desked.look(opened))["status"])
    await reseller.post(f"{path}/messages", {"body": "it still fails", "author": author})
    await desk.advance(reseller, "2026-06-14T11:00:00Z")  # warned of, breached, escalated
    await desked.look(opened)
    await staff.patch(path, {"status": "resolved"})
    await desk.advance(reseller, "2026-06-30T11:00:00Z")
    view = await desked.look(opened)
    by_telephone = await staff.open_ticket(
        reseller_id=reseller.id, contact_id=author, channel="telephone", follows_id=opened["id"], **HIDDEN
    )
    states += [view["status"], (await desked.look(by_telephone))["status"]]
    await staff.patch(f"/tickets/{by_telephone['id']}", {"status": "cancelled", "reason": NOTE})
    states.append((await desked.look(by_telephone))["status"])

    assert len(set(states)) == 7, "each status was looked at"
    assert [(one["by"], one["author"]) for one in view["messages"]["data"]] == [
        *[("brand", "Acme Telecom")] * 3,
        ("customer", "Ann Example"),
    ]
    told = list(_strings([await staff.get(path), await staff.get(f"{path}/messages"), await staff.get("/escalations")]))
    for marker in ("zzoperatorzz", "zzpersonzz", "zznotezz", "tl-", "stf_"):
        assert any(marker in string.lower() for string in told), f"{marker}: the walk would have found it"
    assert len(desked.seen) > 200


async def test_a_portal_shows_the_brand_as_it_is(desk: Desk) -> None:
    desked = await _marked(desk)
    ticket = await desked.reseller.open_ticket(contact_id=desked.customer["id"], priority="low")
    number = ticket["number"].removeprefix("TL-")

    view = await desked.look(ticket)

    assert view["brand"] == BRAND | {"from_address": None}
    assert (view["number"], view["status"], view["priority"]) == (f"ACME-{number}", "Received", "low")
    assert (view["subject"], view["description"], view["messages"]) == (
        ticket["subject"],
        ticket["description"],
        {"data": [], "next_cursor": None},
    )
    listed = await desked.reseller.get(f"/contacts/{desked.customer['id']}/tickets")
    assert listed["data"] == [{name: view[name] for name in view.keys() - {"attachments", "brand", "messages"}}]
    await desked.reseller.patch(f"/resellers/{desked.reseller.id}", {"brand": None})
    plain = await desked.look(ticket)
    name = (await desked.reseller.get("/me"))["reseller"]
    assert (plain["number"], plain["brand"]["name"], plain["brand"]["signature"]) == (f"T-{number}", name, name)


async def test_messages_and_tickets_come_page_by_page(desk: Desk) -> None:
    desked = await _marked(desk)
    tickets = [await desked.reseller.open_ticket(contact_id=desked.customer["id"]) for _ in range(3)]
    path = f"/tickets/{tickets[0]['id']}"
    for number in range(3):
        await desked.reseller.post(f"{path}/messages", {"body": str(number)})

    first = await desked.reseller.get(f"{path}/customer-view", limit=2)
    rest = await desked.reseller.get(f"{path}/customer-view", limit=2, cursor=first["messages"]["next_cursor"])
    page = await desked.reseller.get(f"/contacts/{desked.customer['id']}/tickets", limit=2)
    last = await desked.reseller.get(f"/contacts/{desked.customer['id']}/tickets", cursor=page["next_cursor"], limit=2)

    said = [message["body"] for view in (first, rest) for message in view["messages"]["data"]]
    assert said == ["0", "1", "2"]
    assert [ticket["id"] for ticket in page["data"] + last["data"]] == [ticket["id"] for ticket in reversed(tickets)]


async def test_when_branded_ends_the_tickets_are_the_resellers_own_staffs(desk: Desk) -> None:
    desked = await _marked(desk)
    reseller, author = desked.reseller, desked.customer["id"]
    ticket = await reseller.open_ticket(contact_id=author)
    purchase = (await reseller.get("/add-on-purchases"))["data"][0]
    await desk.advance(reseller, "2026-06-11T00:00:00Z")
    await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})

    paths = [f"/tickets/{ticket['id']}/customer-view", f"/contacts/{author}/tickets"]
    refusals = [await reseller.refused("GET", path, "entitlement_required") for path in paths]
    body = {"body": "hello?", "author": author}
    refusals.append(await reseller.refused("POST", f"/tickets/{ticket['id']}/messages", "entitlement_required", body))

    assert [(one["level"], one["level_required"]) for one in refusals] == [(3, 4)] * 3
    assert (await reseller.get(f"/add-on-purchases/{purchase['id']}"))["state"] == "ended"
    await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "we go on with it ourselves"})
    assert (await reseller.get(f"/tickets/{ticket['id']}"))["contact_id"] == author


@pytest.mark.parametrize("contact", [None, {"name": "Bob Example"}])
async def test_only_end_customers_have_a_view(desk: Desk, contact: Json | None) -> None:
    desked = await _marked(desk)
    named = {} if contact is None else {"contact_id": (await desked.reseller.post("/contacts", contact))["id"]}
    ticket = await desked.reseller.open_ticket(**named)

    await desked.reseller.refused("GET", f"/tickets/{ticket['id']}/customer-view", "not_found")
    if named:
        await desked.reseller.refused("GET", f"/contacts/{named['contact_id']}/tickets", "not_found")


async def test_staff_read_the_greeting_before_they_answer_the_telephone(desk: Desk) -> None:
    desked = await _marked(desk)

    brand = (await desked.staff.get(f"/resellers/{desked.reseller.id}"))["brand"]

    assert brand["phone_greeting"] == "Acme Telecom, good morning"
