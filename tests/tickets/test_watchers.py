"""Those who watch a ticket."""

import asyncio

import pytest

from tests.desk import Caller, Desk, Json

BRANDED = "branded_intelligent_hands"


async def _person(desk: Desk, name: str = "Maria Lind") -> Json:
    person: Json = await desk.staff.post("/staff", {"name": name, "email": "m@example.com", "roles": ["agent"]})
    return person


async def _watched(desk: Desk) -> tuple[Caller, str]:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    return reseller, f"/tickets/{ticket['id']}/watchers"


async def test_contacts_and_staff_watch_each_once_until_they_are_taken_off(desk: Desk) -> None:
    reseller, path = await _watched(desk)
    contact = await reseller.post("/contacts", {"name": "Ann Example"})
    person = await _person(desk)

    first = await reseller.post(path, {"contact_id": contact["id"]})
    second = await desk.staff.post(path, {"staff_id": person["id"]})
    assert await desk.staff.post(path, {"contact_id": contact["id"]}) == first

    assert [(one["name"], one["contact_id"], one["staff_id"]) for one in (first, second)] == [
        ("Ann Example", contact["id"], None),
        ("Maria Lind", None, person["id"]),
    ]
    page = await reseller.get(path, limit=1)
    assert page["data"] == [first]
    assert (await reseller.get(path, limit=1, cursor=page["next_cursor"]))["data"] == [second]
    assert (await reseller.send("DELETE", f"{path}/{first['id']}")).status_code == 204
    await reseller.refused("DELETE", f"{path}/{first['id']}", "not_found")
    assert (await reseller.get(path))["data"] == [second]


async def test_the_operators_people_are_the_desks_to_name(desk: Desk) -> None:
    reseller, path = await _watched(desk)
    person = await _person(desk)

    await reseller.refused("POST", path, "missing_scope", {"staff_id": person["id"]})
    watcher = await desk.staff.post(path, {"staff_id": person["id"]})
    await reseller.refused("DELETE", f"{path}/{watcher['id']}", "missing_scope")

    assert (await desk.staff.get(path))["data"] == [watcher]


async def test_an_end_customer_watches_while_branded_is_held(desk: Desk) -> None:
    reseller, path = await _watched(desk)
    purchase = await reseller.post("/add-on-purchases", {"product": BRANDED})
    customers = [await reseller.post("/contacts", {"kind": "end_customer", "name": name}) for name in "AB"]

    await reseller.post(path, {"contact_id": customers[0]["id"]})
    await desk.advance(reseller, "2026-06-11T11:00:00Z")
    await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "now"})
    refusal = await reseller.refused("POST", path, "entitlement_required", {"contact_id": customers[1]["id"]})

    assert refusal["level_required"] == 4
    assert [one["name"] for one in (await reseller.get(path))["data"]] == ["A"]


@pytest.mark.parametrize("named", [(), ("contact_id", "staff_id")])
async def test_one_person_is_named(desk: Desk, named: tuple[str, ...]) -> None:
    reseller, path = await _watched(desk)
    ids = {
        "contact_id": (await reseller.post("/contacts", {"name": "A"}))["id"],
        "staff_id": (await _person(desk))["id"],
    }

    await desk.staff.refused("POST", path, "validation_failed", {name: ids[name] for name in named})


async def test_anothers_contact_and_an_unknown_person_do_not_watch(desk: Desk) -> None:
    _, path = await _watched(desk)
    other = await (await desk.reseller()).post("/contacts", {"name": "A"})
    unknown = "stf_01jb9z32g0e008000000000zzz"

    for body in ({"contact_id": other["id"]}, {"staff_id": unknown}):
        refusal = await desk.staff.refused("POST", path, "validation_failed", body)
        assert refusal["errors"][0]["pointer"] == f"/{next(iter(body))}"


async def test_twenty_watch_at_most_however_many_come_at_once(desk: Desk) -> None:
    reseller, path = await _watched(desk)
    contacts = [await reseller.post("/contacts", {"name": f"P{number}"}) for number in range(22)]

    answers = await asyncio.gather(*(reseller.send("POST", path, json={"contact_id": one["id"]}) for one in contacts))

    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [422] * 2
    watching = (await reseller.get(path))["data"]
    assert len(watching) == 20
    await reseller.post(path, {"contact_id": watching[0]["contact_id"]})


async def test_a_watcher_is_found_on_its_own_ticket_only(desk: Desk) -> None:
    reseller, path = await _watched(desk)
    other = await reseller.open_ticket()
    contact = await reseller.post("/contacts", {"name": "A"})
    watcher = await reseller.post(path, {"contact_id": contact["id"]})

    await reseller.refused("DELETE", f"/tickets/{other['id']}/watchers/{watcher['id']}", "not_found")
