"""Nobody sees what is another reseller's: by every operation, and by the database alone."""

import re

import asyncpg
import pytest
from fastapi.routing import APIRoute

from app.api import VERSIONED
from app.infra.db import driver_url
from app.openapi.security import need_of
from tests.desk import Caller, Desk, Json

_TENANT_TABLES = ("tickets", "messages", "ticket_history", "sla_clocks", "sla_clock_changes", "escalations", "events")
_UNKNOWN = "01jb9z32g0e008000000000zzz"
_BODIES: dict[str, Json] = {
    "patch_ticket": {"subject": "x"},
    "create_message": {"body": "x"},
    "create_escalation": {"reason": "x"},
    "cancel_purchase": {"at": "now"},
    "advance_test_clock": {"to": "2026-06-10T12:00:00Z"},
    "create_plan_change": {"plan": "lite"},
    "create_api_key": {"name": "x", "scopes": ["tickets:read"]},
}


def _routes() -> list[tuple[str, str, str]]:
    return [
        (method, route.path_format, route.name)
        for router in VERSIONED
        for route in router.routes
        if isinstance(route, APIRoute) and "_id}" in route.path_format and route.name != "delete_test_clock"
        for method in sorted(route.methods or ())
    ]


async def _owned(desk: Desk) -> tuple[Caller, dict[str, str]]:
    owner = await desk.reseller()
    ticket = await owner.open_ticket()
    escalation = await owner.post(f"/tickets/{ticket['id']}/escalations", {"reason": "please"})
    purchase = await owner.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    endpoint = await owner.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x"})
    delivery = await owner.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    return owner, {
        "ticket_id": ticket["id"],
        "escalation_id": escalation["id"],
        "purchase_id": purchase["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": delivery["id"],
        "reseller_id": owner.id,
        "test_clock_id": owner.clock,
    }


async def test_what_is_anothers_is_answered_as_what_is_not_there(desk: Desk) -> None:
    _, ids = await _owned(desk)
    stranger = await desk.reseller()
    bare = desk.caller(await desk.key(stranger.id, ["alarms:write"]))
    for method, path, name in _routes():
        wanted = re.findall(r"{(\w+)}", path)[0]
        if wanted not in ids:
            continue  # the operator's own: tried below
        foreign = path.replace(f"{{{wanted}}}", ids[wanted])
        unknown = path.replace(f"{{{wanted}}}", f"{ids[wanted][:4]}{_UNKNOWN}")
        for caller in (stranger, bare):
            answers = [
                (await caller.send(method, each, json=_BODIES.get(name, {}) if method != "GET" else None)).json()
                for each in (foreign, unknown)
            ]
            said = [{k: v for k, v in answer.items() if k not in {"instance", "request_id"}} for answer in answers]
            assert said[0] == said[1], f"{method} {path}"
            assert said[0]["code"] == "not_found", f"{method} {path}: {said[0]}"


async def test_what_is_ones_own_takes_the_scope_and_what_is_the_operators_a_key_of_theirs(desk: Desk) -> None:
    owner, ids = await _owned(desk)
    bare = desk.caller(await desk.key(owner.id, ["alarms:write"]))
    nobody = desk.caller(None)
    for router in VERSIONED:
        for route in router.routes:
            need = need_of(route) if isinstance(route, APIRoute) else None
            if not isinstance(route, APIRoute) or need is None:
                continue
            path = re.sub(r"{(\w+)}", lambda found: ids.get(found[1], "x"), route.path_format)
            method = next(iter(route.methods or ()))
            assert (await nobody.send(method, path)).json()["code"] == "unauthenticated", path
            if need.scope is not None and "x" not in path.split("/"):
                refusal = await bare.refused(method, path, "missing_scope", {} if method != "GET" else None)
                assert refusal["scope"] == need.scope


async def test_the_database_itself_shows_a_tenant_its_own_rows_only(desk: Desk) -> None:
    owner, _ = await _owned(desk)
    other, _ = await _owned(desk)
    connection = await asyncpg.connect(driver_url(desk.database.url))
    try:
        await connection.execute("set role trunkline_tenant")
        for table in _TENANT_TABLES:
            assert await connection.fetchval(f"select count(*) from {table}") == 0
        mine = await _uuid(desk, owner)
        await connection.execute("select set_config('app.tenant', $1, false)", mine)
        for table in _TENANT_TABLES:
            owners = await connection.fetch(f"select distinct reseller_id::text from {table}")
            assert [row[0] for row in owners] in ([mine], []), table
        theirs = await _uuid(desk, other)
        try:
            await connection.execute("update tickets set reseller_id = $1::uuid", theirs)
        except asyncpg.InsufficientPrivilegeError:
            pass
        else:
            raise AssertionError("a row was given to another reseller")
    finally:
        await connection.close()


async def _uuid(desk: Desk, caller: Caller) -> str:
    connection = await asyncpg.connect(driver_url(desk.database.url))
    try:
        name = (await caller.get("/me"))["reseller"]
        return str(await connection.fetchval("select id from resellers where name = $1", name))
    finally:
        await connection.close()


@pytest.mark.parametrize("scope", ["tickets:write", "alarms:write", "addons:write"])
async def test_a_key_of_the_operators_for_one_purpose_is_not_one_of_its_staffs(desk: Desk, scope: str) -> None:
    reseller = await desk.reseller()
    operator_id = (await desk.staff.get("/me"))["reseller_id"]
    source = desk.caller(await desk.key(operator_id, [scope]))
    clock, theirs = f"/test-clocks/{reseller.clock}", f"/resellers/{reseller.id}"

    for method, path, body in (
        ("GET", clock, None),
        ("POST", f"{clock}/advance", {"to": "2026-06-10T12:00:00Z"}),
        ("GET", theirs, None),
        ("GET", f"{theirs}/entitlement", None),
    ):
        refusal = await source.refused(method, path, "missing_scope", body)
        assert refusal["scope"] == "staff"

    assert (await source.get(f"/resellers/{operator_id}"))["id"] == operator_id
    assert (await reseller.get(clock))["now"] == "2026-06-10T11:00:00Z"
    assert (await desk.staff.get(f"{theirs}/entitlement"))["level"] == 2
