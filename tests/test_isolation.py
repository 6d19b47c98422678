"""Nobody sees what is another reseller's: by every operation, and by the database alone."""

import re
from uuid import UUID

import asyncpg
import pytest
from fastapi.routing import APIRoute

from app.api import VERSIONED
from app.infra.db import driver_url
from app.infra.ids import decode, new_id
from app.openapi.security import need_of
from tests.desk import Caller, Desk, Json
from tests.files import attach, form

_PUBLIC = {"list_endpoint_keys"}  # what anybody may read of an object, by its id alone
_UNKNOWN = "01jb9z32g0e008000000000zzz"
_ALARM: Json = {"source": "a", "dedup_key": "b", "action": "trigger", "severity": "info", "summary": "c"}
_UNSIGNED = {"receive_alarm": "unauthenticated"}  # what a signature stands for in place of a key
_BODIES: dict[str, Json] = {
    "patch_ticket": {"subject": "x"},
    "create_message": {"body": "x"},
    "patch_contact": {"name": "x"},
    "merge_ticket": {"into": f"tkt_{_UNKNOWN}"},
    "create_watcher": {"contact_id": f"ctc_{_UNKNOWN}"},
    "create_escalation": {"reason": "x"},
    "cancel_purchase": {"at": "now"},
    "advance_test_clock": {"to": "2026-06-10T12:00:00Z"},
    "change_reseller": {"brand": None},
    "create_plan_change": {"plan": "lite"},
    "recover": {"since": "2026-06-10T12:00:00Z"},
    "preview_recovery": {"since": "2026-06-10T12:00:00Z"},
    "create_work_log": {"minutes": 5, "note": "x"},
    "receive_alarm": _ALARM,
    "create_api_key": {"name": "x", "scopes": ["tickets:read"]},
}


_FORMS = {"create_attachments": form(("a.txt", b"a"))}


def _sent(method: str, name: str) -> Json:
    """Return the arguments of a request with a body that its operation takes."""
    return _FORMS.get(name, {"json": _BODIES.get(name, {}) if method != "GET" else None})


def _routes() -> list[tuple[str, str, str]]:
    return [
        (method, route.path_format, route.name)
        for router in VERSIONED
        for route in router.routes
        if isinstance(route, APIRoute)
        and "_id}" in route.path_format
        and route.name not in {"delete_test_clock", *_PUBLIC}
        for method in sorted(route.methods or ())
    ]


async def _owned(desk: Desk) -> tuple[Caller, dict[str, str]]:
    owner = await desk.reseller()
    await owner.post("/contacts", {"name": "A person"})
    ticket = await owner.open_ticket()
    await owner.post(f"/tickets/{ticket['id']}/messages", {"body": "it is worse"}, headers={"Idempotency-Key": "1"})
    await owner.patch(f"/tickets/{ticket['id']}", {"subject": "Trunk 7 is still down"})
    file = (await attach(owner, ticket, ("a.txt", owner.id.encode())))[0]
    escalation = await owner.post(f"/tickets/{ticket['id']}/escalations", {"reason": "please"})
    purchase = await owner.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    await desk.staff.post(f"/tickets/{ticket['id']}/work-logs", {"minutes": 5, "note": "looked"})
    contact = await owner.post("/contacts", {"name": "Portal"})
    watcher = await owner.post(f"/tickets/{ticket['id']}/watchers", {"contact_id": contact["id"]})
    endpoint = await owner.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x"})
    delivery = await owner.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    recovery = await owner.post(f"/webhook-endpoints/{endpoint['id']}/recover", _BODIES["recover"])
    source = await owner.post("/alarm-sources", {"name": "Monitoring"})
    sender = desk.caller(await desk.key(owner.id, ["alarms:write"]))
    alarm = await sender.post("/alarms", _ALARM)
    return owner, {
        "alarm_id": alarm["alarm_id"],
        "source_id": source["id"],
        "ticket_id": ticket["id"],
        "attachment_id": file["id"],
        "contact_id": contact["id"],
        "watcher_id": watcher["id"],
        "escalation_id": escalation["id"],
        "purchase_id": purchase["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": delivery["id"],
        "recovery_id": recovery["id"],
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
            answers = [(await caller.send(method, each, **_sent(method, name))).json() for each in (foreign, unknown)]
            said = [{k: v for k, v in answer.items() if k not in {"instance", "request_id"}} for answer in answers]
            assert said[0] == said[1], f"{method} {path}"
            assert said[0]["code"] == _UNSIGNED.get(name, "not_found"), f"{method} {path}: {said[0]}"


def test_what_takes_no_key_is_nobodys_or_meant_for_everybody() -> None:
    routes = [route for router in VERSIONED for route in router.routes if isinstance(route, APIRoute)]

    keyless = {route.name for route in routes if "_id}" in route.path_format and need_of(route) is None}
    assert keyless == _PUBLIC | _UNSIGNED.keys()


async def test_what_is_ones_own_takes_the_scope_and_what_is_the_operators_a_key_of_theirs(desk: Desk) -> None:
    owner, ids = await _owned(desk)
    # A key whose one scope is not what is asked for, whatever that is.
    bares = {one: desk.caller(await desk.key(owner.id, [one])) for one in ("alarms:write", "escalations:write")}
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
                bare = bares["escalations:write" if need.scope == "alarms:write" else "alarms:write"]
                refusal = await bare.refused(method, path, "missing_scope", {} if method != "GET" else None)
                assert refusal["scope"] == need.scope


_POLICIED = """
select c.relname as name, coalesce(array_agg(a.attname::text) filter (where a.attname = 'reseller_id'), '{}') as owner
  from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
 where c.relrowsecurity and c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
 group by c.relname order by c.relname
"""
_UNPOLICIED = """
select distinct c.relname from pg_class c, aclexplode(c.relacl) r
 where r.grantee = 'trunkline_tenant'::regrole and c.relkind in ('r', 'p') and not c.relrowsecurity
   and c.relnamespace = 'public'::regnamespace
"""
# Policied, and not by a column of the owner's: how the rows that a tenant may see are told.
_OTHERWISE = {
    "resellers": "id",
    "test_clocks": "(select id from resellers where test_clock_id = test_clocks.id)",
    "maintenance_windows": "(select reseller_id from maintenance_window_resellers w where w.window_id = id)",
}


async def test_the_database_itself_shows_a_tenant_its_own_rows_only(desk: Desk) -> None:
    owner, _ = await _owned(desk)
    other, _ = await _owned(desk)
    connection = await asyncpg.connect(driver_url(desk.database.url))
    mine, theirs = decode("rsl", owner.id), decode("rsl", other.id)
    try:
        tables = {
            row["name"]: "reseller_id" if row["owner"] else _OTHERWISE[row["name"]]
            for row in await connection.fetch(_POLICIED)
        }
        for reseller_id in (mine, theirs):
            await _fill(connection, reseller_id)
        for table, of in tables.items():
            owners = {row[0] for row in await connection.fetch(f"select distinct {of} from {table}")}
            assert {mine, theirs} <= owners, f"nothing to hide in {table}"
        await connection.execute("set role trunkline_tenant")
        for table in tables:
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table
        await connection.execute("select set_config('app.tenant', $1, false)", str(mine))
        for table, of in tables.items():
            owners = {row[0] for row in await connection.fetch(f"select distinct {of} from {table}")}
            assert owners == {mine}, table
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update tickets set reseller_id = $1", theirs)
    finally:
        await connection.close()


async def test_a_tenant_may_touch_no_table_without_a_policy_but_the_catalogue(desk: Desk) -> None:
    connection = await asyncpg.connect(driver_url(desk.database.url))
    granted = await connection.fetch(_UNPOLICIED)
    await connection.close()

    assert {row[0] for row in granted} == {"support_levels", "plans", "add_on_products", "calendars", "sla_policies"}


async def _fill(connection: asyncpg.Connection, reseller_id: UUID) -> None:
    """Give a reseller a row of each table that no request of this test writes to."""
    ticket = await connection.fetchval("select id from tickets where reseller_id = $1", reseller_id)
    delivery = await connection.fetchval("select id from webhook_deliveries where reseller_id = $1", reseller_id)
    purchase = await connection.fetchval("select id from add_on_purchases where reseller_id = $1", reseller_id)
    window = new_id()
    author = '{"kind": "staff", "id": null, "name": "A"}'
    for statement, *values in (
        (_ATTEMPT, delivery),
        (_MONTH, purchase),
        (_WORK_LOG, new_id(), ticket, author),
        (_DOMAIN, reseller_id.hex),
    ):
        await connection.execute(statement, reseller_id, *values)
    await connection.execute(_WINDOW, window)
    await connection.execute(_DIGEST, reseller_id)
    await connection.execute(_COVERED, reseller_id, window)


_ATTEMPT = """
insert into webhook_attempts (reseller_id, delivery_id, number, at, duration_ms, reason, answer, truncated)
values ($1, $2, 1, now(), 1, 'ok', '', false)
"""
_MONTH = """
insert into usage_months (reseller_id, purchase_id, starts_at, ends_at, used_minutes)
values ($1, $2, now(), now() + interval '1 month', 0)
"""
_WORK_LOG = """
insert into work_logs (reseller_id, id, ticket_id, minutes, note, author, at) values ($1, $2, $3, 5, 'x', $4, now())
"""
_DOMAIN = "insert into reseller_mail_domains (reseller_id, domain) values ($1, $2)"
_DIGEST = """
insert into recalculation_digests (reseller_id, recalculation_id, changed, breached, examples)
select reseller_id, id, 0, 0, '[]' from recalculations where reseller_id = $1 limit 1
"""
_WINDOW = """
insert into maintenance_windows (id, reason, starts_at, ends_at, everyone, declared_at, declared_by, version)
values ($1, 'x', now(), now() + interval '1 hour', false, now(), 'x', 1)
"""
_COVERED = "insert into maintenance_window_resellers (reseller_id, window_id) values ($1, $2)"


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
